#!/bin/sh
# Installs what Planaria needs on Debian 12 or 13, and only what is missing.
#
#   tools/deps.sh [build|check|edge|python|arm64|fuzz|coverage|docs|deb]
set -eu

build="build-essential cmake ninja-build pkg-config libyaml-dev libjansson-dev libpopt-dev
       zlib1g-dev libpng-dev libjpeg62-turbo-dev libmatio-dev libarchive-dev libcurl4-openssl-dev librandom123-dev
       libopenblas-dev libmd-dev libsqlite3-dev libjs-chart.js dataset-fashion-mnist"
check="$build libcmocka-dev python3 valgrind libopenblas0-openmp libopenblas0-serial clang clang-tidy shellcheck"
arm64="$check gcc-aarch64-linux-gnu qemu-user libc6-dev:arm64 libopenblas-dev:arm64 libjansson-dev:arm64 libcmocka-dev:arm64"

foreign=
case "${1:-build}" in
    build)    wanted=$build ;;
    check)    wanted=$check ;;
    edge)     wanted="gcc-arm-none-eabi qemu-system-arm gcc-riscv64-unknown-elf qemu-system-misc" ;;
    python)   wanted="$build python3-dev python3-venv" ;;
    arm64)    wanted=$arm64 foreign=arm64 ;;
    fuzz)     wanted="$check libclang-rt-dev" ;;
    coverage) wanted="$check gcovr" ;;
    docs)     wanted="doxygen" ;;
    deb)      wanted="$build debhelper dpkg-dev lintian" ;;
    *)        echo "usage: tools/deps.sh [build|check|edge|python|arm64|fuzz|coverage|docs|deb]" >&2; exit 2 ;;
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
if [ -n "$foreign" ] && ! dpkg --print-foreign-architectures | grep -qx "$foreign"; then
    $as_root dpkg --add-architecture "$foreign"
fi
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -q -y --no-install-recommends $missing
