# Classes are matched by their names, and data that are not those of the training are said to be others.
python3 "$TESTS/make_classes.py"
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria\|^note' err | sed "s|$PWD|HERE|g; s|$DATA|DATA|g")"; }
train() { "$PLANARIA" train net.yaml --out "$@" --json >/dev/null 2>err || cat err; }
figure() { grep -o '"accuracy":[0-9.]*' out; }

echo "# a class that sorts first, the names alone, and other names"
train three --data bars
try eval three --data more --json; figure
try eval three --data fewer --json; figure
try eval three --data others
try eval three --data numbers --json; figure
python3 "$TESTS/model.py" plain three/model.safetensors; try eval three --data more --json; figure
echo "# with labels for the association alone"
sed 's/target: labels/target: self/; s/loss:.*/loss: mse\n  winners: 3/; s/  - dense: 16/  - dense: 40/; /dense: 4$/d; s/rate:.*/rate: [2]/; s/activation: relu/activation: hardsigm/' net.yaml > self.yaml
"$PLANARIA" train self.yaml --data bars --out self --json 2>/dev/null >out; grep -o '"direct_average":[0-9.]*' out | head -1
for options in "" "--data more" "--data more --labels 0.5"; do try eval self $options --json; grep -o '"\(labels\|direct_average\)":[0-9.]*' out; done
echo "# which classes are taken for which adds up to the accuracy, and the worst are wrong"
cat > sums.py <<'END_OF_PYTHON'
import json
figures = json.load(open("out"))
c, n, errors = figures["confusion"], 19, figures["errors"]
right = sum(c["counts"][i][i] for i in range(3))
said = [sum(row[k] for row in c["counts"]) for k in range(3)]
print(abs(right / n - figures["direct_average"]) < 1e-9, sum(map(sum, c["counts"])) == n, len(c["counts"]), c["classes"], c["samples"])
print(all(abs(p - c["counts"][k][k] / said[k]) < 1e-9 if said[k] else p is None for k, p in enumerate(c["precision"])),
      all(abs(r - c["counts"][k][k] / 6) < 1e-9 for k, r in enumerate(c["recall"])))
print(len(errors) == min(n - right, 4), all(e["label"] != e["class"] for e in errors),
      [e["score"] - e["next_score"] for e in errors] == sorted((e["score"] - e["next_score"] for e in errors), reverse=True))
END_OF_PYTHON
"$PLANARIA" train self.yaml --data bars --out none --epochs 0 --json >/dev/null 2>&1
try eval none --data more --confusion --errors 4 --json; python3 sums.py; od -An -tx1 -N8 none/errors.png
try eval self --data more --confusion --errors 3; sed -n '8,18p' out; tail -1 out | cut -c1-30
try eval self --errors 0
echo "# those that it is surest of are of the class that it says, for each class a row"
cat > surest.py <<'END_OF_PYTHON'
import itertools, json
rows = [list(row) for _, row in itertools.groupby(json.load(open("out"))["surest"], lambda s: s["class"])]
margins = [[s["score"] - s["next_score"] for s in row] for row in rows]
print(len({row[0]["class"] for row in rows}) == len(rows), max(map(len, rows)) == 4, all(m == sorted(m, reverse=True) for m in margins))
END_OF_PYTHON
try eval self --data more --surest 4 --json; python3 surest.py; od -An -tx1 -N24 self/surest.png
try eval self --data more --surest 334; try eval self --surest 0
cp -r three huge; python3 "$TESTS/model.py" huge huge/model.safetensors 1.weight
try eval huge --data more --errors 2 --json; grep -o '"errors.*' out
try eval huge --data more --errors 1; tail -1 out
echo "# of many classes the pairs that are taken for each other most often"
cat > many.py <<'END_OF_PYTHON'
import json, re, sys
if len(sys.argv) == 1:
    import os, random, struct
    os.makedirs("many")
    for part, count in (("train", 60), ("t10k", 90)):
        open(f"many/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, count, 4, 4) + random.Random(count).randbytes(16 * count))
        open(f"many/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, count) + bytes(i % 30 for i in range(count)))
else:
    counts = json.load(open("figures"))["confusion"]["counts"]
    wanted = sorted((-n, t, c) for t, row in enumerate(counts) for c, n in enumerate(row) if t != c and n)[:20]
    text, page = open("out").read().split("samples\n")[1], open("many.html").read()
    said = [(-n, t, c) for t, c, n in (map(int, line.split()) for line in text.splitlines())]
    cells = re.findall(r"<td>(\d+)</td><td>(\d+)</td><td class=\"number\">(\d+)</td>", page)
    print(len(wanted), said == wanted, [(-int(n), int(t), int(c)) for t, c, n in cells] == wanted)
END_OF_PYTHON
sed 's/dense: 4$/dense: 30/' net.yaml > many.yaml
python3 many.py
"$PLANARIA" train many.yaml --data many --out wide --epochs 0 --json >/dev/null 2>&1
"$PLANARIA" eval wide --confusion --json >figures; "$PLANARIA" eval wide --confusion >out; "$PLANARIA" report wide -o many.html >/dev/null 2>&1
python3 many.py compare
echo "# from another folder, and with data that moved or changed"
mkdir elsewhere; (cd elsewhere && "$PLANARIA" eval ../self --json | cut -d, -f3-) > a; "$PLANARIA" eval self --json | cut -d, -f3- | cmp - a && echo "the same figure"
mv bars moved; try eval self
mkdir mine; mv moved mine/bars; PLANARIA_DATA=mine try eval self
cp -r others mine/others; rm -r mine/bars; mv mine/others mine/bars; PLANARIA_DATA=mine try eval self
cp -r more bars; try eval self
try eval self --data bars
