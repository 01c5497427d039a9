# As many threads as the process may use processors; a limit of memory that leaves OpenBLAS no room for its own.
train() { "$@" "$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out r --force >out 2>err || cat err; grep '"threads"' r/manifest.json; }
one=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')
echo "# one processor"
train taskset -c "$one"
echo "# OMP_NUM_THREADS"
train env OMP_NUM_THREADS=1
train env OMP_NUM_THREADS=1,4
train env OMP_NUM_THREADS=0 taskset -c "$one"
echo "# an option is above both"
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out r --force --threads 3 >out 2>err; grep '"threads"' r/manifest.json
OMP_NUM_THREADS=1 taskset -c "$one" "$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out r --force --threads 3 >out 2>err; grep '"threads"' r/manifest.json
echo "# a batch in four shards: no other model for other threads, another one than a whole batch's"
for t in 1 2 4; do
    "$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out s$t --threads $t --set train.shards=4 >out 2>err || cat err
    cmp s1/model.safetensors s$t/model.safetensors && echo same
done
cmp -s s1/model.safetensors r/model.safetensors || echo other
grep shards s1/config.yaml
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out s1 --resume --set train.shards=2; echo "-> $?"
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out s3 --set train.shards=3; echo "-> $?"
sed '/^train:/a\  shards: 5' "$TESTS/tiny.yaml" > five.yaml; "$PLANARIA" train five.yaml --data "$DATA" --out s3; echo "-> $?"
echo "# a training of a sweep"
sed "s|BASE|$TESTS/tiny.yaml|" "$TESTS/tiny-sweep.yaml" > sweep.yaml
taskset -c "$one" "$PLANARIA" sweep sweep.yaml --data "$DATA" --out s --trials 1 --workers 1 >out 2>err || cat err
grep '"threads"' s/trial-0001/run/manifest.json

echo "# little memory: it ends"
# A sanitizer's program needs more than there is, whatever OpenBLAS does.
# The last word is the inner shell's own, which else leaves it to the outer one to tell of a signal.
if (ulimit -v 200000; OPENBLAS_NUM_THREADS=1 "$PLANARIA" --version; exit $?) >/dev/null 2>&1; then
    for limit in 120000 200000; do
        (ulimit -v $limit; unset OPENBLAS_NUM_THREADS; timeout -k 1 60 "$PLANARIA" --version; echo "-> $?")
    done
    (ulimit -v 200000; OPENBLAS_NUM_THREADS=7 timeout -k 1 60 "$PLANARIA" --version; echo "-> $?")
else
    for _ in 1 2 3; do "$PLANARIA" --version; echo "-> $?"; done
fi
