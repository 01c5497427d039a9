# Ctrl-C leaves a checkpoint and says so; what is resumed must be the same run.
sed 's/epochs: 6$/epochs: 30000/' "$TESTS/tiny.yaml" > long.yaml
sed 's/epochs: 3$/epochs: 90000/' "$TESTS/tiny.yaml" > classifier.yaml
for signal in INT TERM; do
    "$PLANARIA" train long.yaml --data "$DATA" --out r$signal --json >out 2>err & pid=$!
    sleep 0.4; kill -$signal $pid; wait $pid
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
head -c 1000 rINT/checkpoint.safetensors > cut; cp cut rINT/checkpoint.safetensors
other long.yaml $run --resume
: > rINT/checkpoint.safetensors; other long.yaml $run --resume
echo "# other lengths than before, with the classifier under way"
"$PLANARIA" train classifier.yaml --data "$DATA" --out c --epochs 3 --json >out 2>err & pid=$!
sleep 0.6; kill -INT $pid; wait $pid; echo "$?"
cp c/model.safetensors before
"$PLANARIA" train classifier.yaml --data "$DATA" --out c --resume --epochs 6 --json >out 2>err & pid=$!
sleep 0.6; kill -INT $pid 2>/dev/null; wait $pid
if [ "$(grep -c '  epochs: 6' c/config.yaml)" = 1 ] && cmp -s before c/model.safetensors; then
    echo "WRONG: config.yaml says 6 epochs, the model has 3"
else
    echo "model and configuration agree"
fi
