#!/bin/sh
# Copies the sources as they are now, without what was built, into a new folder.
#
#   tools/sources.sh FOLDER
set -eu

[ $# = 1 ] || { echo "usage: tools/sources.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f -not -path './build/*' -not -path './.git/*'; } |
    while read -r file; do if [ -e "$file" ]; then echo "$file"; fi; done | tar -cf - -T - | tar -xf - -C "$folder"
