#!/bin/sh
# Trains two small networks and opens the page of them in headless Chromium; ends with 77 where there is none.
#
#   run.sh PLANARIA SOURCE
set -eu

planaria=$1 source=$2
command -v chromium >/dev/null || { echo "Chromium is not installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OPENBLAS_NUM_THREADS=1
python3 "$source/tests/cli/make_data.py" "$folder/data"
for kind in tiny tiny-spiking; do
    "$planaria" train "$source/tests/cli/$kind.yaml" --data "$folder/data" --out "$folder/$kind<script>alert(1)<b>" >/dev/null 2>&1
done
"$planaria" report "$folder"/tiny* -o "$folder/page.html"
if ! grep -q '<canvas' "$folder/page.html" || ! grep -q 'Chart.js v' "$folder/page.html"; then echo "built without Chart.js"; exit 77; fi
python3 "$source/tests/report/browse.py" "$folder/page.html"
