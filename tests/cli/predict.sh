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
"$PLANARIA" predict tiny/model.safetensors "$DATA/tiny-npy" --json | sed "s|\"file\":\"$DATA/tiny-npy\",||" | cmp - lines && echo "the model file and its data as arrays: the same"
"$PLANARIA" predict tiny/model.safetensors "$DATA/tiny-npy/test-images.npy" --csv | tail -n +2 | cut -d, -f2-3 > a
"$PLANARIA" predict tiny --csv | tail -n +2 | cut -d, -f2-3 | cmp - a && echo "an array alone: the same"
"$PLANARIA" predict tiny --labels 0.5 --csv | cmp -s - a || echo "another share of the labels"
"$PLANARIA" predict tiny --part train --csv | wc -l
echo "# files, one by one and all at once, a name that is not text, and what cannot be read"
python3 "$TESTS/make_classes.py"
"$PLANARIA" train net.yaml --data bars --out three --json >/dev/null 2>err || cat err
cp bars/test/bee/0.png 'odd,"name.png'
"$PLANARIA" predict three bars/test 'odd,"name.png' --csv > all
(head -1 all; for f in bars/test/*/*.png 'odd,"name.png'; do "$PLANARIA" predict three/model.safetensors "$f" --csv | tail -1; done) | cmp - all && echo "the same"
tail -1 all | cut -d, -f1-4; "$PLANARIA" predict three - < bars/test/cat/3.png | cut -d. -f1
echo "text" > bars/test/cat/broken.png; echo "more" > bars/test/cat/other.gif; try predict three bars/test --json; wc -l < out
try predict three numbers/t10k-images-idx3-ubyte; wc -l < out
odd=$(printf 'b\303\251 \377.png'); cp bars/test/bee/0.png "$odd"; "$PLANARIA" predict three "$odd" --json | cut -d, -f1-2
mkdir two; cp numbers/*-images-* two; mv two/train-images-idx3-ubyte two/train.npy
several() { "$PLANARIA" predict three numbers/t10k-images-idx3-ubyte two bars/test/cat numbers "$@" 2>/dev/null; }
several | sed 's/^\([^ ]* [^ ]*\) .*/\1/' | sed -n '18,19p; 55p; $p'
several --csv | cut -d, -f1-3 | sed -n '1p; 19,20p; 56p; $p'
several --json | cut -d, -f1-2 | sed -n '18,19p; 55p; $p'
try predict three "$DATA/tiny"
echo "# into folders, without overwriting"
mkdir -p mixed/more; cp bars/test/cat/1.png mixed/1.png; cp bars/test/cat/2.png mixed/more/1.png; cp bars/test/dog/1.png mixed/2.png
try predict three mixed --sort --out sorted; find sorted -type f | sort; cmp sorted/cat/1-2.png bars/test/cat/2.png && echo "copied"
try predict three mixed --sort --out sorted
try predict three mixed --sort --link --out linked; find linked -type l | sort; cmp linked/dog/2.png bars/test/dog/1.png && echo "linked"
try predict three numbers --sort --out none
echo "# features of layers: shapes, labels and names beside them; the last layer's say what predict says"
cat > array.py <<'END_OF_PYTHON'
import ast, struct, sys
content = open(sys.argv[1], "rb").read()
size, = struct.unpack_from("<H", content, 8)
head = ast.literal_eval(content[10:10 + size].decode())
count = (len(content) - 10 - size) // 4
values = struct.unpack_from(f"<{count}{'f' if head['descr'] == '<f4' else 'i'}", content, 10 + size)
print(head["descr"], head["shape"], (10 + size) % 64, len(content))
if len(sys.argv) > 2:
    width = head["shape"][1]
    rows = [values[i:i + width] for i in range(0, count, width)]
    print([max(row[:3]) for row in rows] == [struct.unpack("f", struct.pack("f", float(line.split(",")[3])))[0] for line in open(sys.argv[2])])
END_OF_PYTHON
try features three bars/test/cat --out some.npy; python3 array.py some.npy; grep -c broken some.files.txt
rm bars/test/cat/broken.png; try features three --out x.npy; python3 array.py x.npy; python3 array.py x.labels.npy; ls x.*
try features three/model.safetensors bars/train/bee bars/train/cat --out files.npy --layer 0; python3 array.py files.npy; head -2 files.files.txt
tail -n +2 all | grep -v odd > wanted; try features three bars/test --out test.npy; python3 array.py test.npy wanted
for layer in 0 1 2 3; do try features conv --layer $layer --out conv$layer.npy --part train; [ ! -e conv$layer.npy ] || python3 array.py conv$layer.npy; done
try features tiny-spiking --layer 1 --out none.npy
try features three --out x.npy
try features three
try features three --layer 9 --out none.npy
try features three mixed numbers --out none.npy; ls none.*
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
for command in predict "features --out none.npy"; do
    try $command three mixed --part train
    try $command three mixed --part none
    try $command three mixed --data bars
    try $command three/model.safetensors "$DATA/tiny-npy" --data bars
done
"$PLANARIA" predict tiny mixed "$DATA/tiny-npy" --part train --csv 2>/dev/null | wc -l; ls none.*
cp three/model.safetensors plain.safetensors; python3 "$TESTS/model.py" plain plain.safetensors; try predict plain.safetensors bars/test
python3 "$TESTS/model.py" plain tiny/model.safetensors; "$PLANARIA" predict tiny --json | cmp - lines && echo "a run of an earlier version: the same"
