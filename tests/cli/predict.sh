# What a model says of samples adds up to what eval counts, whatever it is asked about at once.
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria\|^note\|by class' err | sed "s|$PWD|HERE|g; s|$DATA|DATA|g")"; }
cat > count.py <<'END_OF_PYTHON'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
figures = json.load(open(sys.argv[2]))
print(sum(line["class"] == line["label"] for line in lines) / len(lines) == figures[sys.argv[3]], len(lines))
END_OF_PYTHON
cat > conv.yaml <<'END_OF_YAML'
data: tiny
input: {steps: 1}
layers: [{conv: {filters: 4, kernel: 3, pad: 1}}, {activation: relu}, {pool: {kind: max, size: 2}}, {dense: 20}, {activation: hardsigm}]
train: {target: self, epochs: 2, batch: 4, loss: mse, optimiser: sgd, rate: [1], winners: 2}
END_OF_YAML

echo "# dense, with a classifier; relaxing; of convolutions; spiking"
for name in tiny tiny-ep conv tiny-spiking; do
    file="$TESTS/$name.yaml"; [ -e "$file" ] || file=$name.yaml
    "$PLANARIA" train "$file" --data "$DATA" --epochs 2 --out $name --json >/dev/null 2>err || cat err
    "$PLANARIA" eval $name --json >figures
    for way in association unit classifier outputs; do
        "$PLANARIA" predict $name --by $way --json >lines 2>err || continue
        case $way in association) key=direct_average ;; unit) key=direct_max ;; classifier) key=linear ;; *) key=accuracy ;; esac
        grep -q $key figures && echo "$name: $(python3 count.py lines figures $key) $way"
    done
done
"$PLANARIA" predict tiny --json >lines; "$PLANARIA" predict tiny --threads 1 --json | cmp - lines && echo "one thread: the same"
"$PLANARIA" predict tiny/model.safetensors "$DATA/tiny-npy" --json | cmp - lines && echo "the model file and its data as arrays: the same"
"$PLANARIA" predict tiny/model.safetensors "$DATA/tiny-npy/test-images.npy" --csv | tail -n +2 | cut -d, -f1-2 > a
"$PLANARIA" predict tiny --csv | tail -n +2 | cut -d, -f1-2 | cmp - a && echo "an array alone: the same"
"$PLANARIA" predict tiny --labels 0.5 --csv | cmp -s - a || echo "another share of the labels"
"$PLANARIA" predict tiny --part train --csv | wc -l
echo "# files, one by one and all at once, a name that is not text, and what cannot be read"
python3 "$TESTS/make_classes.py"
"$PLANARIA" train net.yaml --data bars --out three --json >/dev/null 2>err || cat err
cp bars/test/bee/0.png 'odd,"name.png'
"$PLANARIA" predict three bars/test 'odd,"name.png' --csv > all
(head -1 all; for f in bars/test/*/*.png 'odd,"name.png'; do "$PLANARIA" predict three/model.safetensors "$f" --csv | tail -1; done) | cmp - all && echo "the same"
tail -1 all | cut -d, -f1-3; "$PLANARIA" predict three - < bars/test/cat/3.png | cut -d. -f1
echo "text" > bars/test/cat/broken.png; echo "more" > bars/test/cat/other.gif; try predict three bars/test --json; wc -l < out
try predict three numbers/t10k-images-idx3-ubyte; wc -l < out
try predict three "$DATA/tiny"
echo "# into folders, without overwriting"
mkdir -p mixed/more; cp bars/test/cat/1.png mixed/1.png; cp bars/test/cat/2.png mixed/more/1.png; cp bars/test/dog/1.png mixed/2.png
try predict three mixed --sort --out sorted; find sorted -type f | sort; cmp sorted/cat/1-2.png bars/test/cat/2.png && echo "copied"
try predict three mixed --sort --out sorted
try predict three mixed --sort --link --out linked; find linked -type l | sort; cmp linked/dog/2.png bars/test/dog/1.png && echo "linked"
try predict three numbers --sort --out none
echo "# what cannot be asked"
try predict
try predict nothing bars
try predict three/model.safetensors
try predict three --by luck
try predict three --by classifier
try predict three --by association
try predict tiny --labels 0.3
try predict three bars --sort
try predict three bars --json --csv
try predict three/model.safetensors bars --best
cp three/model.safetensors plain.safetensors; python3 "$TESTS/model.py" plain plain.safetensors; try predict plain.safetensors bars/test
python3 "$TESTS/model.py" plain tiny/model.safetensors; "$PLANARIA" predict tiny --json | cmp - lines && echo "a run of an earlier version: the same"
