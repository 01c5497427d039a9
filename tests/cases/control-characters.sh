# Names and texts of a file from elsewhere must not steer the terminal, nor forge lines.
make tensors
try inspect esc.safetensors
ends 0
silent_about "$(printf '\033')"
silent_about '^forged'
try inspect esc.safetensors --json
ends 0
says 'u001B'
# Nor names of classes and files, nor what lists of them say.
make steering
try data check steering
ends 0
silent_about "$(printf '\033')"
says '^classes +red\?\[31m0:2 red\?\[31m1:2'
says '^doubled .* training samples equal to others: train/a\?\[31m2.png \(as train/a\?'
says '^missing .*red\?\[31m1'
try data check wrong*
ends 3
silent_about "$(printf '\033')"
silent_about "$(printf '\302\233')"
silent_about '^forged'
says 'wrong\?\[31m\?forged/labels.csv:2: b.png is of the class .red\?\[31m'
try data check steering --json
says 'u001B'
# Nor what is said of them by a model.
printf 'data: mine\nlayers:\n  - dense: 2\ntrain:\n  target: labels\n  epochs: 1\n  batch: 2\n  loss: mse\n  optimiser: sgd\n  rate: [0.1]\n' >net.yaml
try train net.yaml --data steering --out r
ends 0
try predict r steering/test
ends 0
silent_about "$(printf '\033')"
silent_about "$(printf '\302\233')"
says '^steering/test/red\?\[31m0/\?\?31m.png  red\?\[31m'
try predict r steering/test --json
ends 0
says 'u001B'
