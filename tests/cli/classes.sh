# Classes are matched by their names, and data that are not those of the training are said to be others.
python3 "$TESTS/make_classes.py"
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria\|^note' err | sed "s|$PWD|HERE|g; s|$DATA|DATA|g")"; }
train() { "$PLANARIA" train net.yaml --out "$@" --json >/dev/null 2>err || cat err; }
figure() { grep -o '"accuracy":[0-9.]*' out; }

echo "# a class that sorts first, the names alone, and other names"
train three --data bars
try eval three --data more --json; figure
try eval three --data fewer --json; figure
try eval three --data others
try eval three --data numbers --json; figure
python3 "$TESTS/model.py" plain three/model.safetensors; try eval three --data more --json; figure
echo "# with labels for the association alone"
sed 's/target: labels/target: self/; s/loss:.*/loss: mse\n  winners: 3/; s/  - dense: 16/  - dense: 40/; /dense: 4$/d; s/rate:.*/rate: [2]/; s/activation: relu/activation: hardsigm/' net.yaml > self.yaml
"$PLANARIA" train self.yaml --data bars --out self --json 2>/dev/null >out; grep -o '"direct_average":[0-9.]*' out | head -1
for options in "" "--data more" "--data more --labels 0.5"; do try eval self $options --json; grep -o '"\(labels\|direct_average\)":[0-9.]*' out; done
echo "# from another folder, and with data that moved or changed"
mkdir elsewhere; (cd elsewhere && "$PLANARIA" eval ../self --json | cut -d, -f3-) > a; "$PLANARIA" eval self --json | cut -d, -f3- | cmp - a && echo "the same figure"
mv bars moved; try eval self
mkdir mine; mv moved mine/bars; PLANARIA_DATA=mine try eval self
cp -r others mine/others; rm -r mine/bars; mv mine/others mine/bars; PLANARIA_DATA=mine try eval self
cp -r more bars; try eval self
try eval self --data bars
