# Data that have not trained are measured whole, and what has changed is said; files in folders of classes bring their labels.
make own
printf 'data: mine\nlayers:\n  - dense: 3\ntrain: {target: self, winners: 1, epochs: 3, batch: 8, loss: mse, optimiser: sgd, rate: [0.1]}\n' >net.yaml
try train net.yaml --data own --out r
ends 0
try eval r --json
ends 0
says '"samples":12'
# All that has a label of a folder without a test part.
mkdir others; for class in bee cat dog; do mkdir others/$class; cp own/$class/*1*.png others/$class; cp own/unlabelled/${class}1.png others; done
try eval r --data others --json
ends 0
says 'others does not hold the data of the training'
says 'others has no test part: all its 33 samples with a label are the test'
says '"samples":33'
"$PLANARIA" predict r others --csv 2>/dev/null >lines
[ "$(grep -c ',\(bee\|cat\|dog\)$' lines)" = 33 ] || { cat lines; wrong "predict should know the 33 labels"; }
right=$(python3 -c 'import csv; rows = [r for r in csv.DictReader(open("lines")) if r["label"]]; print("%.4f" % (sum(r["class"] == r["label"] for r in rows) / len(rows)))')
says "\"direct_average\":$(echo "$right" | cut -c1-5)"
"$PLANARIA" predict r --data others --csv 2>/dev/null >lines
[ "$(wc -l <lines)" = 34 ] || wrong "there should be a line for each of the 33"
rm others/*.png
try eval r --data others --json
says '"samples":33'
# The test part where there is one.
mkdir parts; mv others parts/train; mkdir parts/test; for class in bee cat dog; do mkdir parts/test/$class; cp own/$class/${class}2.png parts/test/$class; done
try eval r --data parts --json
ends 0
says '"samples":3[,}]'
# Pictures are added to the folder that it was trained on.
for class in bee cat dog; do cp own/unlabelled/${class}3.png own/$class/new.png; done
try eval r --data own --json
ends 0
says 'own has changed since the training: .*some of them may have trained it'
