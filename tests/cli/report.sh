# A page of runs: what is on it, that names are only text, and what is refused.
train() { "$PLANARIA" train "$@" >/dev/null 2>&1; }
for seed in 1 2; do train "$TESTS/tiny.yaml" --data "$DATA" --seed $seed --out "tiny-$seed"; done
train "$TESTS/tiny-spiking.yaml" --data "$DATA" --out spiking --epochs 2
"$PLANARIA" prune spiking --sparsity 0.5 --epochs 1 --set prune.updates=4 --data "$DATA" --out pruned >/dev/null 2>&1
"$PLANARIA" report tiny-1 tiny-2/ spiking pruned 2>&1; echo "-> $?"
echo "# sections, and what belongs to them"
grep -o '<h[1-3]>[^<]*</h[1-3]>' report.html
for what in '<td>2</td><td class="number">[0-9.]* ± [0-9.]*</td>' 'seed [0-9]*' 'data:image/png;base64' 'Firing rate by layer' 'latency, ms' \
    'planaria train .*tiny.yaml --data' 'SHA-256 [0-9a-f]\{64\}' '<noscript>'; do
    grep -q -i -- "$what" report.html || echo "missing: $what"
done
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
mv "x/$(echo "$folder" | tr / _)" "x/bad$(printf '\377')<script>alert(3)<_script>"
"$PLANARIA" report evil x/bad* tiny-2 -o hostile.html 2>&1; echo "-> $?"
grep -c -i '<script>alert\|<img src=x' hostile.html
grep -o '&lt;script&gt;alert' hostile.html | sort | uniq -c | sed 's/^ *[0-9]* /found: /'
echo "# files that are damaged, missing, or not there yet"
cp -r tiny-1 damaged; echo '[]' >damaged/manifest.json; "$PLANARIA" report damaged -o no.html 2>&1; echo "-> $?"
cp -r tiny-1 odd; echo '[1, {"accuracy": "x"}]' >odd/result.json; echo '{"layers": 3}' >odd/analysis.json; echo x >odd/fields.png
"$PLANARIA" report odd -o odd.html 2>&1; echo "-> $?"
cp -r tiny-1 unfinished; rm unfinished/result.json unfinished/model.safetensors; "$PLANARIA" report unfinished -o u.html 2>&1; echo "-> $?"
cp -r tiny-1 broken; head -c 100 tiny-1/model.safetensors >broken/model.safetensors; "$PLANARIA" report broken -o no.html 2>/dev/null; echo "-> $?"
"$PLANARIA" report nowhere -o no.html 2>&1; echo "-> $?"
"$PLANARIA" report 2>&1; echo "-> $?"
"$PLANARIA" report tiny-1 -o nowhere/no.html 2>&1; echo "-> $?"
[ -e no.html ] && echo "a page was written"
exit 0
