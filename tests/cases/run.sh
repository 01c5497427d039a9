#!/bin/sh
# Runs cases: each is something that went wrong for somebody, made small, and what is expected instead.
#
#   PLANARIA=FILE tests/cases/run.sh [NAME...]
#
# NAME.sh is sourced in an empty folder, with the functions below; data.py makes its files.  The first line of a case
# says what it is about.
set -u
cases=$(cd "$(dirname "$0")" && pwd)
: "${PLANARIA:?names the program under test}"
[ -x "$PLANARIA" ] || { echo "$PLANARIA is no program" >&2; exit 2; }
PLANARIA=$(realpath "$PLANARIA")
export PLANARIA LC_ALL=C TERM=dumb OPENBLAS_NUM_THREADS=1

# Makes files: data.py has the kinds.
make() { python3 "$cases/data.py" "$@"; }
# Runs the program; what it says on both streams is in the file said, its exit code in $code.
try() { code=0; "$PLANARIA" "$@" >said 2>&1 || code=$?; }
wrong() { echo "-- $1"; echo "-- it said (exit code $code):"; cat said; exit 1; }
# What is expected of it: its exit code; that a line matches a pattern, or none.
ends() { [ "$code" = "$1" ] || wrong "the exit code should be $1"; }
says() { grep -aqE -e "$1" said || wrong "there is no '$1'"; }
silent_about() { grep -aqE -e "$1" said && wrong "there should be no '$1'"; return 0; }

[ $# -gt 0 ] || for file in "$cases"/*.sh; do set -- "$@" "$(basename "$file" .sh)"; done
failed=
for name; do
    [ "$name" != run ] || continue
    folder=$(mktemp -d)
    if (
        cd "$folder" || exit 1
        HOME=$folder; export HOME
        unset XDG_CACHE_HOME PLANARIA_DATA PLANARIA_PRESETS
        code=0; : >said
        # shellcheck source=/dev/null
        . "$cases/$name.sh"
    ) >"$folder.log" 2>&1; then
        echo "$name: as expected"
    else
        echo "$name: $(head -1 "$cases/$name.sh")"
        cat "$folder.log"
        failed="$failed $name"
    fi
    chmod -R u+rwx "$folder"
    rm -rf "$folder" "$folder.log"
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
