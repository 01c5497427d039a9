#!/bin/sh
# All global symbols of a static library begin with pln_ or plni_.
#
#   tools/check_symbols.sh LIBRARY
set -eu

[ $# = 1 ] || { echo "usage: tools/check_symbols.sh LIBRARY" >&2; exit 2; }
symbols=$(nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }')
[ -n "$symbols" ] || { echo "$1 defines nothing" >&2; exit 1; }

# Coverage and sanitizers add names of their own, which begin with two underscores.
foreign=$(echo "$symbols" | grep -Ev '^(plni?_|__)' || true)
if [ -n "$foreign" ]; then
    echo "These symbols of $1 are global and begin neither with pln_ nor with plni_:" >&2
    echo "$foreign" >&2
    exit 1
fi
echo "$(echo "$symbols" | sort -u | grep -c '') global symbols, all begin with pln_ or plni_"
