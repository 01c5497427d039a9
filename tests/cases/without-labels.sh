# A folder without labels is enough for a training and for features; all of it trains, and what cannot be had is said with what can.
make own
mkdir alone; mv own/unlabelled alone
printf 'data: mine\nlayers:\n  - dense: 3\ntrain:\n  target: self\n  epochs: 1\n  batch: 8\n  loss: mse\n  optimiser: sgd\n  rate: [0.1]\n  winners: 1\n' >net.yaml
try train net.yaml --data alone --out r --no-eval
ends 0
try features r --part train --out all.npy
ends 0
says '30 samples of 3 features'
try features r alone --out files.npy
ends 0
cmp all.npy files.npy || wrong "the same samples have the same features"
[ "$(wc -l <files.files.txt)" = 30 ] || wrong "there should be the names of 30 files"
try features r --out x.npy
ends 3
says 'alone has no test part.*--part train'
try predict r alone
ends 3
says "nothing says what the outputs mean.*planaria features"
try eval r
ends 3
says 'no test part.*--data names a folder with labels'
try inspect r --analyse
ends 0
try report r
ends 0
try train net.yaml --data alone --out d --no-eval --dry-run
ends 0
# Nothing is withheld where nothing is measured, and only there.
try train net.yaml --data own --out s --no-eval
ends 0
grep -q '"train": 90' s/manifest.json || { cat s/manifest.json; wrong "all should train"; }
try train net.yaml --data own --out s2 --no-eval --set evaluate.validation=0
ends 0
try train net.yaml --data own --out s3 --set evaluate.validation=0
ends 3
says 'evaluate.validation is 0: nothing can be measured; train with --no-eval'
