#!/usr/bin/env python3
"""Trains presets over several seeds, and keeps what came out beside the paper's figures.

    python3 tools/reproduce.py --command build/release/planaria [ROW]... [--seeds 1,2,3]

A ROW is a preset or the beginning of presets' names; without one, the main rows of the paper are run.
Each (row, seed) is a run folder, runs/reproduce/ROW-seedN. What is finished there is used as it
is, what was interrupted goes on, so this can be stopped and started at any time. After each run
docs/results/ROW.json and the table docs/results/README.md are written anew.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
MAIN_ROWS = ["liu2024/unsup-bp-1layer", "liu2024/unsup-bp-2layer",
             "planaria/fashion-unsup-bp-1layer", "planaria/fashion-unsup-bp-2layer"]

# Names of accuracies: in metrics and results, and in the paper's figures (reference.csv).
READ_OUTS = {"direct_average": ["direct_average"], "direct_max": ["direct_max"], "linear": ["linear_classifier"],
             "accuracy": ["network_argmax", "semi_after_sup_pass"]}

# Presets whose figures are recorded in reference.csv, and under which name.  The runs of the one-layer net
# mix two settings; those that start fast have the published one (docs/theory.md, section 9).
REFERENCE = {
    "liu2024/unsup-bp-1layer": "unsupervised_bp_1layer/full_labels#fast_start_subset",
    "liu2024/unsup-bp-2layer": "unsupervised_bp_2layer/full_labels",
    "liu2024/untrained-1layer": "untrain_1layer/full_labels",
    "liu2024/untrained-2layer": "untrain_2layer/full_labels",
    "liu2024/unsup-ep-1layer": "unsupervised_ep_1layer/full_labels",
    "liu2024/unsup-ep-2layer": "unsupervised_ep_2layer/full_labels",
    "liu2024/unsup-ep-1layer-euler": "unsupervised_ep_1layer/full_labels",
    "liu2024/unsup-ep-2layer-euler": "unsupervised_ep_2layer/full_labels",
    **{f"liu2024/semi-{rule}-{n}": f"semi_{rule}/{n}labels" for rule in ("bp", "ep") for n in (100, 300, 600, 1000, 3000)},
    **{f"liu2024/semi-{rule}-{n}-gamma0": f"semi_{rule}/without_homeo/{n}labels"
       for rule in ("bp", "ep") for n in (100, 300, 600, 1000, 3000)},
    "liu2024/supervised-bp-1layer": "supervised_bp/1layer",
    "liu2024/supervised-bp-2layer": "supervised_bp/2layer",
}
FRACTIONS = {0.5: "50percent", 0.05: "5percent", 0.01: "1percent"}


def read_reference():
    """{(experiment, read-out, epoch): (mean, std)} in fractions of 1."""
    with open(RESULTS / "reference.csv", newline="") as file:
        return {(r["experiment"], r["readout"], r["epoch"]):
                (float(r["mean_accuracy_pct"]) / 100, float(r["std_pct"]) / 100)
                for r in csv.DictReader(file)}


def list_presets(command):
    text = subprocess.run([command, "presets", "--json"], check=True, capture_output=True, text=True).stdout
    return [preset["name"] for preset in json.loads(text)]


def choose(wanted, presets):
    rows = []
    for want in wanted:
        matching = [p for p in presets if p == want] or [p for p in presets if p.startswith(want)]
        if not matching:
            sys.exit(f"no preset begins with '{want}'; 'planaria presets' lists them")
        rows += [p for p in matching if p not in rows]
    return rows


def run(args, row, seed):
    """Trains one row with one seed, or takes up where it was; returns its folder."""
    folder = args.runs / f"{row}-seed{seed}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    line = [args.command, "train", row, "--seed", str(seed), "--out", str(folder), "--resume", "--json"]
    if args.epochs is not None:
        line += ["--epochs", str(args.epochs)]
    if args.data:
        line += ["--data", args.data]
    if args.threads:
        line += ["--threads", str(args.threads)]
    print(f"{row}, seed {seed}", file=sys.stderr, flush=True)
    code = subprocess.run(line, stdout=subprocess.DEVNULL).returncode
    if code != 0:
        sys.exit(code)
    return folder


def read_run(folder):
    """The figures of a finished run: the result, the curve over epochs, and the times."""
    result = json.loads((folder / "result.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if "epoch" in line]
    curve = {line["epoch"]: {name: line[name] for name in READ_OUTS if name in line}
             for line in epochs if any(name in line for name in READ_OUTS)}
    rates = [line["samples_per_second"] for line in epochs if "samples_per_second" in line]
    figures = {name: result[name] for name in result
               if name.removeprefix("untrained_") in READ_OUTS or name == "fractions"}
    return {"seed": result["seed"], "epochs": result["epoch"], **figures, "curve": curve,
            "samples_per_second": statistics.median(rates) if rates else None,
            "train_seconds": sum(line.get("train_seconds", 0) for line in epochs),
            "peak_bytes": result["peak_bytes"], "machine": {key: manifest[key] for key in ("cpu", "threads", "isa")},
            "data": {key: manifest["data"][key] for key in ("name", "sha256", "train", "test")},
            "version": manifest["planaria"]}


def spread(values):
    return {"mean": statistics.fmean(values), "std": statistics.pstdev(values), "runs": len(values)}


def beside(reference, experiment, name, epoch):
    """The paper's figure: of the subset of its runs that the preset's settings belong to, if it is told apart."""
    of_all = experiment.split("#")[0] if experiment else None
    found = next((reference[key] for of in (experiment, of_all) for read_out in READ_OUTS[name]
                  if (key := (of, read_out, str(epoch))) in reference), None)
    return {"reference_mean": found[0], "reference_std": found[1]} if found else {}


def summarise(row, runs, reference):
    """Mean and population standard deviation of every figure over the seeds, beside the paper's."""
    experiment = REFERENCE.get(row)
    out = {"final": {}, "curve": {}, "fractions": {}}
    for name in READ_OUTS:
        for key in (name, "untrained_" + name):
            values = [r[key] for r in runs if key in r]
            if values:
                paper = beside(reference, experiment, name, "final") if key == name else {}
                out["final"][key] = {**spread(values), **paper}
        for epoch in sorted({e for r in runs for e in r["curve"]}):
            values = [r["curve"][epoch][name] for r in runs if name in r["curve"].get(epoch, {})]
            if values:
                out["curve"].setdefault(name, {})[epoch] = {**spread(values),
                                                            **beside(reference, experiment, name, epoch)}
        for share, label in FRACTIONS.items():
            values = [f[name] for r in runs for f in r.get("fractions", []) if f["labels"] == share and name in f]
            if values:
                part = experiment.split("/")[0] + "/" + label if experiment else None
                out["fractions"].setdefault(str(share), {})[name] = {**spread(values),
                                                                     **beside(reference, part, name, "final")}
    return out


def write_whole(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".tmp")
    with open(temporary, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def keep(row, folders, reference):
    runs = [read_run(folder) for folder in folders]
    seeds = ",".join(str(r["seed"]) for r in runs)
    write_whole(RESULTS / f"{row}.json", json.dumps({
        "preset": row, "command": f"make reproduce ROWS='{row} --seeds {seeds}'",
        "seeds": [r["seed"] for r in runs], "summary": summarise(row, runs, reference), "runs": runs}, indent=1) + "\n")


def percent(figure):
    return f"{100 * figure['mean']:.2f} ± {100 * figure['std']:.2f}"


def cell(figures, name):
    """Ours over the seeds and, if the paper has it, the paper's in brackets."""
    figure = figures.get(name)
    if not figure:
        return ""
    paper = f" ({100 * figure['reference_mean']:.2f} ± {100 * figure['reference_std']:.2f})" \
        if "reference_mean" in figure else ""
    return percent(figure) + paper


def write_table():
    """docs/results/README.md, from all that is in docs/results."""
    lines = ["# Results", "",
             "Accuracies on the test set in per cent, mean and population standard deviation over the seeds; in",
             "brackets the paper's (`reference.csv`, from the authors' stored logs). Test data never guided training,",
             "selection or assignment. Each row is `make reproduce ROWS=PRESET`; its file beside this one has the",
             "command, every seed's figures, the learning curves and the machine. This table is written by",
             "`tools/reproduce.py`.", ""]
    found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/*.json"))]
    unsupervised = [r for r in found if "direct_average" in r["summary"]["final"]]
    labelled = [r for r in found if "accuracy" in r["summary"]["final"]]
    if unsupervised:
        lines += ["## Without labels", "",
                  "Labels are used only to read the network out: all of them, or the stated share. Untrained is the same",
                  "network as initialised.", "",
                  "| preset | epochs | seeds | labels | direct association, average | direct association, max | linear classifier | untrained, average |",
                  "|---|---|---|---|---|---|---|---|"]
        for r in unsupervised:
            final = r["summary"]["final"]
            head = f"| `{r['preset']}` | {r['runs'][0]['epochs']} | {len(r['seeds'])} "
            lines.append(head + "| all | " + " | ".join(cell(final, name) for name in
                         ("direct_average", "direct_max", "linear", "untrained_direct_average")) + " |")
            for share, figures in r["summary"]["fractions"].items():
                lines.append(f"| | | | {100 * float(share):g} % | " + " | ".join(
                    cell(figures, name) for name in ("direct_average", "direct_max", "linear")) + " | |")
        lines += ["", "Learning curves, direct association (average) after so many epochs:", "",
                  "| preset | " + " | ".join(str(e) for e in (1, 2, 5, 10, 20, 50, 100, 200)) + " |",
                  "|---" * 9 + "|"]
        for r in unsupervised:
            curve = r["summary"]["curve"].get("direct_average", {})
            lines.append(f"| `{r['preset']}` | " + " | ".join(
                cell(curve, str(e)) for e in (1, 2, 5, 10, 20, 50, 100, 200)) + " |")
    if labelled:
        lines += ["", "## With labels", "", "| preset | epochs | seeds | accuracy | untrained |", "|---|---|---|---|---|"]
        for r in labelled:
            final = r["summary"]["final"]
            lines.append(f"| `{r['preset']}` | {r['runs'][0]['epochs']} | {len(r['seeds'])} | "
                         f"{cell(final, 'accuracy')} | {cell(final, 'untrained_accuracy')} |")
    write_whole(RESULTS / "README.md", "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", default=MAIN_ROWS, metavar="ROW")
    parser.add_argument("--command", default=str(ROOT / "build/release/planaria"), help="the planaria command")
    parser.add_argument("--seeds", default="1,2,3", help="comma-separated")
    parser.add_argument("--epochs", type=int, help="stop earlier than the preset does")
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--threads", type=int, help="of each run; changes no figure but the time")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs/reproduce", help="where the run folders are")
    args = parser.parse_args()
    reference = read_reference()
    for row in choose(args.rows, list_presets(args.command)):
        folders = []
        for seed in args.seeds.split(","):
            folders.append(run(args, row, int(seed)))
            if args.epochs is None:                   # a shortened run is no result
                keep(row, folders, reference)
                write_table()


main()
