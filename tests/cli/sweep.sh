# Sweeps: the same trials for any number of workers, killed or not; only validation samples; bad input before any training.
sed "s|BASE|$TESTS/tiny.yaml|" "$TESTS/tiny-sweep.yaml" > s.yaml
sweep() { "$PLANARIA" sweep "$@" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$DATA|DATA|g; s|$TESTS|TESTS|g")"; }
strip() { sed 's/,"seconds":[^,]*//' "$1/trials.jsonl"; }
same() { strip "$1" > a; strip h1 | cmp - a && cmp h1/best.yaml "$1/best.yaml" && echo "$1: the same trials and the same best"; }

sweep s.yaml --data "$DATA" --out h1 --workers 1
grep -c '^trial' err; tr -d -c '\033\r' < err | wc -c | tr -d ' '; head -1 out; grep -c ' %  ' out
strip h1 | grep '"rung":1' | sed 's/"metric":[0-9.]*/"metric":N/'
strip h1 | grep -o '"rung":[123],"epochs":[0-9]*' | sort | uniq -c | tr -s ' '
sweep s.yaml --data "$DATA" --out h2 --workers 2; same h2
echo "# a trial that went on trained every epoch once"
best=$(strip h1 | tail -1 | grep -o '"trial":[0-9]*' | tr -d -c 0-9)
grep -o '^{"epoch":[0-9]*' h1/trial-000$best/run/metrics.jsonl | tr -d -c '0-9\n' | tr '\n' ' '; echo
echo "# the database says the same"
python3 - <<'END'
import json, sqlite3
lines = [json.loads(line) for line in open("h1/trials.jsonl")]
db = sqlite3.connect("h1/sweep.sqlite")
print([tuple(l[k] for k in ("trial", "epochs")) + (round(l["metric"], 9),) for l in lines] ==
      [(t, e, round(m, 9)) for t, e, m in db.execute("SELECT trial, epochs, metric FROM result ORDER BY epochs, trial")])
print(sorted(s for s, in db.execute("SELECT state FROM trial")))
print(all(json.loads(s) == next(l["settings"] for l in lines if l["trial"] == i)
          for i, s in db.execute("SELECT id, settings FROM trial")))
END
echo "# the first samples only; a sweep of other samples is another"
sweep s.yaml --data "$DATA" --out few --limit 100
grep -o '"train": *[0-9]*' few/trial-0001/run/manifest.json; strip few | cmp -s - a || echo "other figures"
sweep s.yaml --data "$DATA" --out few

echo "# killed again and again"
for delay in 0.1 0.15 0.2 0.25 0.3 0.35; do
    "$PLANARIA" sweep s.yaml --data "$DATA" --out killed --workers 2 >/dev/null 2>err & pid=$!
    sleep $delay; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
done
sweep s.yaml --data "$DATA" --out killed --workers 2; same killed
sweep s.yaml --data "$DATA" --out killed --json; cmp err /dev/null && sed 's/[0-9][0-9.e-]*/N/g' out | cut -c1-170
echo "# test files of garbage, and none"
cp -r "$DATA/tiny" garbage; for f in garbage/t10k*; do head -c 777 /dev/urandom > "$f"; done
cp -r "$DATA/tiny" none; rm none/t10k*
for set in garbage none; do sweep s.yaml --data $set --out $set-h; same $set-h; done
echo "# the best settings, with all training samples and the test"
"$PLANARIA" train h1/best.yaml --data "$DATA" --out best >out 2>err; echo "-> $? $(head -1 out)"
grep -E '"(train|test|evaluated_on)"' best/manifest.json
grep '^ *validation:' h1/best.yaml

echo "# Ctrl-C: the trainings keep a checkpoint, and the same command goes on"
sed '/first_epochs/d; /reduction/d; s/halving/random/; s/trials: 6/trials: 3/' s.yaml > random.yaml
sed 's/epochs: 6/epochs: 100000/' random.yaml > long.yaml
begun() { while ! grep -qs '"epoch":1,' "$1/trial-0001/run/metrics.jsonl" || ! grep -qs '"epoch":1,' "$1/trial-0002/run/metrics.jsonl"; do sleep 0.02; done; }
for signal in INT TERM; do
    "$PLANARIA" sweep long.yaml --data "$DATA" --out $signal --workers 2 >out 2>err & pid=$!
    begun $signal; kill -$signal $pid; wait $pid; echo "-> $? $(cat err)"
    for i in 1 2; do [ -f $signal/trial-000$i/run/checkpoint.safetensors ] && grep -c interrupted $signal/trial-000$i/log.txt; done
    wc -c < $signal/trials.jsonl | tr -d ' '
done
"$PLANARIA" sweep long.yaml --data "$DATA" --out INT --workers 1 >out 2>/dev/null & pid=$!
while ! grep -qs '"--threads"' INT/trial-0001/run/manifest.json; do sleep 0.02; done; sleep 0.5
"$PLANARIA" sweep long.yaml --data "$DATA" --out INT 2>&1 | cut -c1-57; kill -9 $pid; wait $pid 2>/dev/null
echo "# somebody ends one training: the sweep stops, and that trial is still open"
"$PLANARIA" sweep long.yaml --data "$DATA" --out ended --workers 2 >out 2>err & pid=$!
begun ended; kill -9 "$(grep -l "^PPid:[[:space:]]*$pid$" /proc/[0-9]*/status 2>/dev/null | head -1 | cut -d/ -f3)"; wait $pid
echo "-> $? $(sed 's/trial [12]/trial N/' err)"; wc -c < ended/trials.jsonl | tr -d ' '
sed 's/epochs: 6/epochs: 3000/' random.yaml > mid.yaml
sweep mid.yaml --data "$DATA" --out m1
"$PLANARIA" sweep mid.yaml --data "$DATA" --out m2 --workers 2 >out 2>err & pid=$!
begun m2; kill -INT $pid; wait $pid
sweep mid.yaml --data "$DATA" --out m2 --workers 1
strip m1 > a; strip m2 | cmp - a && echo "the same"

echo "# random, two seeds a trial, the classifier's figure; a longer search has the same beginning"
sed '/first_epochs/d; /reduction/d; s/halving/random/; s/direct_average/linear/; s/trials: 6/trials: 2/; s/^seed:/seeds_per_trial: 2\nseed:/; s/epochs: 6/epochs: 2/' s.yaml > r.yaml
sweep r.yaml --data "$DATA" --out r3 --trials 3
sweep r.yaml --data "$DATA" --out r2; sweep r.yaml --data "$DATA" --out r2 --trials 3
strip r2 > a; strip r3 | cmp - a && echo "the same"; ls r2/trial-0001; grep -c . r2/trials.jsonl
cp r2/best.yaml kept; sweep r.yaml --data "$DATA" --out r2 --trials 2; cmp kept r2/best.yaml && echo "and the best is the same"
python3 - <<'END'
import json
runs = [json.load(open(f"r2/trial-0002/{r}/result.json")) for r in ("run", "run-2")]
line = [json.loads(line) for line in open("r2/trials.jsonl")][1]
print(abs(line["metric"] - (runs[0]["linear"] + runs[1]["linear"]) / 2) < 1e-9, [r["seed"] for r in runs])
END
echo "# a trial that fails is no end of the others; when all do, there is no best"
mkdir -p f/trial-0001 f/trial-0002; echo x > f/trial-0001/run
sweep r.yaml --data "$DATA" --out f; grep -v '^trial .* rung' err; grep -o '"trial":1.*' f/trials.jsonl | grep -oE '"(metric|state)":[a-z"]*'
grep failed out
sweep r.yaml --data "$DATA" --out f --json; grep -o '"failed":[0-9]*' out
mkdir -p g/trial-0001 g/trial-0002; echo x > g/trial-0001/run; echo x > g/trial-0002/run
sweep r.yaml --data "$DATA" --out g; [ -e g/best.yaml ] || echo "no best"

echo "# another sweep's folder"
sweep s.yaml --data "$DATA" --out h1 --seed 6
sweep s.yaml --data "$DATA" --out h1 --trials 7
sweep s.yaml --data "$DATA/other" --out h1
sed 's/to: 0.5/to: 0.6/' s.yaml > other.yaml; sweep other.yaml --data "$DATA" --out h1
echo "no database at all, whatever it is called" > r2/sweep.sqlite; sweep r.yaml --data "$DATA" --out r2
echo "# refused, with the line, before anything is trained"
refused() { echo "$1"; sed "$1" s.yaml > x.yaml; sweep x.yaml --data "$DATA" --out x; }
refused 's/trials:/trails:/'
refused 's/scale: log}/skale: log}/'
refused 's/trials: 6/trials: 0/'
refused 's/trials: 6/trials: 1e2/'
refused 's/epochs: 6/epochs: 0/'
refused 's/seed: 5/seed: -5/'
refused 's/validation: 0.2/validation: 0/'
refused 's/validation: 0.2/validation: 0.0001/'
refused 's/first_epochs: 1/first_epochs: 7/'
refused 's/reduction: 3/reduction: 1/'
refused 's/method: halving/method: random/'
refused 's/method: halving/method: clever/'
refused 's/metric: direct_average/metric: linear/'
refused 's/metric: direct_average/metric: accuracy/'
refused 's/metric: direct_average/metric: error/'
refused '/ranges/,$d'
refused '/{/d'
refused 's/, from: 0.1, to: 1,/,/'
refused 's/, to: 1,/,/'
refused 's/from: 0.1, to: 1,/from: 1, to: 0.1,/'
refused 's/from: 0.1, to: 1,/from: 0, to: 1,/'
refused 's/from: 0.1, to: 1,/from: a, to: 1,/'
refused 's/from: 1, to: 4/from: 1.5, to: 4/'
refused 's/\[4, 8\]/[]/'
refused 's/\[4, 8\]/[4, 8], from: 1/'
refused 's/\[4, 8\]/[4, many]/'
refused 's/train.gamma/train.gama/'
refused 's/train.gamma/train.schedule/'
refused 's/train.gamma/semi.rate/'
refused 's/train.gamma/train.epochs/'
refused 's/train.gamma/train.batch/'
refused 's/index: 0, //'
refused 's/index: 0/index: 1/'
refused 's/index: 0/index: -1/'
refused 's/layers.0.dropout, from: 0, to: 0.5/layers.0.dropout, from: 1, to: 2/'
refused 's/from: 1, to: 4/from: 60, to: 90/'
refused 's/train.output_dropout=0.1/train.output_dropuot=0.1/'
refused 's/train.output_dropout=0.1/evaluate.validation=0.5/'
refused 's/train.output_dropout=0.1/nothing/'
refused 's/^base: .*/base: no-such/'
sweep no-such --data "$DATA"
sweep s.yaml --data "$DATA/nothing" --out x
sed 's/train.output_dropout=0.1/train.target=labels/; s/direct_average/accuracy/' s.yaml > x.yaml; sweep x.yaml --data "$DATA/few-npy" --out x
sed "s|^base:.*|base: $TESTS/tiny-semi.yaml|; s/direct_average/accuracy/; s/train.output_dropout=0.1/semi.labels=200/; s/epochs: 6/epochs: 4/" s.yaml > x.yaml
sweep x.yaml --data "$DATA" --out x
sed "s|^base:.*|base: $TESTS/tiny-ep.yaml|; s/train.batch, choose: \[4, 8\]/layers.2.activation, choose: [hardsigm, relu]/" s.yaml > x.yaml
sweep x.yaml --data "$DATA" --out x
[ -e x ] || echo "and nothing is left"
echo "# the sweeps that come with planaria pass all these checks"
for s in 100 300; do : > file; sweep semi-bp-$s --data "$DATA/many" --out file/x; done
