# Pruning while training: as many weights as were wanted, the same bytes however a run comes about, and what is refused.
tiny="$TESTS/tiny-spiking.yaml"
train() { "$PLANARIA" train "$@" --data "$DATA" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$TESTS/||; s|$DATA|DATA|")"; }
sed 's/^train:/prune: {sparsity: 0.8, updates: 4}\n&/' "$tiny" > pruned.yaml
train pruned.yaml --out one --threads 1
grep -o '"density":[0-9.]*' one/metrics.jsonl | tr '\n' ' '; grep '"density"' one/result.json
train pruned.yaml --out two --threads 3; cmp one/model.safetensors two/model.safetensors && echo same
train pruned.yaml --out cut --epochs 1; train pruned.yaml --out cut --resume; cmp one/model.safetensors cut/model.safetensors && echo same
echo "# the masks are in the model; the configuration that is kept trains it again"
"$PLANARIA" inspect one/model.safetensors | grep -o '[0-9.]*weight_mask *U8 *\[[0-9]*\]'
train one/config.yaml --out again; cmp one/model.safetensors again/model.safetensors && echo same
"$PLANARIA" eval one --data "$DATA" >out 2>err; echo "-> $?"
echo "# every source of what grows back"
for source in none critical uncritical random random_rows gradient rate synapse random_rows_matched; do
    train pruned.yaml --out $source --set prune.regrow=$source; grep '"density"' $source/result.json
    cmp -s one/model.safetensors $source/model.safetensors && echo "as by default"
done
echo "# methods"
for method in granet rigl set gmp oneshot lamp snip cqp faithful_u; do
    case $method in oneshot | snip) updates=1 ;; *) updates=4 ;; esac
    train pruned.yaml --out $method --set prune.method=$method --set prune.every=3 --set prune.updates=$updates; grep '"density"' $method/result.json
    train $method/config.yaml --out $method-again; cmp $method/model.safetensors $method-again/model.safetensors && echo same
done
sed -n '/^prune/,/^train/p' rigl/config.yaml
echo "# criteria, and what stands or falls together"
for method in imp stds grad_r; do
    case $method in imp) epochs=6 more="prune.updates=2" ;; *) epochs=5 more="train.weight_decay=0" ;; esac
    train pruned.yaml --out $method --set prune.method=$method --set train.epochs=$epochs --set $more
    train $method/config.yaml --out $method-again; cmp $method/model.safetensors $method-again/model.safetensors && echo same
    train pruned.yaml --out $method-cut --set prune.method=$method --set train.epochs=$epochs --set $more --epochs 3
    train pruned.yaml --out $method-cut --set prune.method=$method --set train.epochs=$epochs --set $more --resume; cmp $method/model.safetensors $method-cut/model.safetensors && echo same
done
for setting in criterion=layer criterion=erk criterion=random criterion=gradient criterion=product criterion=bn_scale granularity=row granularity=block warm=true; do
    train pruned.yaml --out $setting --set prune.$setting; grep '"density"' $setting/result.json
    train $setting/config.yaml --out $setting-again; cmp $setting/model.safetensors $setting-again/model.safetensors && echo same
done
echo "# scores that are of one kind"
for setting in "criterion=rate regrow=rate" "criterion=rate regrow=none" "criterion=sca regrow=random_rows"; do
    # shellcheck disable=SC2086
    set -- $setting; train pruned.yaml --out kind --force --set prune.$1 --set prune.$2; grep '"density"' kind/result.json
done
echo "# updates that go on until masks have settled, and after an interruption"
train pruned.yaml --out settled --set prune.further=100 --set prune.regrow=random --set prune.settled=0.9 --set prune.settled_for=2
python3 -c 'import json; print(json.load(open("settled/result.json"))["epochs_pruning"], [l["changed"] > 0 for l in map(json.loads, open("settled/metrics.jsonl")) if "changed" in l])'
train pruned.yaml --out further --set prune.regrow=random --set prune.further=100 --set prune.settled=0.0001
python3 -c 'import json; print(json.load(open("further/result.json"))["epochs_pruning"], len([l for l in map(json.loads, open("further/metrics.jsonl")) if "changed" in l]))'
for epochs in 1 2 3; do
    train pruned.yaml --out settled-cut --force --set prune.further=100 --set prune.regrow=random --set prune.settled=0.9 --set prune.settled_for=2 --epochs $epochs
    train pruned.yaml --out settled-cut --set prune.further=100 --set prune.regrow=random --set prune.settled=0.9 --set prune.settled_for=2 --resume; cmp settled/model.safetensors settled-cut/model.safetensors && echo same
done
echo "# rows, without labels"
sed 's/^train:/prune: {sparsity: 0.9, updates: 3, regrow: random}\n&/' "$TESTS/tiny.yaml" > rows.yaml
train rows.yaml --out rows; grep '"density"' rows/result.json
echo "# refused, with line and remedy"
train pruned.yaml --out x --set prune.sparsity=1
train pruned.yaml --out x --set prune.sparsity=-0.1
train pruned.yaml --out x --set prune.from=0.9
train pruned.yaml --out x --set prune.updates=1000
train pruned.yaml --out x --set prune.every=100
train pruned.yaml --out x --set prune.every=1 --set prune.updates=1000
train rows.yaml --out x --set prune.regrow=critical --set prune.averaged=true
train pruned.yaml --out x --set prune.regrow=magic
train pruned.yaml --out x --set prune.ratio=2
train rows.yaml --out critical-rows --set prune.regrow=critical; grep '"density"' critical-rows/result.json
train rows.yaml --out x --set prune.regrow=critical --set train.target=labels
train pruned.yaml --out x --set prune.regrow=gradient --set train.shards=2
train pruned.yaml --out x --set prune.method=rigl --set prune.regrow=none
train pruned.yaml --out x --set prune.holds=true
train pruned.yaml --out x --set prune.regrow=gradient --set prune.exchange=0.1 --set prune.holds=true
train pruned.yaml --out x --set prune.criterion=snip --set train.shards=2
train pruned.yaml --out x --set prune.criterion=cqp --set prune.regrow=rate
train pruned.yaml --out x --set prune.criterion=sca
train rows.yaml --out x --set prune.criterion=rate
train rows.yaml --out x --set prune.criterion=bn_scale
train pruned.yaml --out x --set prune.settled=0.01
train pruned.yaml --out x --set prune.further=3 --set prune.regrow=none
train pruned.yaml --out x --set prune.method=rigl --set prune.regrow=random_rows_matched
train pruned.yaml --out x --set prune.method=imp --set prune.updates=3
train pruned.yaml --out x --set prune.method=imp --set train.epochs=6 --set prune.updates=2 --set prune.rewind=2
sed 's/updates: 4/method: imp, updates: 3/' pruned.yaml > x.yaml; train x.yaml --out x
train pruned.yaml --out x --set prune.method=stds --set prune.granularity=block
train pruned.yaml --out x --set prune.method=stds --set prune.granularity=block --set train.weight_decay=0
train pruned.yaml --out x --set prune.method=grad_r --set train.weight_decay=0 --set prune.sparsity=0.4
for method in rigl set; do train pruned.yaml --out x --set prune.method=$method; done
train pruned.yaml --out x --set prune.method=rigl --set prune.every=91
train pruned.yaml --out x --limit 3
train pruned.yaml --out x --limit 12
train pruned.yaml --out short --limit 12 --set prune.method=stds --set train.weight_decay=0 --set prune.updates=1000
train rows.yaml --out x --set prune.criterion=channel --set train.target=labels
train pruned.yaml --out x --set prune.granularity=block --set prune.block=1
train pruned.yaml --out x --set cnn_prune=0.5
echo "# whole channels are another command's"
train pruned.yaml --out x --set prune.granularity=channel
train pruned.yaml --out x --set prune.method=Slimming
sed 's/updates: 4/granularity: channel/' pruned.yaml > x.yaml; train x.yaml --out x
echo "# and the rest"
sed 's/sparsity: 0.8, //' pruned.yaml > x.yaml; train x.yaml --out x
sed 's/^train:/prune: {sparsity: 0.9}\n&/' "$TESTS/tiny-semi.yaml" > x.yaml; train x.yaml --out x
train pruned.yaml --out one --resume --set prune.sparsity=0.7
