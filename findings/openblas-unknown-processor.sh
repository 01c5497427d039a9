#!/bin/sh
# OpenBLAS 0.3.21 (numpy 1.24.4 has it, and Debian 12) takes its SSE3 kernels, "Prescott", on an Intel processor whose model
# number is not in its list, although the processor says that it has AVX2: products are several times slower, and nothing is
# said.  If OPENBLAS_CORETYPE holds a name that does not exist, it goes by what the processor has, and takes "Haswell".
# Model 186 is Raptor Lake (2022), 207 Emerald Rapids (2023); 94, Skylake, is in the list.
#
# Takes about a minute; wants qemu-x86_64 (Debian: qemu-user, 7.2 or newer), python3.11 with venv, and PyPI.
# Ends with 1 if what is seen here changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3.11 -m venv packages
packages/bin/pip install -q numpy==1.24.4 threadpoolctl==3.5.0
cat > kernels.py <<'END'
import numpy
import threadpoolctl

print(*(f"{library['version']} {library['architecture']}" for library in threadpoolctl.threadpool_info()))
END

# on MODEL [VARIABLE=VALUE]: the kernels on an emulated processor
on() {
    model=$1
    shift
    env PYTHONPATH="$(echo packages/lib/python3*/site-packages)" OPENBLAS_NUM_THREADS=1 "$@" \
        qemu-x86_64 -cpu "max,vendor=GenuineIntel,family=6,model=$model" "$(readlink -f packages/bin/python)" kernels.py
}

for model in 94 186 207; do
    echo "model $model: $(on $model), with a name that does not exist: $(on $model OPENBLAS_CORETYPE=nothing)"
done | tee seen
cat > expected <<'END'
model 94: 0.3.21 Haswell, with a name that does not exist: 0.3.21 Haswell
model 186: 0.3.21 Prescott, with a name that does not exist: 0.3.21 Haswell
model 207: 0.3.21 Prescott, with a name that does not exist: 0.3.21 Haswell
END
cmp seen expected
