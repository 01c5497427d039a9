#!/bin/sh
# Builds the Debian packages from a copy of the sources.
#
#   tools/deb.sh FOLDER
set -eu

[ $# = 1 ] || { echo "usage: tools/deb.sh FOLDER" >&2; exit 2; }
rm -rf "$1"
"$(dirname "$0")/sources.sh" "$1/source"
(cd "$1/source" && dpkg-buildpackage -us -uc -b)
rm -rf "$1/source"
ls "$1"
