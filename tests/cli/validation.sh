# evaluate.validation: figures of a part of the training set, and test files that nobody opens.
train() { "$PLANARIA" train "$@" --out "$run" >out 2>err; echo "$run: $? $(grep planaria: err | sed "s|$TESTS/||")"; }
field() { python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); print(m["evaluated_on"], m["data"]["train"], m["data"]["test"])' "$1/manifest.json"; }
figures() { grep -oE '"(direct_average|direct_max|linear|accuracy)":[0-9.]*' "$1" | sort -u; }

run=plain; train "$TESTS/tiny.yaml" --data "$DATA" --epochs 2; field plain; head -1 out
run=r; train "$TESTS/tiny.yaml" --data "$DATA" --set evaluate.validation=0.25; field r; head -1 out
run=limited; train "$TESTS/tiny.yaml" --data "$DATA" --set evaluate.validation=0.25 --limit 100 --epochs 2; field limited

echo "# a test set of garbage, or none, changes nothing"
cp -r "$DATA/tiny" garbage; for f in garbage/t10k*; do head -c 777 /dev/urandom > "$f"; done
cp -r "$DATA/tiny" none; rm none/t10k*
for set in garbage none; do
    run=$set-r; train "$TESTS/tiny.yaml" --data $set --set evaluate.validation=0.25
    for f in model classifier; do cmp r/$f.safetensors $run/$f.safetensors && echo "$f: same bytes"; done
    "$PLANARIA" eval $run --data $set --json | figures /dev/stdin > a
    "$PLANARIA" eval r --data "$DATA" --json | figures /dev/stdin | cmp - a && echo "eval: the same"
    run=$set-t; train "$TESTS/tiny.yaml" --data $set | cut -d: -f1,2
done
echo "# few labels, and a run that goes on"
run=semi; train "$TESTS/tiny-semi.yaml" --data none --set evaluate.validation=0.1; field semi
run="cut"; train "$TESTS/tiny-semi.yaml" --data none --set evaluate.validation=0.1 --epochs 2
run="cut"; train "$TESTS/tiny-semi.yaml" --data none --set evaluate.validation=0.1 --resume
cmp semi/model.safetensors cut/model.safetensors && echo "same bytes"
run="cut"; train "$TESTS/tiny-semi.yaml" --data "$DATA" --resume
sed 's/    length: 3/    ratio: 0/' "$TESTS/tiny-semi.yaml" > open.yaml
run=open; train open.yaml --data "$DATA"
run=open-cut; train open.yaml --data "$DATA" --epochs 2
run=open-cut; train open.yaml --data "$DATA" --resume
cmp open/model.safetensors open-cut/model.safetensors && echo "a schedule without a length is as long as the configuration says"

echo "# a figure of the whole run stands beside the whole run only"
(cat "$TESTS/tiny.yaml"; printf 'expected:\n  direct_average: 0.5\n') > known.yaml
run=known-whole; train known.yaml --data "$DATA"; head -1 out; grep reference: out
run=known-other; train known.yaml --data "$DATA" --set train.gamma=0.3; head -1 out; grep reference: out
run=known-cut; train known.yaml --data "$DATA" --epochs 2; head -1 out
run=known-held; train known.yaml --data "$DATA" --set evaluate.validation=0.25; head -1 out

echo "# refused"
for share in 1 -0.1 2 x 0.001 0.999; do
    run=bad; train "$TESTS/tiny.yaml" --data "$DATA" --set evaluate.validation=$share
done
[ -e bad ] || echo "and nothing is left"
