# Equilibrium propagation and few labels: bits that depend on nothing but the seed, and settings that are refused.
strip() { sed 's/"train_seconds":[^,]*,"samples_per_second":[^,]*,//; s/"peak_bytes":[0-9]*,\{0,1\}//; s/,\{0,1\}"\(evaluate\|classifier\)_seconds":[^,}]*//g' "$1/metrics.jsonl"; }
train() { "$PLANARIA" train "$@" >out 2>err || { echo "failed: $*"; cat err; }; }

saved() { stat -c '%i %z' "$1/checkpoint.safetensors" 2>/dev/null; }     # other words once it is replaced

same() {   # name, configuration and settings: threads, and a run that is killed three times
    name=$1; shift
    train "$@" --data "$DATA" --out "$name" --threads 1
    for threads in 2 4; do
        train "$@" --data "$DATA" --out "$name$threads" --threads $threads
        cmp "$name/model.safetensors" "$name$threads/model.safetensors" && echo "$name, $threads threads: the same model"
    done
    train "$@" $LONG --data "$DATA" --out "$name-long" --threads 1
    kills=0
    for _ in 1 2 3; do        # each behind a checkpoint of its own
        before=$(saved "$name-killed")
        "$PLANARIA" train "$@" $LONG --data "$DATA" --out "$name-killed" --threads 1 --resume >/dev/null 2>&1 & pid=$!
        while [ "$(saved "$name-killed")" = "$before" ] && kill -0 $pid 2>/dev/null; do sleep 0.005; done
        kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
        [ $? -eq 137 ] && kills=$((kills + 1))
    done
    echo "$name, killed behind $kills checkpoints"
    train "$@" $LONG --data "$DATA" --out "$name-killed" --threads 1 --resume
    cmp "$name-long/model.safetensors" "$name-killed/model.safetensors" && echo "$name, killed and resumed: the same model"
    strip "$name-long" > a; strip "$name-killed" | cmp - a && echo "$name, killed and resumed: the same metrics"
}

LONG="--set train.epochs=90 --set evaluate.at=[6,12,18,24,30,36,42,48,54,60,66,72,78,84]"
same block "$TESTS/tiny-ep.yaml"
same euler "$TESTS/tiny-ep.yaml" --set train.ep.relaxation=euler
same sequential "$TESTS/tiny-ep.yaml" --set train.batch=1 --set train.sequential=true --set train.eta=0.1
same semi "$TESTS/tiny-semi.yaml"
sed 's/^train:/train:\n  rule: ep\n  ep:\n    relaxation: block\n    steps: 20\n    nudged_steps: 5\n    dt: 0.2\n    tolerance: 0.0001\n    beta: 0.4/; s/sigmoid/softmax/' "$TESTS/tiny-semi.yaml" > semi-ep.yaml
same semi-ep semi-ep.yaml

echo "# what an epoch's line says"
tail -n 1 semi/metrics.jsonl | python3 -c 'import json, sys; print(sorted(json.loads(sys.stdin.read())))'
grep '"epoch":2' semi/metrics.jsonl | python3 -c 'import json, sys; print(sorted(json.loads(sys.stdin.read())))'
grep '"pretrain_epoch":3' semi/metrics.jsonl | python3 -c 'import json, sys; print(sorted(json.loads(sys.stdin.read())))'
grep '"epoch":2' block/metrics.jsonl | python3 -c 'import json, sys; line = json.loads(sys.stdin.read()); print(sorted(line), 0 < line["skipped"] < 1, line["residual"] <= 1e-4)'
echo "# a shortened run with few labels is read again"
train "$TESTS/tiny-semi.yaml" --data "$DATA" --out short --epochs 2 --set semi.schedule.length=4
"$PLANARIA" eval short --data "$DATA" --json | sed 's/:[0-9.]*/:N/g'
"$PLANARIA" eval block --data "$DATA" --json | sed 's/:[0-9.]*/:N/g'

echo "# convolutions that relax, with and without labels"
cat > maps.yaml <<'END'
data: tiny
layers:
  - conv: {filters: 6, kernel: 3, pad: 1}
  - pool: {kind: average, size: 2}
  - activation: hardsigm
  - dropout: 0.1
  - conv: {filters: 20, kernel: 3, pad: 1}
  - pool: {kind: average, size: 3, stride: 2, pad: 1}
  - activation: hardsigm
  - dense: 30
  - activation: hardsigm
train:
  rule: ep
  ep: {relaxation: block, steps: 20, nudged_steps: 10, tolerance: 0.0001, beta: 0.3}
  target: self
  epochs: 3
  batch: 8
  loss: mse
  optimiser: sgd
  rate: [0.05]
  winners: 3
  gamma: 0.4
  smoothing: 0.3
  output_dropout: 0.2
evaluate: {fractions: [0.5]}
classifier: {epochs: 3, batch: 16, rate: 0.05, dropout: 0.2, activation: sigmoid}
END
labelled="--set train.target=labels --set train.winners=0 --set train.smoothing=0 --set train.output_dropout=0 --set train.gamma=0 --set layers.7.dense=4 --set classifier.epochs=0"
for how in "" "--set train.ep.relaxation=euler --set train.ep.dt=0.2 --set train.optimiser=adam --set train.rate=[0.002]" "$labelled"; do
    rm -rf m m3 cut
    train maps.yaml $how --data "$DATA" --out m --threads 1
    train maps.yaml $how --data "$DATA" --out m3 --threads 3; cmp m/model.safetensors m3/model.safetensors && echo "3 threads: the same model"
    train maps.yaml $how --data "$DATA" --out cut --epochs 1; train maps.yaml $how --data "$DATA" --out cut --resume
    cmp m/model.safetensors cut/model.safetensors && echo "resumed: the same model"
    "$PLANARIA" eval m --data "$DATA" --json | sed 's/:[0-9.]*/:N/g'
done

echo "# the classifier's features are kept, and said to be"
"$PLANARIA" train "$TESTS/tiny-ep.yaml" --data "$DATA" --out dry --dry-run | grep -c 'memory, classifier'
"$PLANARIA" train "$TESTS/tiny-ep.yaml" --data "$DATA" --out dry --dry-run --set classifier.epochs=0 | grep -c 'memory, classifier'
for run in block euler; do     # eval reads out what train read out
    linear() { grep -o '"linear":[0-9.]*' | head -n 1; }
    sed 's/"linear": /"linear":/' $run/result.json | linear > a
    "$PLANARIA" eval $run --data "$DATA" --json | linear | cmp - a && echo "$run: the same classifier"
done

echo "# refused before training, with the key and the line"
refuse() { "$PLANARIA" train "$@" --data "$DATA" --out bad >out 2>&1; echo "-> $? $(sed "s|$TESTS|TESTS|" out)"; [ -e bad ] && echo "and left something"; }
changed() { sed "$2" "$TESTS/$1" > changed.yaml; refuse changed.yaml; }
changed tiny-ep.yaml 's/beta: .*/beta: 0/'
changed tiny-ep.yaml 's/ steps: .*/ steps: 0/'
changed tiny-ep.yaml 's/winners: .*/winners: 31/'
changed tiny-semi.yaml 's/winners: 1/winners: 5/'
changed tiny-semi.yaml 's/labels: 20/labels: -20/'
changed tiny-semi.yaml 's/length: 3/length: 5/'
changed tiny-semi.yaml 's/      ratio: 0.98/&\n      length: 4/'
changed tiny-semi.yaml 's/labels: 20/labels: 241/'
for set in train.ep.beta=0 train.ep.beta=1 train.ep.steps=0 train.ep.nudged_steps=0 train.ep.tolerance=-1 train.winners=31 train.rule=bp; do
    refuse "$TESTS/tiny-ep.yaml" --set $set
done
refuse "$TESTS/tiny-ep.yaml" --set train.ep.relaxation=euler --set train.ep.dt=0
for set in train.momentum=0.9 train.weight_decay=0.1 train.clip=1 train.eta=0.5 layers.2.activation=relu layers.5.activation=softmax; do
    refuse "$TESTS/tiny-ep.yaml" --set $set
done
changed tiny-ep.yaml '/^  - activation/d'
changed tiny-ep.yaml 's/  - dense: 30/  - dense: 30\n  - dropout: 0.1/'
refuse semi-ep.yaml --set layers.2.activation=sigmoid
edited() { sed "$1" maps.yaml > changed.yaml; refuse changed.yaml; }
edited 's/kind: average, size: 2/kind: max, size: 2/'
edited 's/^  - dense/  - norm: joint\n&/'
edited 's/^  - dropout.*/  - pool: average/'
edited 's/^  - dense/  - {conv: {filters: 20, kernel: 3, pad: 1}, from: 2}\n  - activation: hardsigm\n&/'
edited 's/^layers/input: {steps: 2}\n&/'
for set in semi.labels=241 semi.labels=-1 semi.labels=240 semi.batch=0 semi.schedule.length=5 semi.pretrain.schedule.length=4 train.target=labels train.winners=5; do
    refuse "$TESTS/tiny-semi.yaml" --set $set
done
