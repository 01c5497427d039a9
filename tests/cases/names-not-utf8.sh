# Names of files and folders in another encoding lose nothing where JSON is said or written; a class called so is refused before training.
latin=$(printf 'f\374r')
make set
mv set "$latin"
try data check "$latin" --json
ends 0
says '"folder": "f\?r"'
try train net.yaml --data "$latin" --out "r$latin" --json
ends 0
says '"run": *"rf\?r"'
grep -q '"--data",' "r$latin/manifest.json" || wrong "the manifest should have the command line"
grep -q '"path": ".*/f?r"' "r$latin/manifest.json" || wrong "the manifest should have the folder"
try inspect "r$latin" --json
ends 0
says '"run": "rf\?r"'
make own
mv own/bee "own/$latin"
try data check own --json
ends 0
says '"f\?r": 20'
printf 'data: mine\nlayers:\n  - dense: 3\ntrain:\n  target: self\n  epochs: 1\n  batch: 8\n  loss: mse\n  optimiser: sgd\n  rate: [0.1]\n  winners: 1\n' >net.yaml
try train net.yaml --data own --out r2
ends 3
says 'class 2, .f.r., is not UTF-8'
[ ! -e r2/metrics.jsonl ] || [ ! -s r2/metrics.jsonl ] || wrong "nothing should be trained"
