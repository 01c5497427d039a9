# eval, inspect and presets: the shape of what they print.
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out r --json 2>err | sed 's/[0-9][0-9.e-]*/N/g'; cat err
"$PLANARIA" eval r --data "$DATA" --json > a; "$PLANARIA" eval r --data "$DATA" --threads 1 --json | cmp - a && sed 's/:[0-9.]*/:N/g' a
"$PLANARIA" eval r --data "$DATA" --labels 0.5 | sed 's/[0-9.]* %/N %/'
"$PLANARIA" eval r --data "$DATA/sides" >out 2>&1; echo "-> $? $(sed "s|$DATA|DATA|" out)"
"$PLANARIA" eval nowhere; echo "-> $?"
"$PLANARIA" inspect r | grep -E '^(data|planaria|0\.|  "(data|cpu|seed|isa|threads))' | sed 's|/.*/tiny|DATA/tiny|' | cut -c1-50 | sed 's/"cpu.*/"cpu"/; s/"isa.*/"isa"/; s/"threads.*/"threads"/'
"$PLANARIA" inspect r/classifier.safetensors | cut -c1-46
"$PLANARIA" inspect nowhere; echo "-> $?"
"$PLANARIA" inspect "$TESTS/tiny.yaml" >out 2>&1; echo "-> $? $(sed "s|$TESTS|TESTS|" out)"
head -c 1500 r/model.safetensors > "cut"; "$PLANARIA" inspect cut; echo "-> $?"
cp cut r/model.safetensors; "$PLANARIA" eval r --data "$DATA"; echo "-> $?"
od -An -tx1 -N8 r/fields.png
"$PLANARIA" presets | grep -c liu2024/
"$PLANARIA" presets liu2024/unsup-bp-1layer | head -2
for p in $("$PLANARIA" presets | grep -oE '^[a-z0-9]+/[^ ]+' | grep -v ^spiking/); do          # those are too deep for 8x8
    few=; case $p in */semi-* | */*few-labels) few="--set semi.labels=20" ;; esac
    "$PLANARIA" train "$p" --data "$DATA/tiny" --limit 100 $few --out x --dry-run --json >out 2>err || echo "$p: $(cat err)"
done
echo "# eval measures what train measured, also of a run that saw fewer samples"
figures() { grep -oE '"(direct_average|direct_max|linear)":[0-9.]*' | sort -u; }
for limit in 240 50; do
    sed 's/  fractions.*//' "$TESTS/tiny.yaml" > one.yaml
    "$PLANARIA" train one.yaml --data "$DATA" --out l$limit --limit $limit --epochs 1 --json 2>err | figures > a
    "$PLANARIA" eval l$limit --data "$DATA" --json | figures | cmp - a && echo "limit $limit: the same"
done
"$PLANARIA" eval l240 --data "$DATA/other" --json >out 2>err; echo "-> $? $(sed "s|$DATA|DATA|" err)"
python3 "$TESTS/model.py" plain l240/model.safetensors; "$PLANARIA" eval l240 --data "$DATA" --json | figures >a
"$PLANARIA" train one.yaml --data "$DATA" --out l240 --limit 240 --epochs 1 --resume --json 2>err | figures | cmp - a && echo "a model of an earlier version, with its classifier beside it: the same"
head -c 300 l240/classifier.safetensors > "cut"; cp cut l240/classifier.safetensors
"$PLANARIA" eval l240 --data "$DATA"; echo "-> $?"
echo "# a dry run says what it would take, presets say what they should give"
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out dry --dry-run | sed 's/[0-9.]* s\([ ,]\)/N s\1/; s/[0-9.]* MB/N MB/; s/[0-9.]* s$/N s/'; [ -e dry ] || echo "and does nothing"
"$PLANARIA" train "$TESTS/tiny-semi.yaml" --data "$DATA" --out dry --dry-run | grep time | sed 's/[0-9.]* s\([ ,]\)/N s\1/'
"$PLANARIA" train "$TESTS/tiny-semi.yaml" --data "$DATA" --out dry --dry-run --json | sed 's/\(seconds\|bytes\)":[0-9.]*/\1":N/g'
"$PLANARIA" presets --json | python3 -c 'import json, sys; all = json.load(sys.stdin); print(len(all) > 20, {type(p["expected"]) for p in all} == {dict}, any(p["expected"] for p in all))'
"$PLANARIA" presets | grep -A1 -E '^liu2024/(unsup-bp-1layer|mode-batch-2layer|untrained-1layer) ' | sed 's/training [0-9.]* min/training N min/'
echo "# a time measured elsewhere makes it no other run"
cp "$TESTS/tiny.yaml" timed.yaml; "$PLANARIA" train timed.yaml --data "$DATA" --out timed --no-eval >/dev/null 2>&1
printf 'expected:\n  minutes: 3\n' >> timed.yaml
{ "$PLANARIA" train timed.yaml --data "$DATA" --out timed --no-eval --resume >/dev/null; } 2>&1; echo "-> $?"
