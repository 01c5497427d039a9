#!/bin/sh
# Compares the global symbols of a library with the public headers.
#
#   tools/check_symbols.sh LIBRARY HEADERS
#
# A shared library exports what the headers declare, and nothing else.  In a static
# one all names begin with pln_ or plni_, and what the headers declare is there.
set -eu
export LC_ALL=C

[ $# = 2 ] || { echo "usage: tools/check_symbols.sh LIBRARY HEADERS" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

case $1 in
    *.a) dynamic= ;;
    *)   dynamic=-D ;;
esac
nm $dynamic -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort -u >"$folder/defined"
# A declaration ends with a semicolon; the name stands before the first bracket behind PLN_API.
find "$2" -name '*.h' -exec cat {} + | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*PLN_API[^([]*\<\(pln_[a-z0-9_]*\) *[([].*/\1/p' | sort -u >"$folder/declared"
for list in defined declared; do
    [ -s "$folder/$list" ] || { echo "no symbols are $list" >&2; exit 1; }
done

code=0
complain() # FILE SENTENCE
{
    [ -s "$1" ] || return 0
    echo "$2" >&2
    cat "$1" >&2
    code=1
}
comm -13 "$folder/defined" "$folder/declared" >"$folder/missing"
complain "$folder/missing" "The headers declare these, but $1 does not have them:"
if [ -n "$dynamic" ]; then
    comm -23 "$folder/defined" "$folder/declared" >"$folder/foreign"
    complain "$folder/foreign" "$1 exports these, but no header declares them:"
else
    # Coverage and sanitizers add names of their own, which begin with two underscores.
    grep -Ev '^(plni?_|__)' "$folder/defined" >"$folder/foreign" || true
    complain "$folder/foreign" "These symbols of $1 are global and begin neither with pln_ nor with plni_:"
fi
[ $code = 0 ] && echo "$(grep -c '' <"$folder/defined") global symbols, $(grep -c '' <"$folder/declared") of them declared"
exit $code
