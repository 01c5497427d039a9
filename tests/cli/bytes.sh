# The model does not depend on threads, --json, the form of the data or the clock.
train() { "$PLANARIA" train "$TESTS/tiny.yaml" "$@" >out 2>err || { echo "failed: $*"; cat err; }; }
compare() { for f in model classifier; do ${2:-cmp} $f.ref "$1/$f.safetensors" && echo "$1: $f is the same"; done; }
but_for_data() { python3 "$TESTS/model.py" same "$1" "$2"; }
strip() { sed 's/"train_seconds":[^,]*,"samples_per_second":[^,]*,//; s/"peak_bytes":[0-9]*,\{0,1\}//; s/,\{0,1\}"\(evaluate\|classifier\)_seconds":[^,}]*//g' "$1/metrics.jsonl"; }

train --data "$DATA" --out one --threads 1
for f in model classifier; do cp one/$f.safetensors $f.ref; done
strip one > metrics.ref
for threads in 2 4; do train --data "$DATA" --out threads$threads --threads $threads; compare threads$threads; done
train --data "$DATA" --out json --json; compare json
train --data "$DATA/tiny-gz" --out zipped; compare zipped
train --data "$DATA/tiny-npy" --out npy; compare npy but_for_data
for run in threads2 threads4 json zipped npy; do strip $run | cmp - metrics.ref && echo "$run: metrics are the same"; done
train --data "$DATA" --out seed --seed 2; cmp -s model.ref seed/model.safetensors || echo "another seed gives another model"
