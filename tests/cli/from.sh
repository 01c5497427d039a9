# Starting from the weights of another network: all of them, or those that fit; some of them frozen; and epochs behind the end.
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria\|^note' err | sed "s|$TESTS|TESTS|; s|$DATA|DATA|g")"; }
train() { try train "$@" --data "$DATA" --epochs 2 --no-eval; }
cat > tensors.py <<'END_OF_PYTHON'
import json, struct, sys
def read(path):
    content = open(path, "rb").read()
    size, = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + size])
    return {name: content[8 + size:][slice(*about["data_offsets"])] for name, about in header.items() if name != "__metadata__"}
a, b = read(sys.argv[1] + "/model.safetensors"), read(sys.argv[2] + "/model.safetensors")
print("the same:", *[name for name in sorted(a) if name in b and a[name] == b[name]], "others:", *[name for name in sorted(a) if a[name] != b.get(name)])
END_OF_PYTHON
cat > deep.yaml <<'END_OF_YAML'
data: tiny
layers: [{dense: 40}, {activation: relu}, {dense: 30}, {activation: relu}, {dense: 4}]
train: {target: labels, epochs: 2, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.01]}
END_OF_YAML
sed 's/dense: 4}/dense: 8}/' deep.yaml > wide.yaml
sed 's/dense: 40/dense: 41/; s/dense: 30/dense: 31/' deep.yaml > other.yaml
sed 's/, {activation: relu}, {dense: 4}//' deep.yaml > short.yaml

echo "# all weights, those that fit, and none"
train deep.yaml --out one
train deep.yaml --from one --out again
train wide.yaml --from one --freeze 2 --out wide; python3 tensors.py wide one; grep -A8 '"taken"' wide/manifest.json | tr -d ' \n'; echo
train short.yaml --from one/model.safetensors --freeze 1 --out short; python3 tensors.py short one
train other.yaml --from one --out none
echo "# frozen layers stay to the bit, with every optimiser and rule, also after an interruption"
for set in optimiser=sgd "momentum=0.9 --set train.optimiser=sgd --set train.weight_decay=0.001" optimiser=adam "clip=0.1 --set train.optimiser=sgd"; do
    # shellcheck disable=SC2086
    train deep.yaml --from one --freeze 2 --set train.$set --out f --force; python3 tensors.py f one
done
train "$TESTS/tiny-ep.yaml" --out ep; train "$TESTS/tiny-ep.yaml" --from ep --freeze 1 --out ep-frozen; python3 tensors.py ep-frozen ep
try train "$TESTS/tiny-spiking.yaml" --data "$DATA" --no-eval --epochs 1 --set train.epochs=2 --out s
try train "$TESTS/tiny-spiking.yaml" --data "$DATA" --no-eval --epochs 1 --set train.epochs=2 --from s --freeze 2 --out s-frozen; python3 tensors.py s-frozen s
try train deep.yaml --data "$DATA" --no-eval --from one --freeze 1 --epochs 1 --out halves
try train deep.yaml --data "$DATA" --no-eval --from one --freeze 1 --resume --out halves; train deep.yaml --from one --freeze 1 --out whole
python3 "$TESTS/model.py" same halves/model.safetensors whole/model.safetensors && echo "interrupted: the same"
grep freeze whole/config.yaml
echo "# what cannot be frozen"
train deep.yaml --freeze 3 --out x
train deep.yaml --freeze -1 --out x
train "$TESTS/tiny-spiking.yaml" --freeze 9 --out y
train deep.yaml --from one --freeze 1 --set 'prune={sparsity: 0.5, method: gmp}' --out x
echo "# more epochs than the schedule has"
for schedule in "kind: constant" "kind: linear, start: 1, end: 0.1" "kind: exp, ratio: 0.5"; do
    try train deep.yaml --data "$DATA" --no-eval --epochs 4 --set "train.schedule={$schedule}" --out more --force
done
try train more --resume --epochs 5 --no-eval
