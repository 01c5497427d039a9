#!/bin/sh
# Installs what Planaria needs on Debian 12 or 13, and only what is missing.
#
#   tools/deps.sh [build|check|fuzz|coverage|docs]
set -eu

build="build-essential cmake ninja-build pkg-config libyaml-dev libjansson-dev libpopt-dev
       zlib1g-dev libpng-dev libjpeg62-turbo-dev libmatio-dev libarchive-dev libcurl4-openssl-dev librandom123-dev
       libopenblas-dev libmd-dev libsqlite3-dev dataset-fashion-mnist"
check="$build libcmocka-dev python3 valgrind libopenblas0-openmp libopenblas0-serial"

case "${1:-build}" in
    build)    wanted=$build ;;
    check)    wanted=$check ;;
    fuzz)     wanted="$check clang libclang-rt-dev" ;;
    coverage) wanted="$check gcovr" ;;
    docs)     wanted="doxygen" ;;
    *)        echo "usage: tools/deps.sh [build|check|fuzz|coverage|docs]" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" ||
        missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "These packages are missing, and this is no Debian:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "Please install as root: apt-get install$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -q -y --no-install-recommends $missing
