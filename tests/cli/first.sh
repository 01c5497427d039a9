# What somebody meets who tries the command: messages that name the key and the remedy, and runs that tell of themselves.
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria:\|^note: there' err | sed "s|$TESTS|TESTS|; s|$DATA|DATA|g")"; }
epochs() { sed -n 's/^\(.*epoch *[0-9]*\)  loss *[0-9.]*  .*samples.s$/\1 loss/p' err; }

echo "# few labels: which fraction is none, where it stands, and what to do"
try train "$TESTS/tiny-semi.yaml" --data "$DATA/few-npy" --set semi.labels=0 --set 'evaluate.fractions=[0.5,0.01]' --out bad
try train "$TESTS/tiny.yaml" --data "$DATA" --set evaluate.labels=0.001 --out bad
sed 's/fractions: .*/fractions: [0.5, 0.001]/' "$TESTS/tiny.yaml" > few.yaml; try train few.yaml --data "$DATA" --out bad
try train few.yaml --data "$DATA" --set 'evaluate.fractions=[]' --epochs 1 --out few
try eval few --labels 0.001
echo "# no labels: nothing can be measured, but an epoch tells of its loss"
cp -r "$DATA/few-npy" none; python3 -c 'import struct
for part in "train", "test":
    head = open(f"none/{part}-labels.npy", "rb").read()
    size = 10 + struct.unpack("<H", head[8:10])[0]
    open(f"none/{part}-labels.npy", "wb").write(head[:size] + b"\xff" * (len(head) - size))'
try train "$TESTS/tiny.yaml" --data none --out bad
try train "$TESTS/tiny.yaml" --data none --no-eval --out unlabelled; epochs
try eval unlabelled
try train "$TESTS/tiny.yaml" --data none --no-eval --set train.epochs=35 --out long; epochs
try train "$TESTS/tiny-semi.yaml" --data "$DATA/few-npy" --set semi.labels=0 --no-eval --epochs 1 --out few-labels; epochs
echo "# a run that is none yet, and runs that are others"
try train "$TESTS/tiny.yaml" --data "$DATA" --no-eval --limit 100 --resume --out r
try train "$TESTS/tiny.yaml" --data "$DATA" --no-eval --limit 90 --resume --out r
try train "$TESTS/tiny.yaml" --data "$DATA" --no-eval --limit 100 --seed 2 --resume --out r
try train "$TESTS/tiny.yaml" --data none --no-eval --limit 100 --resume --out r
try train "$TESTS/tiny.yaml" --data "$DATA" --no-eval --limit 100 --set train.gamma=0.3 --resume --out r
try train "$TESTS/tiny.yaml" --data "$DATA" --no-eval --limit 100 --set train.epochs=9 --resume --out r
try train "$TESTS/tiny.yaml" --data "$DATA" --no-eval --limit 100 --epochs 9 --resume --out r
echo "# epochs make a run no other one where no schedule is as long, also with the files of earlier builds"
sed '/  schedule:/,/    end:/d' "$TESTS/tiny.yaml" > constant.yaml
try train constant.yaml --data "$DATA" --set train.epochs=2 --out c
python3 - c/checkpoint.safetensors <<'END'
import json, re, struct, sys
file = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", file[:8])[0]
head = json.loads(file[8:8 + size])
run = head["__metadata__"]["run"]
assert '"schedule"' not in run
head["__metadata__"]["run"] = re.sub(r'"rate":\[[^]]*\]', r'\g<0>,"schedule":{"length":2}', run, count=1)
text = json.dumps(head, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
open("old", "wb").write(struct.pack("<Q", len(text)) + text + file[8 + size:])
END
cp -r c older; cp old older/checkpoint.safetensors
try train constant.yaml --data "$DATA" --set train.epochs=5 --out straight
for run in c older; do
    try train constant.yaml --data "$DATA" --set train.epochs=5 --resume --out $run; grep -o '^epoch *[0-9]*' err
    cmp straight/model.safetensors $run/model.safetensors && echo "the same network"
done
echo "# names that are nearly right"
for name in fashion-demo unsup-bp-1layer liu2024/unsup-bp-1layr fashion-dmo nothing-like-it; do try train $name --data "$DATA/tiny" --dry-run; done
"$PLANARIA" sweep --list
try sweep semi
echo "# options whose values are wrong, and what is missing"
try train x.yaml --epochs two
try train x.yaml --epochs=two
try sweep x --seed 99999999999999999999
try eval nosuch
try train "$TESTS/tiny.yaml" --data "$DATA" --set train.winners=0 --out bad
try help fly
"$PLANARIA" help train >out; "$PLANARIA" train --help | cmp - out && echo "help train: the same as train --help"
echo "# data sets that are not all there, and where they were looked for"
mkdir -p mine; cp -r "$DATA/tiny" mine/mnist; rm mine/mnist/t10k-labels*; mkdir mine/svhn; touch mine/svhn/notes.txt; cp -r "$DATA/tiny" mine/fashion-mnist
PLANARIA_DATA=mine "$PLANARIA" data list | grep 'mine/'
try data check mine/mnist
try data info tiny --data "$DATA"; head -1 out | sed "s|$DATA|DATA|"
try data check --data "$DATA/tiny"
PLANARIA_DATA=mine XDG_CACHE_HOME=cache "$PLANARIA" data info cifar10 2>&1
echo "# options that would have no effect"
sed 's/  batch: 4/  batch: 4\n  shards: 8/' "$TESTS/tiny.yaml" > x.yaml; try train x.yaml --data "$DATA" --out bad
sed 's/fractions: .*/fractions: [0.5, 1]/' "$TESTS/tiny.yaml" > x.yaml; try train x.yaml --data "$DATA" --out bad
try train x.yaml --data "$DATA" --dry-run --set evaluate.labels=0.5
try train "$TESTS/tiny.yaml" --data "$DATA" --out bad --set 'input={steps: 4}'
try train "$TESTS/tiny.yaml" --data "$DATA" --dry-run --set 'input={steps: 4, poisson: true}' --set 'layers=[{dense: 40}, {lif: 2}, {readout: mean}]'
echo "# the best of a sweep has a folder of its own"
sed "s|BASE|$TESTS/tiny.yaml|; s/method: halving/method: random/; s/trials: 6/trials: 1/; s/epochs: 6/epochs: 1/; /first_epochs\|reduction/d" "$TESTS/tiny-sweep.yaml" > s.yaml
try sweep s.yaml --data "$DATA/tiny" --out search; grep planaria out | sed "s|$DATA|DATA|"
echo "# rows for classes, of any type, want argmax"
try data check "$DATA/npy-one-hot"
[ -e bad ] || echo "and nothing is left"
