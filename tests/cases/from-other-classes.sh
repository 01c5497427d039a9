# Weights to begin with are taken by the names of the classes: neither a renamed folder nor one less gives an output to another class.
make own
rm -r own/unlabelled own/*.png
printf 'data: mine\nlayers: [{dense: 20}, {activation: relu}, {dense: 6}]\ntrain: {target: labels, epochs: 30, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.01]}\n' >net.yaml
try train net.yaml --data own --out r
ends 0
says 'largest output .* 100.00 %$'
try train net.yaml --data own --from r --out same --epochs 0
ends 0
silent_about 'the classes of|anew'
cp -r own new; mv new/cat new/zebra
try train net.yaml --data new --from r --out n --epochs 0
ends 0
says 'the classes of r are bee, cat, dog, those of .*new are bee, dog, zebra: outputs are taken by these names, and those of other classes begin anew'
says 'largest output +(6[67]|[7-9]|100)'
cp -r own before; mv before/bee before/yak
try train net.yaml --data before --from r --out b --epochs 0
ends 0
says 'the classes of r are bee, cat, dog, those of .*before are cat, dog, yak: outputs are taken by these names, and those of other classes begin anew'
says 'largest output +(6[67]|[7-9]|100)'
long=x$(printf '\303\251%.0s' $(seq 40))
mv before/yak "before/$long"
try train net.yaml --data before --from r --out l --epochs 0
ends 0
says 'are cat, dog, x'
iconv -f UTF-8 -t UTF-8 said >/dev/null || wrong "a long name should end with a whole character"
# Of six outputs three classes have two each, and two have three; of three both have one.
cp -r own fewer; rm -r fewer/bee
try train net.yaml --data fewer --from r --out f --epochs 0
ends 0
says 'the classes of r are bee, cat, dog, those of .*fewer are cat, dog: the outputs begin anew$'
sed 's/dense: 6/dense: 3/' net.yaml >three.yaml
try train three.yaml --data own --out r3
ends 0
try train three.yaml --data fewer --from r3 --out f3 --epochs 0
ends 0
says 'the classes of r3 are bee, cat, dog, those of .*fewer are cat, dog: outputs are taken by these names$'
says 'largest output .* 100.00 %$'
