# Spiking networks: the same bits however they come about, what is said of their layers, and what is refused.
tiny="$TESTS/tiny-spiking.yaml"
train() { "$PLANARIA" train "$@" --data "$DATA" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$TESTS/||; s|$DATA|DATA|")"; }
same() { for f in model best; do cmp $1/$f.safetensors $2/$f.safetensors && echo "$f: same bytes"; done; }
figures() { python3 - "$@" <<'END'
import json, sys
drop = {"train_seconds", "samples_per_second", "evaluate_seconds", "peak_bytes", "run"}
clean = lambda x: {k: v for k, v in x.items() if k not in drop}
lines = [clean(json.loads(line)) for run in sys.argv[1:] for line in open(run + "/metrics.jsonl")]
results = [clean(json.load(open(run + "/result.json"))) for run in sys.argv[1:]]
half = len(lines) // 2
print("figures:", "the same" if lines[:half] == lines[half:] and results[0] == results[1] else "they differ")
END
}

echo "# one thread, two, killed, interrupted"
train "$tiny" --out one --threads 1
train "$tiny" --out two --threads 2; same one two; figures one two
train "$tiny" --out parts --epochs 2; train "$tiny" --out parts --epochs 3 --resume; train "$tiny" --out parts --resume
same one parts
sed 's/data: tiny/data: many/; s/epochs: 5/epochs: 6/' "$tiny" > many.yaml
train many.yaml --out whole --limit 800
for signal in KILL INT; do
    "$PLANARIA" train many.yaml --data "$DATA" --out cut$signal --limit 800 >/dev/null 2>&1 & pid=$!
    while ! grep -qs '"epoch":2,' cut$signal/metrics.jsonl; do sleep 0.02; done
    kill -$signal $pid; wait $pid 2>/dev/null
    train many.yaml --out cut$signal --limit 800 --resume
    same whole cut$signal; figures whole cut$signal
done

echo "# the chosen epoch: by held-out samples, kept, and measured on the test set"
python3 - <<'END'
import json
lines = [json.loads(line) for line in open("one/metrics.jsonl")]
result = json.load(open("one/result.json"))
held = {l["epoch"]: l["selection_accuracy"] for l in lines if "selection_accuracy" in l}
best = min(e for e in held if held[e] == max(held.values()))
print("held out after epochs", sorted(held), "- the first best is chosen:", result["selected_epoch"] == best,
      result["selection_accuracy"] == held[best], 0 < result["selected_accuracy"] <= 1)
manifest = json.load(open("one/manifest.json"))
print(manifest["data"]["train"], manifest["data"]["test"], manifest["evaluated_on"])
print("activity in evaluated lines:", [("sops" in l, 0 <= l.get("firing_rate", -1) <= 1) for l in lines if "epoch" in l])
END
accuracy() { grep -oE '"(selected_)?accuracy": ?[0-9.]*' | sed 's/.*://; s/ //'; }
[ "$("$PLANARIA" eval one --data "$DATA" --json | accuracy)" = "$(accuracy < one/result.json | tail -1)" ] && echo "eval: the last epoch"
[ "$(PLANARIA_DATA=/nowhere "$PLANARIA" eval one --json | accuracy)" = "$(accuracy < one/result.json | tail -1)" ] && echo "eval knows where the data were"
grep -o '"selected_accuracy": [0-9.]*' one/result.json | cut -d' ' -f2 > a
"$PLANARIA" eval one --data "$DATA" --best --json | accuracy | cmp - a && echo "eval --best: the chosen one"
last=$(python3 -c 'import json; print(json.load(open("one/result.json"))["selected_epoch"])')
train "$tiny" --out again --epochs $last; cp again/best.safetensors kept
rm again/best.safetensors again/result.json; train "$tiny" --out again --epochs $last --resume
cmp kept again/best.safetensors && echo "written again after a kill between checkpoint and network"
train "$tiny" --out none --no-eval; [ -e none/best.safetensors ] || echo "without evaluation nothing is chosen"
train "$tiny" --out part --set evaluate.validation=0.25
grep -E '"(train|test|evaluated_on)"' part/manifest.json | tr -d ' \n'; echo
sed '/^select/,$d' "$tiny" > plain.yaml; train plain.yaml --out plain; [ -e plain/best.safetensors ] || grep -c select plain/result.json

# Where one way of a product ends and the next begins is measured, and may move.
table() { grep -E '^ +(layer|[0-9]+ |all)' | cut -c1-100 | sed 's/ *$//'; }

echo "# what there is to see"
od -An -tx1 -N8 one/fields.png
"$PLANARIA" train "$tiny" --data "$DATA" --dry-run | tee dry | table; grep -E '^[a-z]' dry | sed 's/[0-9.]* s\([ ,]\)/N s\1/; s/[0-9.]* MB/N MB/; s/[0-9.]* s$/N s/'
"$PLANARIA" train "$tiny" --data "$DATA" --dry-run --json | python3 -c 'import json, sys; d = json.load(sys.stdin); w = d["layers"][2]; ways = {w.pop(k).split()[0] for k in ("forward", "input_gradient", "weight_gradient")}; print(len(d["layers"]), w, ways <= {"patches", "events", "winograd"})'
"$PLANARIA" eval one --data "$DATA" | sed 's/ [0-9.]* %/ N %/' | sed -E '/^ +([0-9]|all|layer)/s/^(.{57}).*/\1/; s/ +$//'
"$PLANARIA" eval one --data "$DATA" --json | python3 -c '
import json, sys
a = json.load(sys.stdin)["activity"]
print(sorted(a), [sorted(l) for l in a["layers"][:3]], sep="\n")
print("sums:", abs(sum(l.get("sops", 0) for l in a["layers"]) - a["sops"]) < 1e-6, sum(l["bytes"] for l in a["layers"]) == a["bytes"])'
"$PLANARIA" inspect one/best.safetensors | table
for network in 4C3-AP2-DO50-FC8 4C3-4R3-AP2-6R3/2-FC8 4C3-6P3-6P3-GAP-FC8; do
    "$PLANARIA" train "$tiny" --data "$DATA" --dry-run --set network=$network --set spiking.votes=2 --set train.loss=mse | table
done
train "$tiny" --out dense --epochs 1 --set network=FC9-FC4; od -An -tx1 -N8 dense/fields.png

echo "# a random mask of convolutions, the same from the first epoch to the last"
pruned="$tiny --set cnn_prune=0.3"
train $pruned --out pruned --epochs 3; train $pruned --out half --epochs 1; train $pruned --out half --epochs 3 --resume
train $pruned --out first --epochs 0; same pruned half
python3 - <<'END'
import json, math, struct
def tensors(run):
    data = open(run + "/model.safetensors", "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    for name, t in json.loads(data[8:8 + n]).items():
        if name != "__metadata__": yield name, t, data[8 + n + t["data_offsets"][0]:8 + n + t["data_offsets"][1]]
def bits(run): return {name: b for name, t, b in tensors(run) if name.endswith("_mask")}
last = {name: b for name, t, b in tensors("pruned")}
for name, mask in bits("pruned").items():
    shape = [n for n, in struct.iter_unpack("<i", last[name[:-5] + "_shape"])]
    there = [mask[i // 8] >> i % 8 & 1 for i in range(math.prod(shape))]
    print(name, shape, "left out:", len(there) - sum(there), 4 * sum(there) == len(last[name[:-5] + "_values"]))
print("the masks are those of the beginning:", bits("first") == bits("pruned"))
END

echo "# a classifier on the spikes of a network without labels"
cat > rates.yaml <<'END'
data: tiny
network: FC8
spiking: {steps: 3, norm: joint, output_spikes: true}
train: {target: self, epochs: 1, batch: 8, loss: mse, optimiser: sgd, rate: [0.1], winners: 1, gamma: 0.5}
classifier: {epochs: 2, batch: 64, rate: 0.1, activation: softmax}
END
sed 's/poisson.*//; s/output_spikes: true/output_spikes: flase/' rates.yaml > flase.yaml; train flase.yaml --out bad
train "$tiny" --out bad --set network=4C3-AP2-FC3 --set spiking.poisson=maybe
train "$tiny" --out bad --set network=4C3-AP2-FC3; [ -e bad ] || echo "and nothing is left"
train rates.yaml --out rates; grep -c '"linear"' rates/metrics.jsonl
train rates.yaml --out glorot --set init=glorot; cmp -s rates/model.safetensors glorot/model.safetensors || echo "init: glorot is another beginning"
train rates.yaml --out kaiming --set init=kaiming; cmp rates/model.safetensors kaiming/model.safetensors && echo "init: kaiming is the usual"

echo "# networks that are none"
for network in 4X3-FC4 4C3-AP2 AP2-FC4 4C3--FC4 4C4-FC4 4C3/0-FC4 0C3-FC4 4C3-AP-FC4 4C3-FC4- FC4-128Z 4C3-AP2-4P3-FC4; do
    train "$tiny" --out bad --set network=$network
done
echo "# networks that do not fit 8x8"
for network in 4C31-FC4 4C3-AP9-FC4 4C3-AP2-4C9-FC4 4C3-AP4-4C3-AP3-FC4 4C3-FC4-AP2-FC4; do
    train "$tiny" --out bad --set network=$network
done
echo "# settings that do not"
for set in spiking.steps=0 spiking.steps=65 spiking.neuron=lif spiking.surrogate=step spiking.tau=1 spiking.votes=3 spiking.norm=batch \
           train.rate=[0.1,0.2] train.augment.padding=-1 train.tet=2 train.momentum=1 select.validation=0 select.validation=1 \
           select.validation=0.001 cnn_prune=1 cnn_prune=-0.1 cnn_prune=much; do
    train "$tiny" --out bad --set $set
done
train "$tiny" --out bad --set train.target=self --set train.winners=1
train "$tiny" --out bad --set network=FC4 --set spiking.readout=last
train "$tiny" --out bad --set network=FC4 --set cnn_prune=0.3
train "$tiny" --out bad --set train.loss=mse --set spiking.votes=3
sed '/^spiking/,/normalise/d' "$tiny" > steps.yaml; train steps.yaml --out bad
sed 's/^network.*/layers:\n  - dense: 4/' "$tiny" > rows.yaml; train rows.yaml --out bad
sed '/^spiking/,/normalise/d; s/cross_entropy_steps/mse/' rows.yaml > plain-rows.yaml; train plain-rows.yaml --out bad --set cnn_prune=0.3
sed 's/^network.*/&\nlayers:\n  - dense: 4/' "$tiny" > both.yaml; train both.yaml --out bad
[ -e bad ] || echo "and nothing is left"
