# Sets of CIFAR, SVHN, image folders and events: sound ones are read, broken ones refused with the file.
python3 "$TESTS/make_sets.py" sets
check() { "$PLANARIA" data check "$@" 2>&1 | sed 's/^sha256 .*\(....\)$/sha256    ...\1/'; }
echo "# CIFAR-10: the folder, the archive of it, the folder above it"
check sets/cifar10; check sets/cifar10-tar
PLANARIA_DATA=sets/cifar-above "$PLANARIA" data info cifar10 | head -1
echo "# CIFAR-100, classes and groups"
check sets/cifar100; check sets/cifar100 --coarse | grep classes
echo "# SVHN, zipped and plain: the same samples"
check sets/svhn; check sets/svhn-plain | grep -v sha256
echo "# images"
check sets/images; check sets/images-colour; check sets/tiny-imagenet
echo "# events"
check sets/events; check sets/events --steps 3 --binary --height 20 --width 40 | grep samples
check sets/events --steps 2000 | head -1; check sets/events --microseconds 100 | grep training
echo "# broken"
for set in cifar-cut cifar-empty cifar-label cifar-missing cifar-as-100 cifar100-fine cifar-chance \
           cifar-tar-cut cifar-tar-other cifar-tar-text \
           svhn-cut svhn-flip svhn-hdf5 svhn-header svhn-label svhn-zero svhn-labels svhn-rank svhn-no-y svhn-cell svhn-sizes \
           svhn-sides svhn-no-test \
           image-size image-cut image-crc image-text image-empty image-alpha image-clear image-large image-jpeg-cut image-cmyk \
           image-class image-no-file image-no-test tiny-line tiny-wnids \
           event-cut event-outside event-empty; do
    "$PLANARIA" data check sets/$set >out 2>err; code=$?
    echo "$set -> $code, $(wc -l <err | tr -d ' ') line: $(sed 's/^planaria: //' err)$(grep training out)"
done
echo "# training on them"
cat > dense.yaml <<'END'
data: cifar10
layers:
  - dense: 20
  - activation: relu
  - dense: 10
  - activation: softmax
train:
  target: labels
  epochs: 3
  batch: 10
  loss: cross_entropy
  optimiser: adam
  rate: [0.001]
END
train() { "$PLANARIA" train "$@" --force 2>&1 | sed -n 's/^largest output .*%$/trained/p; /^planaria:/p'; }
train dense.yaml --data sets
train dense.yaml --data sets/cifar10 --set evaluate.validation=0.2
train dense.yaml --data sets/events --set read.steps=3 --set read.binary=true --set data=events --out run
grep -A6 '^read' run/config.yaml
"$PLANARIA" eval run --data sets/events | grep -c accuracy
coded() { train dense.yaml --data sets/events --set data=events --set read.steps=3 --out run "$@"; }
coded --set input.steps=3 --set input.poisson=true
coded --set input.steps=2
sed '/^layers/d; /^  - /d' dense.yaml > short.yaml
printf 'network: FC10\nspiking: {steps: 3, poisson: true}\n' >> short.yaml
train short.yaml --data sets/events --set data=events --set read.steps=3 --out run
"$PLANARIA" train short.yaml --data sets/events --set data=events --set read.steps=3 --force >out 2>&1; echo "-> $?"
train dense.yaml --data sets --set read.steps=-1
