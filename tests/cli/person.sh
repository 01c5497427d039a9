# A person's path: a folder of pictures, a few of them in folders of classes, to a model, a report and sorted files.
python3 "$TESTS/../cases/data.py" animals . || echo "no pictures"
"$PLANARIA" data check animals --crop 1 --resize 8 | grep -v sha256
cat > net.yaml <<'END'
data: animals
read: {crop: 1, resize: 8}
layers: [{dense: 40}, {activation: relu}, {dense: 3}, {activation: x}]
train: {target: self, epochs: 4, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.002], winners: 1, gamma: 0.1}
semi: {batch: 6, rate: [0.005], pretrain: {epochs: 20, batch: 6, rate: [0.005]}}
END
"$PLANARIA" train net.yaml --data animals --out run 2>err >out || cat err
grep note err; tail -1 out
"$PLANARIA" eval run --confusion 2>err | sed 's/[0-9.]* samples.s//'
"$PLANARIA" report run -o report.html 2>err || cat err
python3 -c 'page = open("report.html").read(); print(all(word in page for word in ("cat", "dog", "horse", "animals")), "http://" not in page.split("<script")[0])'
"$PLANARIA" predict run animals/unlabelled --out sorted --sort >lines 2>err || cat err
wc -l < lines
for class in cat dog horse; do echo "$class: $(find sorted/$class -name "$class*.png" | wc -l) of 100 right"; done
"$PLANARIA" predict run animals/unlabelled --json | python3 -c 'import json, sys; lines = [json.loads(l) for l in sys.stdin]; print(len(lines), sorted(lines[0]))'
"$PLANARIA" predict run animals/unlabelled --out sorted --sort >/dev/null 2>err; echo "-> $? a second time: $(tail -1 err)"
