#!/bin/sh
# Lets TensorBoard read what a run has written for it, and compares that with what the format says it is.
#
#   run.sh PLANARIA PYTHON SOURCE
set -eu

planaria=$1 python=$2 source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OPENBLAS_NUM_THREADS=1
"$python" "$source/tests/tensorboard/read.py" --real "$folder" >/dev/null || exit $?
python3 "$source/tests/cli/make_data.py" "$folder/data"
mkdir "$folder/run"
"$planaria" train "$source/tests/cli/tiny-semi.yaml" --data "$folder/data" --out "$folder/run" --tensorboard >/dev/null 2>&1
"$python" "$source/tests/tensorboard/read.py" "$folder/run/events.out.tfevents.planaria" | sort >"$folder/ours"
"$python" "$source/tests/tensorboard/read.py" --real "$folder/run" | sort >"$folder/theirs"
diff "$folder/ours" "$folder/theirs"
echo "TensorBoard reads $(wc -l <"$folder/theirs") figures"
