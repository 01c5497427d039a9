# Weights to begin with are taken by the names of the classes: a renamed folder does not give its output to another class.
make own
rm -r own/unlabelled own/*.png
printf 'data: mine\nlayers: [{dense: 20}, {activation: relu}, {dense: 6}]\ntrain: {target: labels, epochs: 30, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.01]}\n' >net.yaml
try train net.yaml --data own --out r
ends 0
says 'largest output .* 100.00 %$'
cp -r own renamed; mv renamed/bee renamed/zebra; mv renamed/cat renamed/bee; mv renamed/dog renamed/cat; mv renamed/zebra renamed/dog
cp -r own turned; mv turned/bee turned/x; mv turned/dog turned/bee; mv turned/x turned/dog
cp -r own new; mv new/cat new/zebra
try train net.yaml --data own --from r --out same --epochs 0
ends 0
silent_about 'by these names'
cp -r own before; mv before/bee before/yak
try train net.yaml --data before --from r --out b --epochs 0
ends 0
says 'the classes of r are bee, cat, dog, those of .*before are cat, dog, yak: outputs are taken by these names, and those of other classes begin anew'
says 'largest output +(6[67]|[7-9]|100)'
