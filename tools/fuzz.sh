#!/bin/sh
# Fuzzes every reader, one after the other.
#
#   tools/fuzz.sh BUILDDIR SECONDS [NAME...]
#
# BUILDDIR is a build of the preset "fuzz"; each of its targets, or only those
# named, runs for SECONDS.  What they learn stays in BUILDDIR/corpus and is used
# by the next run; inputs that crash, hang or take too much memory are kept in
# BUILDDIR/findings, and then the exit code is 1.
set -u

[ $# -ge 2 ] || { echo "usage: tools/fuzz.sh BUILDDIR SECONDS [NAME...]" >&2; exit 2; }
build=$1
seconds=$2
shift 2
seeds=$(dirname "$0")/../tests/fuzz/corpus
if [ $# = 0 ]; then
    for target in "$build"/fuzz/fuzz_*; do set -- "$@" "${target##*/fuzz_}"; done
fi

failed=
mkdir -p "$build/findings" "$build/logs"
for name in "$@"; do
    mkdir -p "$build/corpus/$name"
    "$build/fuzz/fuzz_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$build/findings/$name-" \
        "$build/corpus/$name" "$seeds/$name" >"$build/logs/$name" 2>&1
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/logs/$name")
    echo "$name: $seconds s, ${runs:-no} runs, exit code $code"
    if [ $code -ne 0 ]; then
        failed="$failed $name"
        tail -n 40 "$build/logs/$name"
    fi
done
[ -z "$failed" ] && exit 0
echo "failed:$failed; the inputs are in $build/findings" >&2
exit 1
