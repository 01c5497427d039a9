# Figures for TensorBoard: those of metrics.jsonl, also after interruptions.
read_events() { python3 "$TESTS/../tensorboard/read.py" "$1/events.out.tfevents.planaria"; }
train() { "$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" "$@" >/dev/null 2>&1; echo "train -> $?"; }
train --out a --tensorboard
read_events a >a.txt
echo "# the figures of the network and of its classifier"
cut -d' ' -f1 a.txt | sort | uniq -c | grep -E ' (direct_average|train_loss|untrained_direct_average|classifier/.*|classifier_epoch|epoch)$'
python3 - <<'END'
import json
wrong = 0
seen = {tuple(line.split()[:2]): line.split()[2] for line in open("a.txt")}
for line in map(json.loads, open("a/metrics.jsonl")):
    for key, value in line.items():
        if "epoch" in line and key != "epoch" and isinstance(value, (int, float)):
            wrong += abs(float(seen[key, str(line["epoch"])]) - value) > 1e-5 * abs(value)
print("wrong:", wrong)
END
grep -v -E 'second|peak_bytes' a.txt >a.same
echo "# a file that goes too far, ends inside a record, or begins late, is as one of a run that was not interrupted"
train --out b --tensorboard --epochs 2
cp b/events.out.tfevents.planaria far; cat far >>b/events.out.tfevents.planaria; head -c 1000 far >>b/events.out.tfevents.planaria
train --out b --tensorboard --epochs 6 --resume; read_events b | grep -v -E 'second|peak_bytes' | cmp - a.same && echo same
train --out c --epochs 2
train --out c --tensorboard --epochs 6 --resume; read_events c | grep -v -E 'second|peak_bytes' | cmp - a.same && echo same
echo "# it is one of the files that --force removes"
train --out a --force; [ -e a/events.out.tfevents.planaria ] || echo removed
