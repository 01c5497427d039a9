# planaria prune --granularity channel: a smaller network of a trained run, which is trained further; what is refused.
tiny="$TESTS/tiny-spiking.yaml"
prune() { "$PLANARIA" prune "$@" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$TESTS/||; s|$DATA|DATA|")"; }
same() { cmp "$1/model.safetensors" "$2/model.safetensors" && echo same; }
figure() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(*(f"{k} {r.get(k)}" for k in sys.argv[2:]), sep=", ")' "$@"; }
"$PLANARIA" train "$tiny" --data "$DATA" --out dense --set train.norm_l1=0.01 >/dev/null 2>&1; echo "-> $?"

echo "# half of the channels, by what the penalty has left of them"
prune dense --granularity channel --sparsity 0.5 --out one --threads 1
grep 'channels stay' out
figure one/result.json channels live_channels weights live_weights epochs epochs_pruning
sed -n '/^layers/,/^train/p' one/config.yaml; grep -c norm_l1 one/config.yaml
sed -n 's/^\(channels, .*[0-9]\) *$/\1/p' out; grep ^warning err; python3 -c 'import json; print(*json.load(open("one/result.json"))["channels_by_layer"], sep="\n")'
prune dense --granularity channel --sparsity 0.5 --out two --threads 3; same one two
prune dense --granularity channel --sparsity 0.5 --out one --resume; same one two
"$PLANARIA" eval one >out 2>err; echo "-> $?"
"$PLANARIA" prune dense --granularity channel --sparsity 0.5 --out two --resume --json | python3 -c '
import json, sys
r = json.load(sys.stdin)
names = """sparsity live_weights accuracy_dense accuracy_pruned epochs seconds bytes_dense bytes_pruned samples_per_second_dense
           samples_per_second_pruned latency_ms_dense latency_ms_pruned step_ms_dense step_ms_pruned peak_bytes sops_dense steps
           training_flops_dense training_flops_active""".split()
# 8x8 to 4 filters, 4x4 to 6 filters, 24 to 4: conv 36, conv 216, dense 96 weights; three steps of time but for what sees the image.
dense = 2 * (2 * 36 * 64 + 3 * 216 * 16 * 3 + 3 * 96 * 3) * 192 * 5
less = 2 * (2 * 9 * 64 + 3 * 27 * 16 * 3 + 3 * 48 * 3) * 192 * 5
print("FLOPs:", r["training_flops_dense"] == dense, r["training_flops_active"] == less, "steps", r["steps"])
print("missing:", [n for n in names if not isinstance(r.get(n), (int, float)) or r[n] <= 0], r["bytes_pruned"] < r["bytes_dense"])'

echo "# as it is, by other scores; and again"
for source in none critical rate random uncritical sca; do
    prune dense --granularity channel --sparsity 0.5 --regenerate $source --set prune.ratio=0.5 --epochs 0 --out $source
    figure $source/result.json live_channels epochs
done
prune dense --granularity channel --sparsity 0.5 --criterion critical --set prune.by_layer=true --epochs 0 --out each
prune dense --granularity channel --sparsity 0.5 --criterion critical --regenerate none --set prune.quantity=potential --set prune.averaged=true --epochs 0 --out potential
prune dense --granularity channel --sparsity 0.5 --criterion sca --regenerate none --epochs 0 --out other; same potential other
for source in faithful_s=critical slimming=none; do
    prune dense --method ${source%=*} --sparsity 0.5 --set prune.ratio=0.5 --epochs 0 --out ${source%=*}
    prune dense --granularity channel --sparsity 0.5 --regenerate ${source#*=} --set prune.ratio=0.5 --epochs 0 --out plain --force; same ${source%=*} plain
done
cmp -s faithful_s/model.safetensors slimming/model.safetensors || echo "they differ"
prune dense --method slimming --regenerate random --set prune.ratio=0.5 --sparsity 0.5 --epochs 0 --out back; same back random
prune one --granularity channel --sparsity 0.5 --epochs 1 --out less; figure less/result.json channels live_channels
prune one --sparsity 0.5 --set prune.updates=2 --out fewer; figure fewer/result.json sparsity
prune fewer --granularity channel --sparsity 0.3 --epochs 1 --out least; grep -c prune: least/config.yaml

echo "# residual networks: inside of blocks"
for network in 4C3-6R3/2-6R3-GAP-FC4 4C3-6P3/2-6P3-GAP-FC4; do
    "$PLANARIA" train "$tiny" --data "$DATA" --out wide --force --set network=$network >/dev/null 2>&1; echo "-> $?"
    prune wide --granularity channel --sparsity 0.6 --epochs 2 --out narrow --force; grep 'channels stay' out
    grep filters narrow/config.yaml | tr -d '\n'; echo; "$PLANARIA" eval narrow >out 2>err; echo "-> $?"
done

echo "# units of rows, without labels"
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out free >/dev/null 2>&1
sed 's/^layers:/&\n  - dense: 20\n  - activation: relu/' "$TESTS/tiny.yaml" > hidden.yaml; sed -n '/^layers/,/^train/p' hidden.yaml
"$PLANARIA" train hidden.yaml --data "$DATA" --out hidden >/dev/null 2>&1; echo "-> $?"
prune hidden --granularity channel --sparsity 0.4 --regenerate rate --out rows; figure rows/result.json channels live_channels
sed -n '/^layers/,/^train/p' rows/config.yaml

echo "# refused"
prune "$tiny" --data "$DATA" --granularity channel --sparsity 0.5 --out x
prune dense --granularity channel --out x
prune dense --granularity channel --sparsity 1.5 --out x
prune dense --granularity channel --sparsity 0.5 --method rigl --out x
prune dense --granularity weight --sparsity 0.5 --method slimming --out x
prune "$tiny" --data "$DATA" --sparsity 0.5 --method slimming --out x
prune dense --granularity channel --sparsity 0.5 --regenerate gradient --out x
prune dense --granularity channel --sparsity 0.5 --criterion none --out x
prune dense --granularity channel --sparsity 0.5 --set prune.quantity=magic --out x
prune hidden --granularity channel --sparsity 0.5 --criterion sca --out x
prune dense --granularity channel --sparsity 0.5 --set prune.magic=1 --out x
prune free --granularity channel --sparsity 0.5 --out x
prune hidden --granularity channel --sparsity 0.5 --regenerate critical --out x
prune dense --granularity channel --sparsity 0.9 --out one --resume
[ -e x ] || echo "nothing was begun"
