# Configurations: what is wrong, in which line, and with what remedy.
change() { sed "$1" "$TESTS/tiny.yaml" > x.yaml; }
try() { "$PLANARIA" train x.yaml --data "$DATA" --out r --dry-run --json "$@" >out 2>err; echo "-> $?: $(sed "s|$DATA|DATA|g" err)"; }
refused() { echo "$1"; change "$1"; try; }

change ''; try | sed 's/[0-9.]* MB/N MB/'
refused 's/gamma:/gama:/'
refused 's/gamma:/flux:/'
refused 's/^data:/dta:/'
refused 's/batch: 4/batch: many/'
refused 's/batch: 4/batch: 1e2/'
refused 's/batch: 4/batch: 010/'
refused 's/batch: 4/batch: 4x/'
refused 's/batch: 4/batch: 0/'
refused 's/batch: 4/batch: 99999999999999999999/'
refused 's/gamma: 0.4/gamma: 0,4/'
refused 's/gamma: 0.4/gamma: nan/'
refused 's/gamma: 0.4/gamma: -1/'
refused 's/gamma: 0.4/gamma: 1e99/'
refused 's/gamma: 0.4/gamma: [1]/'
refused 's/rate: \[2\]/rate: 2/'
refused 's/  kind: linear/  - linear/; /    start/d; /    end/d'
refused '/^  at:/d; /^  split_seed:/d; /^  fractions:/d'
refused 's/rate: \[2\]/rate: [2, 3]/'
refused 's/winners: 2/winners: 50/'
refused 's/winners: 2/winners: 0/'
refused 's/dropout: 0.2$/dropout: 1/'
refused 's/dense: 40/dense: -1/'
refused 's/dense: 40/dropout: 0.1/'
refused 's/hardsigm/hardsigmoid/'
refused 's/target: self/target: none/'
refused '/epochs: 6/d'
refused 's/  epochs: 6/  epochs: 6\n  epochs: 7/'
refused 's/^data: tiny/data: \&x tiny/'
refused 's/  gamma: 0.4/  gamma: *x/'
refused '$s/$/\n---\nmore: 1/'
refused 's/loss: mse/loss: [mse/'

refused 's/fractions: \[0.5\]/fractions: [0.001]/'
refused 's/  fractions/  labels: 0.001\n  fractions/'
refused 's/fractions: \[0.5\]/fractions: [1.5]/'

echo "# hostile files"
: > x.yaml; try
printf 'a\0b' > x.yaml; try
head -c 1100000 /dev/zero | tr '\0' '#' > x.yaml; try
awk 'BEGIN { printf "layers: "; for (i = 0; i < 100000; i++) printf "["; print "" }' > x.yaml; try
awk 'BEGIN { printf "a: &a [x,x,x,x,x,x,x,x]\n"; for (i = 98; i < 110; i++) printf "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1 }' > x.yaml; try
head -c 5000 /dev/urandom > x.yaml; try | cut -c1-5

echo "# --set"
change ''
for set in train.gama=3 foo.bar=1 train.gamma=x train.batch=1e2 noequals =3 train.gamma.x=1 layers.0.dense=3 \
    layers.9.dropout=0.3 layers.x=3 layers.0.dropout=1 train.rate.1=2 'train.rate=[2,'; do
    echo "$set"; try --set "$set"
done
try --set layers.0.dropout=0.3 --set train.rate.0=2.5
try --set train.gamma=0.3 --set 'train.rate=[2.5]' --set 'evaluate.at=[1,2]' --set evaluate.labels=0.5

echo "# what is written is a configuration again"
"$PLANARIA" train x.yaml --data "$DATA" --out r --set train.gamma=0.3 >/dev/null 2>&1; echo $?
"$PLANARIA" train r/config.yaml --data "$DATA" --out s >/dev/null 2>&1; echo $?
cmp r/config.yaml s/config.yaml && cmp r/model.safetensors s/model.safetensors && echo same
grep gamma r/config.yaml
for c in tiny tiny-semi; do
    "$PLANARIA" train "$TESTS/$c.yaml" --data "$DATA" --out short-$c --epochs 2 >/dev/null 2>&1; echo $?
    "$PLANARIA" train short-$c/config.yaml --data "$DATA" --out again-$c >/dev/null 2>&1; echo $?
    cmp short-$c/config.yaml again-$c/config.yaml && cmp short-$c/model.safetensors again-$c/model.safetensors && echo same
done

echo "# what --set gave is named as given; the rest by the file's own lines, whatever was set"
refused_set() { echo "$*"; change ''; try "$@"; }
refused_set --set train.gamma=-1
refused_set --set layers.1.dense=-1
refused_set --set train.rate=[1,2,3] --set train.rate=[1,2]
refused_set --set 'train.schedule={kind: exp, ratio: 2}'
refused_set --set train.schedule=linear
refused_set --set 'layers={dense: 40}'
refused_set --set 'data=[tiny]'

echo "# schedules, and what has no meaning here"
refused_set --set 'train.schedule={kind: linear, start: 1}'
refused_set --set 'train.schedule={kind: linear, start: 1, end: -1}'
refused_set --set 'train.schedule={kind: cosine, end: 0.1}'
refused_set --set 'train.schedule={kind: step, ratio: 0.1}'
refused_set --set train.schedule.length=7
refused_set --set train.stop_after=-1
refused_set --set train.optimiser=adam --set train.momentum=0.9
refused_set --set train.optimiser=adam --set train.weight_decay=1e-4
refused_set --set train.tet=0.1
refused_set --set train.eta=0.6
refused_set --set train.target=labels --set train.smoothing=0.3
refused_set --set train.label_smoothing=0.3
refused_set --set train.target=labels --set train.gamma=-1
refused_set --set train.eta=1e39
refused_set --set 'evaluate.at=[1, 0]'
change 's/winners: 2/winners: 50/'; try --set train.gamma=0.3 --set 'train.schedule={kind: exp, ratio: 0.5}'
