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
"$cmake" -S "$here" -B "$folder/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release -DLANGUAGE=C \
    -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" -DEXAMPLE="$example" >>"$folder/log"
"$cmake" --build "$folder/build" >>"$folder/log" || { cat "$folder/log"; exit 1; }
"$folder/build/user"

echo "# find_package from C++ alone"
case $compiler in *clang*) cxx=clang++ ;; *) cxx=c++ ;; esac
if command -v "$cxx" >/dev/null; then
    "$cmake" -S "$here" -B "$folder/cxx" -DCMAKE_PREFIX_PATH="$prefix" -DLANGUAGE=CXX -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_CXX_FLAGS="$flags" -DEXAMPLE="$here/user.cc" >>"$folder/log"
    "$cmake" --build "$folder/cxx" >>"$folder/log" || { cat "$folder/log"; exit 1; }
    [ "$("$folder/cxx/user")" = "2 outputs" ]
fi

echo "# the command"
"$prefix/bin/planaria" --version
[ -n "$(find "$prefix/share/planaria/presets" -name '*.yaml')" ] || { echo "no presets"; exit 1; }
[ -f "$prefix/share/planaria/sweeps/semi-bp-100.yaml" ] || { echo "no sweeps"; exit 1; }
"$prefix/bin/planaria" presets | grep -c /

echo "# pages, words for shells, documents"
for file in share/man/man1/planaria.1 share/man/man1/planaria-train.1 share/man/man5/planaria-configuration.5 \
    share/bash-completion/completions/planaria share/zsh/site-functions/_planaria share/fish/vendor_completions.d/planaria.fish \
    share/doc/planaria/LICENSE share/doc/planaria/README.md share/doc/planaria/docs/data.md \
    share/doc/planaria/examples/01_learn_without_labels.c; do
    [ -s "$prefix/$file" ] || { echo "$file is not installed"; exit 1; }
done

echo "# packages have the same version"
version=$(pkg-config --modversion planaria)
[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$here/../../debian/changelog")" = "$version" ] || { echo "debian/changelog is not of $version"; exit 1; }

echo "# nothing tells where it was built"
source=$(cd "$here/../.." && pwd)
if grep -rlF -e "$source/" -e "$build" "$prefix/bin" "$prefix/lib" "$prefix/share/planaria" "$prefix/share/man"; then exit 1; fi

echo "# the shared library's name says what is compatible"
case $version in 0.*) compatible=${version%.*} ;; *) compatible=${version%%.*} ;; esac
if [ -z "$static" ]; then
    grep -q "^Package: libplanaria$compatible$" "$here/../../debian/control" || { echo "debian/control is not of $compatible"; exit 1; }
    objdump -p "$libraries/libplanaria.so" | grep -q "SONAME  *libplanaria.so.$compatible$" || { echo "SONAME is not $compatible"; exit 1; }
fi
