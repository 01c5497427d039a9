# What a message says of settings is about those that were typed, and names the key and what to do; a key can be left out.
make own
printf 'data: mine\nlayers: [{dense: 20}, {activation: relu}, {dense: 3}]\ntrain: {target: self, winners: 1, label_smoothing: 0, epochs: 2, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.01]}\nsemi: {batch: 6, rate: [0.005]}\n' >net.yaml
try train net.yaml --data own --out r
ends 0
try prune r --sparsity 0.5 --out p
ends 3
says '^planaria: --sparsity 0.5: a network with a section semi is not pruned, .*: leave the section out'
try prune r --sparsity 0.5 --epochs 0 --set semi=null --out p
ends 0
try prune r --set 'prune={sparsity: 0.5, regrow: none}' --epochs 0 --set semi=null --out p2
ends 0
try prune r --granularity channel --sparsity 0.5 --epochs 0 --set semi=null --out c
ends 3
says 'cut.regrow is critical, .* it can be none, magnitude, rate or random \(--regenerate\)'
try train net.yaml --data own --out x --set smi=null
ends 2
says "there is no key 'smi'"
try train net.yaml --data own --out x --set layers.0=null
ends 2
says 'an item of a list cannot be left out'
# All have a label: semi is not for them, and another preset is.
rm -r own/unlabelled own/*.png
try train net.yaml --data own --out x
ends 3
says 'leave some for the pass without labels; planaria/fashion-labels trains'
try train planaria/fashion-labels --data own --out l --set layers.10.dense=3 --epochs 1
ends 0
