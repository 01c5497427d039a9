# Help and wrong use: exit codes 0 and 2, help on stdout, complaints on stderr.
try() { "$PLANARIA" "$@" >out 2>err; echo "planaria $* -> $?, $(wc -l <out | tr -d ' ') lines, stderr: $(head -1 err)"; }
"$PLANARIA" --version >out 2>err; echo "version -> $?, $(sed 's/[0-9][0-9]*/N/g' out)"
for c in train prune sweep eval report inspect export import presets data; do "$PLANARIA" $c --help >out 2>err; echo "$c --help -> $?, $(head -1 out), stderr $(wc -c <err | tr -d ' ') bytes"; done
try
try fly
try train
try train a b
try train --fly
try train x.yaml --epochs -2
try train x.yaml --epochs many
try train x.yaml --threads 1000
try train x.yaml --resume --force
try sweep
try sweep x --trials 0
try sweep x --seed 0
try train x.yaml --seed 99999999999999999999
try sweep x --workers 0
try eval
try eval x --labels 2
try inspect
try presets no/such
try data
try data info
try train no-such-file.yaml
mkdir folder; try train folder
echo "# every key of a configuration is described"
grep -oE 'FIELD_[A-Z_]*\("[a-z_]+"' "$TESTS/../../cli/config/config.c" | sed 's/.*("//; s/"//' | sort -u | while read -r key; do
    grep -qE "\`([a-z]+\.)?$key\`|^## .*\b$key\b" "$TESTS/../../docs/configuration.md" || echo "not described: $key"
done
echo "# presets by the beginning of their names"
try presets liu2024/semi-bp-100
try presets liu2024/semi-bp-1
try presets liu2024/semi-bp-1 --json
"$PLANARIA" presets liu2024/semi-bp-1 | grep -o '^liu2024[^ ]*'
echo "# what was given is not taken as left out"
try sweep x --trials -1
try sweep x --workers -1
try eval x --labels 0
try train liu2024/semi-bp-100 --set data=
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out unfinished --epochs 1 >out 2>&1; rm unfinished/model.safetensors
try eval unfinished
try eval unfinished --best
