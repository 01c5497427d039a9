# A run with data of one's own says so, whatever set its preset is of: it is repeated by its configuration, and nothing of that set is told of it.
make own
mkdir -p here && mv own here/own
try train planaria/fashion-few-labels --data here/own --out r --epochs 1 --set semi.labels=0 --set layers.10.dense=3 --set 'semi.pretrain.epochs=1'
ends 0
grep -q "^data: \"$(pwd -P)/here/own\"$" r/config.yaml || { cat r/config.yaml; wrong "the run should keep the folder"; }
! grep -q Fashion r/config.yaml || wrong "what a preset says of its set is not true of others"
grep -q '"name": "own"' r/manifest.json || wrong "the manifest should name the data"
try inspect r/model.safetensors
says 'planaria.data +\{"sha256"'
# Its configuration is enough to do the same again, and the run to go on.
try train r/config.yaml --out again
ends 0
cmp r/model.safetensors again/model.safetensors || wrong "the same configuration should give the same model"
try train r --resume --epochs 2
ends 0
try train planaria/fashion-few-labels --data here/own --out r --epochs 2 --set semi.labels=0 --set layers.10.dense=3 --set 'semi.pretrain.epochs=1' --resume
ends 0
# A folder above it will do, and a configuration may name a folder itself.
mv here/own here/mine
printf 'data: here/mine\nlayers:\n  - dense: 3\ntrain: {target: self, winners: 1, epochs: 1, batch: 8, loss: mse, optimiser: sgd, rate: [0.1]}\n' >net.yaml
try train net.yaml --out n
ends 0
try train n/config.yaml --data here --out n2
ends 0
# The folder has moved: that is said, with what to do; its resumption finds it by --data.
try train r/config.yaml --out again2
ends 3
says "said to be in .*/here/own, and there is no such folder: --data says where"
try eval r
ends 3
says "said to be in .*/here/own, and there is no such folder: --data says where"
try train r --resume --epochs 3 --data here/mine
ends 0
# The known set in a folder that is called as it is stays what it is.
mkdir -p sets && mv here/mine sets/mnist
sed 's,^data: .*,data: mnist,' net.yaml >mnist.yaml
printf 'expected: {direct_max: 0.9, source: somewhere}\n' >>mnist.yaml
try train mnist.yaml --data sets --out m
ends 0
grep -q '^data: mnist$' m/config.yaml || wrong "the name of a known set should stay"
grep -q '^expected' m/config.yaml || wrong "what is expected of it should stay"
