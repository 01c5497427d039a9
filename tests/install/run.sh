#!/bin/sh
# Installs a build into a folder and uses it from there, as others would: by
# pkg-config, by find_package, and as a command.
#
#   run.sh CMAKE BUILD EXAMPLE COMPILER [FLAGS]
set -eu

cmake=$1 build=$2 example=$3 compiler=$4 flags=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset DESTDIR

# Where it was installed it must not be needed: the folder is moved once.
"$cmake" --install "$build" --prefix "$folder/first" >"$folder/log"
mv "$folder/first" "$folder/prefix"
prefix=$folder/prefix

echo "# pkg-config"
pc=$(find "$prefix" -name planaria.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
pkg-config --modversion planaria
# A shared library brings what it needs itself; programs here find it by its path.
libraries=$(dirname "$(dirname "$pc")")
static=--static
[ -e "$libraries/libplanaria.so" ] && static=
# shellcheck disable=SC2046,SC2086
"$compiler" $flags -Wall -Wextra -Werror "$example" -o "$folder/by-pkg-config" \
    $(pkg-config $static --cflags --libs planaria) -Wl,-rpath,"$libraries"
"$folder/by-pkg-config"

echo "# the function in README.md"
sed -n '/^```c$/,/^```$/p' "$here/../../README.md" | sed '/^```/d' >"$folder/learn.c"
# shellcheck disable=SC2046,SC2086
"$compiler" $flags -Wall -Wextra -Werror -DLEARN="\"$folder/learn.c\"" "$here/readme.c" -o "$folder/readme" \
    $(pkg-config $static --cflags --libs planaria) -Wl,-rpath,"$libraries"
(cd "$folder" && ./readme)

echo "# find_package"
"$cmake" -S "$here" -B "$folder/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" -DEXAMPLE="$example" >>"$folder/log"
"$cmake" --build "$folder/build" >>"$folder/log" || { cat "$folder/log"; exit 1; }
"$folder/build/user"

echo "# the command"
"$prefix/bin/planaria" --version
[ -n "$(find "$prefix/share/planaria/presets" -name '*.yaml')" ] || { echo "no presets"; exit 1; }
[ -f "$prefix/share/planaria/sweeps/semi-bp-100.yaml" ] || { echo "no sweeps"; exit 1; }
"$prefix/bin/planaria" presets | grep -c /
