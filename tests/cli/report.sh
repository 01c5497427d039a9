# A page of runs: what is on it, that names are only text, and what is refused.
train() { "$PLANARIA" train "$@" >/dev/null 2>&1; }
for seed in 1 2; do train "$TESTS/tiny.yaml" --data "$DATA" --seed $seed --out "tiny-$seed"; done
train "$TESTS/tiny-spiking.yaml" --data "$DATA" --out spiking --epochs 2
"$PLANARIA" prune spiking --sparsity 0.5 --epochs 1 --set prune.updates=4 --data "$DATA" --out pruned >/dev/null 2>&1
"$PLANARIA" report tiny-1 tiny-2/ spiking pruned 2>&1; echo "-> $?"
echo "# sections, and what belongs to them"
grep -o '<h[1-3]>[^<]*</h[1-3]>' report.html
for what in '<td class="number">2</td><td class="number">[0-9.]* ± [0-9.]*</td>' 'seed [0-9]*' 'data:image/png;base64' 'Firing rate by layer' 'latency, ms' \
    'taken for' 'recall, %' 'planaria train .*tiny.yaml --data' 'SHA-256 [0-9a-f]\{64\}' '<noscript>'; do
    grep -q -i -- "$what" report.html || echo "missing: $what"
done
echo "# an untrained network is wrong"
train "$TESTS/tiny.yaml" --data "$DATA" --epochs 0 --out untrained
"$PLANARIA" report untrained -o untrained.html
grep -c 'Most wrong' untrained.html
grep -c 'data:image/png;base64,iVBOR[^>]*alt="sample [0-9]*"><figcaption>sample [0-9]* is class [0-9]*, taken for [0-9]* (' untrained.html
echo "# mean, population standard deviation, least and largest over seeds, and the gain"
for run in 1 2; do
    cp -r "tiny-$run" "over-$run"
    sed -i "s/\"direct_average\": [0-9.]*,/\"direct_average\": 0.$((2 * run + 3)),/; s/\"untrained_direct_average\": [0-9.]*,/\"untrained_direct_average\": 0.1,/" "over-$run/result.json"
done
"$PLANARIA" report over-1 over-2 -o over.html
grep -o '<td class="number">10.00 ± 0.00</td>.*60.00 ± 10.00.*50.00 – 70.00.*+50.00' over.html | sed 's/<[^>]*>/ /g'
echo "# a page on its own: no addresses, tags closed, charts that are JSON"
python3 - report.html <<'END'
import html.parser, json, re, sys

VOID = {"meta", "link", "img", "br"}

class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.scripts, self.data = [], [], 0, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        for name in ("src", "href"):
            if name in attributes and not attributes[name].startswith("data:"):
                print("an address:", attributes[name])
        if any(name.startswith("on") for name in attributes):
            print("a handler:", attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.scripts += tag == "script"

    def handle_endtag(self, tag):
        if self.open[-1:] != [tag]:
            print(f"</{tag}> where <{self.open[-1:]}> is open")
        self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["script"] and data.startswith("["):
            self.data += data

page = Page(open(sys.argv[1], encoding="utf-8").read())
charts = json.loads(page.data)
print("open:", page.open, "ids:", len(page.ids) == len(set(page.ids)), "charts:", len(charts) > 8, "scripts:", page.scripts in (2, 3))
print("kinds:", sorted({chart["kind"] for chart in charts}))
END
echo "# hostile names, descriptions, commands and bytes that are no text"
evil='<script>alert(1)</script><img src=x onerror=alert(2)>"&'"'"
cp -r tiny-1 evil
python3 - "$evil" <<'END'
import json, sys
evil = sys.argv[1]
manifest = json.load(open("evil/manifest.json"))
manifest.update(configuration=evil, cpu=evil, isa=evil, planaria=evil, command_line=["planaria", evil, 7, None], threads=evil)
manifest["from"] = {"path": evil, "sha256": evil}
manifest["data"].update(name=evil, train=evil)
json.dump(manifest, open("evil/manifest.json", "w"))
text = open("evil/config.yaml").read().splitlines()
text[0] = "description: " + json.dumps(evil[:60])
open("evil/config.yaml", "w").write("\n".join(text) + "\n")
open("evil/metrics.jsonl", "a").write(json.dumps({"epoch": "</script>", "accuracy": {}}) + "\n[1]\n\"x\"\n" + json.dumps({"epoch": 9, "accuracy": 0.5}) + "\n{")
END
folder=$(printf 'runs-\377</script><script>alert(3)</script>')
mkdir x; cp -r evil "x/$(echo "$folder" | tr / _)"
sed -i 's/"seed": 1,/"seed": 3,/' "x/$(echo "$folder" | tr / _)/manifest.json"
mv "x/$(echo "$folder" | tr / _)" "x/bad$(printf '\377')<script>alert(3)<_script>"
"$PLANARIA" report evil x/bad* tiny-2 -o hostile.html 2>&1; echo "-> $?"
grep -c -i '<script>alert\|<img src=x' hostile.html
grep -o '&lt;script&gt;alert' hostile.html | sort | uniq -c | sed 's/^ *[0-9]* /found: /'
echo "# classes are called by their names, which may be markup"
python3 - <<'END'
import os, struct, zlib

def png(path, value):
    rows = b"".join(b"\0" + bytes((value + 13 * x * y) % 256 for x in range(6)) for y in range(6))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 6, 8, 0, 0, 0, 0)) +
                           chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

for part, count in (("train", 8), ("test", 5)):
    for number, name in enumerate(("<script>alert(4)<b>", "plain & simple")):
        os.makedirs(os.path.join("images", part, name))
        for i in range(count):
            png(os.path.join("images", part, name, f"{i}.png"), 60 * number + 40 * i)
END
train "$TESTS/tiny.yaml" --data images --out named; echo "-> $?"
"$PLANARIA" report named -o named.html 2>&1
grep -o '<tr><th>&lt;[^/]*</th>\|<tr><th>plain[^/]*</th>' named.html
grep -c '<script>alert' named.html
echo "# the samples of a run that are not where they were"
mv images elsewhere
"$PLANARIA" report named -o named.html 2>&1 | sed 's/:.*//'; grep -c 'Its samples could not be had' named.html
"$PLANARIA" report named --data elsewhere -o named.html; grep -c 'recall, %' named.html
"$PLANARIA" report named --data nowhere -o no.html >out 2>&1; echo "-> $?"
echo "# files that are damaged, missing, or not there yet"
cp -r tiny-1 damaged; echo '[]' >damaged/manifest.json; "$PLANARIA" report damaged -o no.html 2>&1; echo "-> $?"
cp -r tiny-1 odd; echo '[1, {"accuracy": "x"}]' >odd/result.json; echo '{"layers": 3}' >odd/analysis.json; echo x >odd/fields.png
"$PLANARIA" report odd -o odd.html 2>&1; echo "-> $?"
cp -r tiny-1 unfinished; rm unfinished/result.json unfinished/model.safetensors; "$PLANARIA" report unfinished -o u.html 2>&1; echo "-> $?"
cp -r tiny-1 broken; head -c 100 tiny-1/model.safetensors >broken/model.safetensors; "$PLANARIA" report broken -o no.html 2>/dev/null; echo "-> $?"
cp -r named swapped; cp tiny-1/model.safetensors swapped/; mv elsewhere images; "$PLANARIA" report swapped -o no.html 2>&1 | sed "s|$PWD|HERE|"
"$PLANARIA" report nowhere -o no.html 2>&1; echo "-> $?"
"$PLANARIA" report 2>&1; echo "-> $?"
"$PLANARIA" report tiny-1 -o nowhere/no.html 2>&1; echo "-> $?"
[ -e no.html ] && echo "a page was written"
echo "# one run by two names, one that is damaged, and one whose model is"
cp -r tiny-1 again
"$PLANARIA" report tiny-1 tiny-1/ again tiny-2 damaged -o two.html 2>&1; echo "-> $?"
grep -o '<td>1, 2</td>' two.html
"$PLANARIA" report broken tiny-2 spiking -o two.html >out 2>&1; echo "-> $?"; grep -v '^planaria: ' out
grep -c '<h4>Layers' two.html
echo "# what is no page is not written over"
cp tiny-1/model.safetensors kept; : >empty.html
for file in kept tiny-1/config.yaml tiny-1 /dev/null; do "$PLANARIA" report tiny-1 -o $file 2>&1; echo "-> $?"; done
cmp kept tiny-1/model.safetensors
for file in two.html empty.html; do "$PLANARIA" report tiny-1 -o $file >out 2>&1; echo "-> $?"; done
exit 0
