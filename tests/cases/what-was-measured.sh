# The table says on how many samples it is, and what was before; other fractions of the labels go with a classifier; --data takes names of sets.
make set
printf 'data: mine\nlayers: [{dense: 8}]\ntrain: {target: self, epochs: 1, batch: 8, loss: mse, optimiser: sgd, rate: [0.1], winners: 1}\nclassifier: {activation: sigmoid, epochs: 1, batch: 8, rate: 0.1, dropout: 0, decay: 0.9}\n' >net.yaml
try train net.yaml --data set --out r
ends 0
says '^accuracy of 16 test samples +untrained +trained$'
try eval r
cp said all
try eval r --labels 0.5
ends 0
says '^linear '
grep '^linear' said >one; grep '^linear' all | cmp - one || wrong "the classifier is that of the run"
try predict r --by classifier
ends 0
try train net.yaml --data set --from r --out s --set evaluate.validation=0.25
ends 0
says '^accuracy of 10 validation samples +beginning +trained$'
try train net.yaml --data set --out n --no-eval
try predict n --by classifier
ends 3
says 'n has no classifier: its training measured nothing \(--no-eval\)'
try predict n/model.safetensors set --by classifier
ends 3
says 'its training had no section classifier, or measured nothing'
try train net.yaml --data fashion-mist --out x
ends 3
says 'there is no folder fashion-mist; did you mean fashion-mnist\?'
try train net.yaml --data nmnist --out x
ends 3
says "the data set 'nmnist' is not on this machine .*--data; to get it, unzip"
mkdir sets; mv set sets/mnist
PLANARIA_DATA=$PWD/sets "$PLANARIA" train net.yaml --data mnist --out m >said 2>&1 || wrong "a set should be found by its name"
grep -qE '^data: .*/sets/mnist' m/config.yaml || wrong "the run should say where its data lie"
try eval m
ends 0
