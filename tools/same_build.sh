#!/bin/sh
# Builds the sources in two folders and compares what is installed, byte for byte.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools=$(cd "$(dirname "$0")" && pwd)
export CCACHE_DISABLE=1        # an object out of a cache would be the same without being built
unset DESTDIR
"$tools/sources.sh" "$folder/one"
mkdir "$folder/another"
cp -a "$folder/one" "$folder/another/place"
for place in one another/place; do
    (cd "$folder/$place" && cmake --preset release -B "build here" -DPLN_BENCH=OFF -DBUILD_SHARED_LIBS="${SHARED:-OFF}" &&
        cmake --build "build here" -j "${JOBS:-2}" && cmake --install "build here" --prefix "$folder/installed-$(basename "$place")") >"$folder/log" ||
        { tail -20 "$folder/log"; exit 1; }
done
diff -r "$folder/installed-one" "$folder/installed-place"
echo "two builds gave the same $(find "$folder/installed-one" -type f | wc -l) files"
