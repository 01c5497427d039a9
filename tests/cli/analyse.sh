# planaria inspect RUN --analyse: figures, tables and pictures of a pruned network, what is missing, and what is refused.
tiny="$TESTS/tiny-spiking.yaml"
analyse() { "$PLANARIA" inspect "$@" >out 2>err; echo "-> $? $(sed "s|$TESTS|TESTS|; s|$DATA|DATA|g" err)"; }
"$PLANARIA" train "$tiny" --data "$DATA" --out dense >/dev/null 2>&1
"$PLANARIA" prune dense --sparsity 0.8 --set prune.updates=4 --out one >/dev/null 2>&1

echo "# tables"
analyse one --analyse --against dense; sed '/%/s/[-+0-9.]\+/N/g; s/[0-9]*\.[0-9]\+/N/g; s/  */ /g' out
echo "# figures: the same by any number of threads; what they must be"
analyse one --analyse --against dense --json --threads 1; cp out a; analyse one --analyse --against dense --json --threads 3; cmp out a && cmp out one/analysis.json && echo same
python3 - <<'END'
import json
r = json.load(open("one/analysis.json"))
print(sorted(r), r["samples"], r["evaluated_on"], r["notes"])
for l in r["layers"]:
    n = l["channels"]
    print(l["name"], sorted(set(l) - {"name"}))
    print(len(l["rates"]) == len(l["criticality"]) == n, abs(sum(l["rates"]) / n - l["firing_rate"]) < 1e-6,
          abs(max(l["criticality"]) - l["criticality_largest"]) < 1e-6, abs(sum(x == 0 for x in l["rates"]) / n - l["dead"]) < 1e-9,
          abs(sum(l["potentials"]["bins"]) + l["potentials"]["outside"] - 1) < 1e-6, 0 < l["cka"] < 1, abs(l["correlation_rate"]) <= 1,
          abs(sum(l["potentials"]["bins"][31:33]) * 8 - l["at_threshold"]) < 1e-6)
for w in r["weights"]: print(w["name"], w["weights"], abs(w["share"] - w["present"] / w["weights"]) < 1e-9)
print(sum(w["present"] for w in r["weights"]) == json.load(open("one/result.json"))["live_weights"])
lines = [json.loads(line) for line in open("one/metrics.jsonl")]
print([{k: l.get(k) for k in p} for p, l in zip(r["pruning"], [l for l in lines if "survival" in l])] == r["pruning"], len(r["pruning"]))
print([abs(sum(l["revived_shares"]) - 1) < 1e-9 and len(l["revived_shares"]) == 3 and l["revived_shares"][2] == 0 for l in r["pruning"]], [(p["foresight"] is None) == (l.get("foresight_channels", 0) < 10) for p, l in zip(r["pruning"], [l for l in lines if "survival" in l])])
f = r["class_features"]
print(f["layer"], len(f["cosines"]), all(0 < c <= 1 for c in f["cosines"]), 0 < f["cosine"] <= 1, f["variance_train"] > 0, f["variance_test"] > 0)
END
"$PLANARIA" eval one --json | python3 -c 'import json, sys; r = json.load(open("one/analysis.json"))["layers"]; e = [l for l in json.load(sys.stdin)["activity"]["layers"] if "firing_rate" in l]
print("as eval measures it:", all(abs(a["firing_rate"] - b["firing_rate"]) < 1e-6 and abs(a["dead"] - b["silent"]) < 1e-9 for a, b in zip(r, e)), len(e))'
echo "# whether scores foretold sizes: not of few channels; older runs do not say of how many"
for channels in 9 10 ""; do
    rm -rf told; cp -r one told; python3 - "$channels" <<'END'
import json, sys
lines = [json.loads(line) for line in open("told/metrics.jsonl")]
for l in lines:
    l.pop("foresight_channels", None)
    if "survival" in l: l.update({"foresight": 0.5}, **({"foresight_channels": int(sys.argv[1])} if sys.argv[1] else {}))
open("told/metrics.jsonl", "w").write("".join(json.dumps(l) + "\n" for l in lines))
END
    analyse told --analyse; grep 'rank correlation of the scores' out
    python3 -c 'import json; r = json.load(open("told/analysis.json")); print(r["foresight"], r["foresight_channels"], [(p["foresight"], p["foresight_channels"]) for p in r["pruning"]])'
done
echo "# with itself, and with a file; fewer samples"
analyse one --analyse --against one --json; python3 -c 'import json; print([round(l["cka"], 6) for l in json.load(open("out"))["layers"]])'
analyse dense --analyse --against one/model.safetensors --limit 20 --json; python3 -c 'import json; r = json.load(open("out")); print(r["samples"], len(r["layers"]), r["pictures"], r["notes"])'
echo "# pictures"
python3 - <<'END'
import xml.etree.ElementTree as xml
for name, shape in ("potentials", "rect"), ("criticality", "circle"), ("pruning", "polyline"):
    root = xml.parse(f"one/{name}.svg").getroot()
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    print(name, len(list(root.iter("{http://www.w3.org/2000/svg}" + shape))), texts[0], [t for t in texts if "lif" in t or "survival" in t])
END
echo "# what a network lacks"
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" --out free >/dev/null 2>&1
analyse free --analyse; cat out
analyse free --analyse --against one; grep compared out
cp -r "$DATA/few-npy" none; python3 -c 'import struct
for part in "train", "test":
    head = open(f"none/{part}-labels.npy", "rb").read()
    size = 10 + struct.unpack("<H", head[8:10])[0]
    open(f"none/{part}-labels.npy", "wb").write(head[:size] + b"\xff" * (len(head) - size))'
sed '/^select/,$d' "$tiny" > plain.yaml; "$PLANARIA" train plain.yaml --data "$DATA" --out plain >/dev/null 2>&1
analyse plain --analyse --data none; grep class out
"$PLANARIA" train "$tiny" --data "$DATA" --out one --force --epochs 1 >/dev/null 2>&1
for file in one/*.svg one/analysis.json; do [ -e "$file" ] && echo "$file is still there"; done
echo "# refused"
analyse one --analyse --against free
analyse one --analyse --against nowhere
analyse one --analyse --against "$tiny"
analyse one --analyse --limit 0
analyse one --analyse --limit many
analyse one --analyse --threads 1000
analyse one --analyse --data "$DATA/sides"
analyse one --limit 3
analyse nowhere --analyse
analyse one/model.safetensors --analyse
mkdir folder; analyse folder --analyse

"$PLANARIA" train "$tiny" --data "$DATA" --set network=4C3-AP2-FC4 --out other --epochs 1 >/dev/null 2>&1; analyse one --analyse --against other
echo "nothing" >> dense/metrics.jsonl; analyse dense --analyse
rm dense/model.safetensors; analyse dense --analyse
