# planaria prune: from a run, from a configuration, at once; the same bytes after a kill; figures; and what is refused.
tiny="$TESTS/tiny-spiking.yaml"
prune() { "$PLANARIA" prune "$@" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$TESTS/||; s|$DATA|DATA|; s/; it must be one of .*/; it must be .../")"; }
same() { cmp "$1/model.safetensors" "$2/model.safetensors" && echo same; }
figure() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(*(f"{k} {r.get(k)}" for k in sys.argv[2:]), sep=", ")' "$@"; }
"$PLANARIA" train "$tiny" --data "$DATA" --out dense >/dev/null 2>&1

echo "# a run: its data, its configuration, its weights"
prune dense --sparsity 0.8 --set prune.updates=4 --out one --threads 1
sed 's/^\(.\{40\}\).*/\1/; s/ *$//' out
figure one/result.json sparsity sparsity_wanted live_weights weights epochs_pruning epochs steps accuracy_dense
figure dense/result.json accuracy
sed -n '/^prune/,/^evaluate/p' one/config.yaml
prune dense --sparsity 0.8 --set prune.updates=4 --out two --threads 2; same one two
grep -c '"from"' one/manifest.json
"$PLANARIA" eval one >out 2>err; echo "-> $?"
"$PLANARIA" train one/config.yaml --from dense --data "$DATA" --out three >out 2>err; echo "-> $?"; same one three

echo "# figures as JSON"
prune dense --sparsity 0.8 --set prune.updates=4 --out two --resume --json
python3 - <<'END'
import json
r = json.load(open("out"))
names = """sparsity live_weights accuracy_dense accuracy_pruned epochs_pruning epochs seconds bytes_dense bytes_pruned
           samples_per_second_dense samples_per_second_pruned latency_ms_dense latency_ms_pruned step_ms_dense step_ms_pruned
           peak_bytes inference_bytes_dense inference_bytes_pruned weight_bytes_dense weight_bytes_pruned steps training_flops_dense training_flops_active sops_dense sops_pruned energy_uj_dense energy_uj_pruned""".split()
print("missing:", [n for n in names if not isinstance(r.get(n), (int, float)) or r[n] <= 0])
print(r == json.load(open("two/result.json")), r["live_weights"] == round(r["weights"] * (1 - r["sparsity"])))
# 8x8 to 4 filters, 4x4 to 6 filters, 24 to 4: conv 36, conv 216, dense 96 weights; three steps of time but for what sees the image.
dense = 2 * (2 * 36 * 64 + 3 * 216 * 16 * 3 + 3 * 96 * 3) * 192 * 5
print("FLOPs:", r["training_flops_dense"] == dense, 0.15 * dense < r["training_flops_active"] < 0.3 * dense)
END

echo "# longer than it was trained, and from its own pruned network"
prune one --sparsity 0.9 --epochs 8 --set prune.updates=4 --out more; figure more/result.json sparsity epochs epochs_pruning
grep -o '"density":[0-9.]*' more/metrics.jsonl | tr '\n' ' '; echo
prune one --sparsity 0.9 --epochs 8 --set prune.updates=4 --out cut & pid=$!; wait $pid; same more cut

"$PLANARIA" train "$tiny" --data "$DATA" --out short --epochs 3 >/dev/null 2>&1
for epochs in "" "--epochs 6" "--epochs 0"; do
    # shellcheck disable=SC2086
    prune short --sparsity 0.8 --set prune.updates=4 --out short-pruned --force $epochs; figure short-pruned/result.json epochs epochs_pruning sparsity
done

echo "# a configuration, from the beginning: there is no dense network unless one is named"
prune "$tiny" --data "$DATA" --sparsity 0.8 --method set --set prune.every=3 --out new; figure new/result.json accuracy_dense dense sops_dense epochs_pruning
prune "$tiny" --data "$DATA" --sparsity 0.8 --method set --set prune.every=3 --dense dense --out beside; same new beside; figure beside/result.json dense
prune "$tiny" --data "$DATA" --sparsity 0.8 --method rigl --out rigl --set prune.every=3; figure rigl/result.json batches steps dense_gradients epochs; grep 'gradient of' out
sed 's/^train:/prune: {sparsity: 0.5, updates: 2}\n&/' "$tiny" > pruned.yaml
prune pruned.yaml --data "$DATA" --out own; figure own/result.json sparsity

echo "# a dense network that is none; what a trained one loses; a sparsity that is found"
prune "$tiny" --data "$DATA" --sparsity 0.8 --method set --set prune.every=3 --dense one --out beside --force; grep '^weights\|^dense:' out; figure beside/result.json live_weights_dense weights
prune dense --sparsity 0.8 --method rigl --out lost --set prune.every=3; grep '^note:' err
prune dense --sparsity 0.8 --method granet --out kept; grep -c '^note:' err
prune dense --sparsity 0.8 --method imp --out rounds --epochs 6 --set prune.updates=2; grep '^note:' err
for width in 0 1; do prune dense --sparsity 0.8 --method stds --out found --force --set train.weight_decay=0 --set prune.width=$width; sed -n 's/^note: \([0-9.]*\) \(.*\)which was [^;]*;/note: N \2/p' err; done
figure found/result.json width
echo "# the configuration of a run, with other epochs"
sed 's/epochs: 5/epochs: 5\n  stop_after: 4/' "$tiny" > cosine.yaml
"$PLANARIA" train cosine.yaml --data "$DATA" --out cosine >/dev/null 2>&1; grep length cosine/config.yaml
for epochs in 3 6; do
    prune cosine/config.yaml --data "$DATA" --sparsity 0.8 --set prune.updates=4 --epochs $epochs --out longer --force; grep 'epochs:\|stop_after\|length' longer/config.yaml; figure longer/result.json epochs
    prune cosine.yaml --data "$DATA" --sparsity 0.8 --set prune.updates=4 --epochs $epochs --out same --force; same longer same
done
prune longer/config.yaml --data "$DATA" --epochs 3 --out shorter; grep 'epochs:\|stop_after\|length' shorter/config.yaml

echo "# as it is"
prune dense --sparsity 0.8 --epochs 0 --out zero; figure zero/result.json live_weights epochs epochs_pruning
prune dense --sparsity 0.8 --epochs 0 --out zero --resume; same zero zero
for source in critical uncritical random random_rows random_rows_matched; do
    prune dense --sparsity 0.8 --epochs 0 --regenerate $source --out $source; figure $source/result.json live_weights
    cmp -s zero/model.safetensors $source/model.safetensors && echo "as without"
done

prune dense --sparsity 0.8 --epochs 0 --criterion lamp --out lamp; figure lamp/result.json live_weights
prune dense --sparsity 0.8 --epochs 0 --criterion cqp --out cqp; figure cqp/result.json live_weights
for criterion in bn_scale rate sca channel product random layer erk; do
    prune dense --sparsity 0.8 --epochs 0 --criterion $criterion --out by; figure by/result.json live_weights
    cmp -s zero/model.safetensors by/model.safetensors && echo "as by magnitude"; rm -r by
done
prune dense --sparsity 0.8 --epochs 0 --criterion channel --set prune.quantity=spikes --set prune.averaged=true --out by
prune dense --sparsity 0.8 --epochs 0 --criterion rate --out rate; same by rate
prune dense --sparsity 0.8 --epochs 0 --granularity block --set prune.block=2 --out block
cmp -s zero/model.safetensors lamp/model.safetensors || cmp -s lamp/model.safetensors cqp/model.safetensors || echo "all differ"

echo "# without labels: direct association"
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out free >/dev/null 2>&1
prune free --sparsity 0.9 --regenerate none --set prune.updates=3 --out rows; grep -c 'accuracy, direct association' out
python3 -c 'import json; r = json.load(open("rows/result.json")); print(r["accuracy_pruned"] == r["direct_average"], r["accuracy_dense"] == json.load(open("free/result.json"))["direct_average"])'

echo "# killed, and interrupted"
sed 's/data: tiny/data: many/; s/epochs: 5/epochs: 6/' "$tiny" > many.yaml
"$PLANARIA" train many.yaml --data "$DATA" --out start --limit 800 >/dev/null 2>&1
prune start --sparsity 0.8 --out whole
for signal in KILL INT; do
    "$PLANARIA" prune start --sparsity 0.8 --out cut$signal >/dev/null 2>&1 & pid=$!
    while ! grep -qs '"epoch":2,' cut$signal/metrics.jsonl; do sleep 0.02; done
    kill -$signal $pid; wait $pid 2>/dev/null
    prune start --sparsity 0.8 --out cut$signal --resume
    same whole cut$signal
    for run in whole cut$signal; do figure $run/result.json steps epochs_pruning training_flops_active accuracy_pruned density; done | uniq | wc -l
done

echo "# layers that lose all"
prune dense --sparsity 0.97 --set prune.updates=2 --out empty; grep -c '^warning: .* left, for' err

echo "# refused, before anything is trained"
prune dense --sparsity 1 --out x
prune dense --sparsity -0.1 --out x
prune dense --sparsity much --out x
prune dense --out x
prune "$tiny" --data "$DATA" --out x
prune one --sparsity 0.5 --set prune.updates=4 --out x
prune dense --sparsity 0.8 --method magic --out x
prune dense --sparsity 0.8 --regenerate magic --out x
prune dense --sparsity 0.8 --epochs 2 --out x
prune dense --sparsity 0.8 --epochs 0 --method rigl --out x
prune dense --sparsity 0.8 --epochs 0 --regenerate gradient --out x
prune dense --sparsity 0.8 --epochs 0 --method snip --out x
prune dense --sparsity 0.8 --epochs 0 --criterion sca --regenerate critical --out x
prune free --sparsity 0.8 --epochs 0 --criterion bn_scale --out x
prune dense --sparsity 0.8 --set prune.updates=4 --dense nowhere --out x
prune dense --sparsity 0.8 --set prune.updates=4 --dense free --out x
prune free --sparsity 0.8 --regenerate rate --out x
prune nothing --sparsity 0.8 --out x
mkdir folder; prune folder --sparsity 0.8 --out x
prune dense --sparsity 0.8 --limit 3 --out x
prune dense --sparsity 0.8 --method rigl --out x
prune dense --sparsity 0.8 --method imp --out x
prune dense --sparsity 0.8 --method stds --out x
prune dense --sparsity 0.8 --set prune.holds=true --out x
prune dense --sparsity 0.8 --set prune.granularity=channel --out x
cp -r dense unfinished; rm unfinished/model.safetensors; prune unfinished --sparsity 0.8 --out x
cp -r dense broken; head -c 1900 dense/model.safetensors > broken/model.safetensors; prune broken --sparsity 0.8 --set prune.updates=4 --out x
prune dense --sparsity 0.8 --set prune.updates=4 --set network=4C3-AP2-8C3-AP2-FC4 --out x
sed 's/^train:/prune: {sparsity: 0.9}\n&/' "$TESTS/tiny-semi.yaml" > semi.yaml; prune semi.yaml --data "$DATA" --regenerate none --out x
prune dense --sparsity 0.8 --out dense --force
prune dense --sparsity 0.8 --set prune.updates=4 --out one
prune free --sparsity 0.8 --regenerate none --set prune.updates=4 --out one --resume
prune dense --sparsity 0.7 --set prune.updates=4 --out one --resume
"$PLANARIA" train "$tiny" --data "$DATA" --from one --out fine >/dev/null 2>&1; "$PLANARIA" inspect fine | grep -c weight_mask
prune fine --sparsity 0.9 --set prune.updates=4 --out one --resume
[ -e x ] || echo "nothing was begun"
echo "# names that are nearly right, and codes of wrong use"
mkdir runs; cp -r dense runs/small-seed1; cp -r dense runs/small-seed2
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria:\|^note: there' err)"; }
try prune smal-seed2 --sparsity 0.8
try prune runs/small-sed1/ --sparsity 0.8
try prune dense --sparsity 0.8 --dense onne
try train "$tiny" --data "$DATA" --from dens --out x
try eval small-seed1
try inspect runs/smal-seed1
try inspect runs/smal-seed1 --analyse
try inspect dense --analyse --against densee
try prune dense --sparsity 0.8 --set prune.updates=4 --out small-seed1 --resume
for command in "prune dense --sparsity 0.8" "eval dense" "inspect dense" "inspect dense --analyse" "train $tiny"; do
    # shellcheck disable=SC2086
    PLN_ISA=none try $command
done
for command in prune eval inspect; do try $command; try $command --nonsense; done
"$PLANARIA" prune --help >out 2>err; echo "-> $?"; sed -n '1,4p' out; grep -o '^  --[a-z]*' out | tr -d '\n'; echo
