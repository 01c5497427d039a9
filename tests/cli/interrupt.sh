# Ctrl-C leaves a checkpoint and says so; what is resumed must be the same run.
sed 's/epochs: 6$/epochs: 30000/' "$TESTS/tiny.yaml" > long.yaml
sed 's/epochs: 3$/epochs: 90000/' "$TESTS/tiny.yaml" > classifier.yaml
for signal in INT TERM; do
    "$PLANARIA" train long.yaml --data "$DATA" --out r$signal --json >out 2>err & pid=$!
    while [ ! -f r$signal/metrics.jsonl ]; do sleep 0.05; done; sleep 0.3      # a shell has its background ignore what comes earlier
    kill -$signal $pid; wait $pid
    echo "$signal: $?, $(wc -c <out | tr -d ' ') bytes on stdout, $(grep -c 'interrupted' err) line on stderr"
    [ -f r$signal/checkpoint.safetensors ] && echo "checkpoint is there"
    [ -f r$signal/model.safetensors ] || echo "no model yet"
done
run="--data $DATA --out rINT --json"
other() { "$PLANARIA" train "$@" >out 2>err; echo "$? $(sed "s|$DATA|DATA|g" err)"; }
echo "# not this run"
other long.yaml $run
other long.yaml $run --resume --seed 2
other long.yaml $run --resume --set train.gamma=0.5
other long.yaml $run --resume --limit 100
other long.yaml --data "$DATA/other" --out rINT --resume
echo "# damaged checkpoints"
head -c 1000 rINT/checkpoint.safetensors > "cut"; cp cut rINT/checkpoint.safetensors
other long.yaml $run --resume | sed 's/have [0-9]* bytes/have N bytes/'     # as long as the epoch's number
: > rINT/checkpoint.safetensors; other long.yaml $run --resume
echo "# other lengths than before, while the classifier is under way"
"$PLANARIA" train classifier.yaml --data "$DATA" --out c --epochs 3 --json >out 2>err & pid=$!
while [ ! -f c/model.safetensors ]; do sleep 0.05; done; sleep 0.3
kill -INT $pid; wait $pid; echo "$?"
other classifier.yaml --data "$DATA" --out c --resume --epochs 6 --json
other classifier.yaml --data "$DATA" --out c --resume --epochs 2 --json
grep -c '  stop_after: 3$' c/config.yaml
echo "# inside the second epoch there is no way back to the first"
sed '/^classifier/,$d; s/dense: 40/dense: 3000/; s/epochs: 6/epochs: 50/; s/at: .*/at: [1]/; /fractions/d' "$TESTS/tiny.yaml" > slow.yaml
"$PLANARIA" train slow.yaml --data "$DATA/many" --out slow --json >out 2>err & pid=$!
while ! grep -qs '"epoch":1,' slow/metrics.jsonl; do sleep 0.02; done; sleep 0.05
kill -INT $pid; wait $pid; echo "$?"
other slow.yaml --data "$DATA/many" --out slow --resume --epochs 1 --json | grep -oE '^1 |already, 1 are wanted'
[ -f slow/model.safetensors ] || echo "no model"
"$PLANARIA" inspect slow | tail -1
echo "# a finished run may be lengthened if it has no classifier"
sed '/^classifier/,$d' "$TESTS/tiny.yaml" > plain.yaml
other plain.yaml --data "$DATA" --out whole --json
other plain.yaml --data "$DATA" --out longer --epochs 3 --json
other plain.yaml --data "$DATA" --out longer --resume --json
cmp whole/model.safetensors longer/model.safetensors && echo "same bytes"
other plain.yaml --data "$DATA" --out longer --resume --epochs 3 --json
echo "# a run of no epochs leaves no checkpoint, and is still another run"
sed 's/epochs: 6/epochs: 0/' plain.yaml > zero.yaml
other zero.yaml --data "$DATA" --out zero --json
other zero.yaml --data "$DATA" --out zero --resume --seed 7 --json
other zero.yaml --data "$DATA" --out zero --resume --json
echo "# two at once"
"$PLANARIA" train long.yaml --data "$DATA" --out two --json >/dev/null 2>&1 & pid=$!
while [ ! -f two/manifest.json ]; do sleep 0.02; done
other long.yaml --data "$DATA" --out two --resume
other long.yaml --data "$DATA" --out two --force
kill -KILL $pid; wait $pid 2>/dev/null
echo "# a killed process holds no lock, and what it left half-written goes"
: > two/checkpoint.safetensors.Abc123; : > two/fields.png.part; : > two/notes.Abc123
other plain.yaml --data "$DATA" --out two --force --json
ls two
