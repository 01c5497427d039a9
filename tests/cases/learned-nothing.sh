# A training that has learned nothing, or lost what it had, says so; so does one that never answers a class.
make own
rm -r own/unlabelled own/*.png
printf 'data: mine\nlayers: [{dense: 20}, {activation: relu}, {dense: 3}]\ntrain: {target: labels, epochs: 30, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.01]}\n' >net.yaml
try train net.yaml --data own --out good
ends 0
silent_about 'chance|fell|is taken for'
try train net.yaml --data own --out bad --set 'train.rate=[1e-12]'
ends 0
says 'note: accuracy is at the level of chance: [0-9]+ of 12 samples are right, .* would be for 4'
try train net.yaml --data own --out worse --from good --epochs 1 --set 'train.rate=[100]'
ends 0
says 'note: accuracy fell in the training: it was 100.00 % in the beginning'
says 'note: none of 12 test samples is taken for these classes, of which there are so many: (bee|cat|dog) \(4\)'
