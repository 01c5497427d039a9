#!/usr/bin/env python3
"""Trains presets over several seeds, and keeps what came out beside the paper's figures.

    python3 tools/reproduce.py --command build/release/planaria [ROW]... [--seeds 1,2,3] [--epochs N]

A ROW is a preset or the beginning of presets' names; without one, the main rows of the paper are run.
Each (row, seed) is a run folder, runs/reproduce/ROW-seedN. What is finished there is used as it
is, what was interrupted goes on, so this can be stopped and started at any time. After each run
docs/results/ROW.json and the table docs/results/README.md are written anew.

With --epochs the first epochs are trained, in folders of their own (ROW-seedN-epochsM), and not read out by
classifiers. They are kept as learning curves ("curves") of seeds that have no full run, never as a result.
Other seeds in docs/results/ROW.json stay; remove the file to begin anew. With --collect nothing is trained: what the
folders hold is kept, also the curves of runs that are under way. With --minutes the time of the training loop in
docs/results is written into the presets, as 'planaria presets' shows it: of a run with one thread half of it,
since two such runs fill two cores. Where there is no full run it is what a dry run measures on the first batches.
"""

import argparse
import csv
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
PRESETS = ROOT / "presets"
MAIN_ROWS = ["liu2024/unsup-bp-1layer", "liu2024/unsup-bp-2layer",
             "planaria/fashion-unsup-bp-1layer", "planaria/fashion-unsup-bp-2layer"]

# Names of accuracies: in metrics and results, and in the paper's figures (reference.csv).
READ_OUTS = {"direct_average": ["direct_average"], "direct_max": ["direct_max"], "linear": ["linear_classifier"],
             "accuracy": ["network_argmax", "semi_after_sup_pass"], "unlabelled_accuracy": ["semi_after_unsup_pass"],
             "pretrained_accuracy": ["pretrain_supervised"]}
CURVE_EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 400)

# What is expected, in fractions of 1: a curve keeps within two of the paper's standard deviations and CURVE_MARGIN; a
# final figure is not below the paper's mean by more than two of them, and by SINGLE_MARGIN more if it is of one seed.
CURVE_MARGIN, SINGLE_MARGIN = 0.005, 0.003
MARK = "†"

# Presets whose figures are recorded in reference.csv, and under which name.  The runs of the one-layer net
# mix two settings; those that start fast have the published one (theory 9).
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
    **{f"liu2024/semi-ep-{n}-euler": f"semi_ep/{n}labels" for n in (100, 300, 600, 1000, 3000)},
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


def folder_of(args, row, seed, epochs=None):
    return args.runs / (f"{row}-seed{seed}" + (f"-epochs{epochs}" if epochs is not None else ""))


def is_finished(folder, epochs):
    result = folder / "result.json"
    return result.exists() and json.loads(result.read_text())["epoch"] == epochs


def epochs_of(preset):
    """How many epochs the text of a preset trains."""
    return int(re.search(r"^train:\n(?:  .*\n)*?  epochs: (\d+)", preset, re.M)[1])


def without_read_outs(preset):
    """The settings that leave out what follows the epochs, of the preset's text."""
    settings = []
    if re.search(r"^classifier:", preset, re.M):
        settings += ["--set", "classifier.epochs=0"]
    if re.search(r"^  fractions:", preset, re.M):
        settings += ["--set", "evaluate.fractions=[]"]
    return settings


def run(args, row, seed, preset):
    """Trains one row with one seed, or takes up where it was; preset is its text."""
    folder = folder_of(args, row, seed, args.epochs)
    if is_finished(folder, epochs_of(preset) if args.epochs is None else args.epochs):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    line = [args.command, "train", row, "--seed", str(seed), "--out", str(folder), "--resume", "--json"]
    if args.epochs is not None:
        line += ["--epochs", str(args.epochs), *without_read_outs(preset)]
    if args.data:
        line += ["--data", args.data]
    if args.threads:
        line += ["--threads", str(args.threads)]
    print(f"{row}, seed {seed}", file=sys.stderr, flush=True)
    code = subprocess.run(line, stdout=subprocess.DEVNULL).returncode
    if code != 0:
        sys.exit(code)


def read_curve(folder):
    """What every run has, finished or not: the curve over epochs (of text), and where it comes from."""
    manifest = json.loads((folder / "manifest.json").read_text())
    text = (folder / "metrics.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    curve = {}
    for line in lines:
        figures = {name: line[name] for name in READ_OUTS if name in line}
        epoch = line.get("epoch", line.get("pretrain_epoch"))
        if figures and epoch is not None:
            curve.setdefault(str(epoch), {}).update(figures)
    rates = [line["samples_per_second"] for line in lines if line.get("epoch") and "samples_per_second" in line]
    return {"seed": manifest["seed"], "epochs": max((line.get("epoch", 0) for line in lines), default=0),
            "curve": curve, "samples_per_second": statistics.median(rates) if rates else None,
            "train_seconds": sum(line.get("train_seconds", 0) for line in lines),
            "machine": {key: manifest[key] for key in ("cpu", "threads", "isa")},
            "data": {key: manifest["data"][key] for key in ("name", "sha256", "train", "test")},
            "version": manifest["planaria"]}


def read_run(folder):
    """The figures of a finished run: the result, the curve over epochs, and the times."""
    run = read_curve(folder)
    result = json.loads((folder / "result.json").read_text())
    figures = {name: result[name] for name in result
               if name.removeprefix("untrained_") in READ_OUTS or name == "fractions"}
    between = run["curve"].get(str(result["epoch"]), {}).get("unlabelled_accuracy")
    if between is not None:
        figures["unlabelled_accuracy"] = between
    figures |= {key: result[key] for key in ("selected_epoch", "selected_accuracy") if key in result}
    figures |= {key: result["activity"][key] for key in ("firing_rate", "sops") if "activity" in result}
    return {"seed": run["seed"], "epochs": result["epoch"], **figures,
            **{key: run[key] for key in run if key not in ("seed", "epochs")}, "peak_bytes": result["peak_bytes"]}


def read_seed(args, row, seed, epochs):
    """A finished full run of the seed, or else its longest curve; (None, None) if there is neither."""
    full = folder_of(args, row, seed)
    if is_finished(full, epochs):
        return read_run(full), None
    shortened = [full, *full.parent.glob(full.name + "-epochs*")]
    curves = [read_curve(f) for f in shortened if (f / "manifest.json").exists() and (f / "metrics.jsonl").exists()]
    return None, max((c for c in curves if c["epochs"]), key=lambda c: c["epochs"], default=None)


def spread(values):
    return {"mean": statistics.fmean(values), "std": statistics.pstdev(values), "runs": len(values)}


def beside(reference, experiment, name, epoch):
    """The paper's figure: of the subset of its runs that the preset's settings belong to, if it is told apart."""
    of_all = experiment.split("#")[0] if experiment else None
    found = next((reference[key] for of in (experiment, of_all) for read_out in READ_OUTS[name]
                  if (key := (of, read_out, str(epoch))) in reference), None)
    return {"reference_mean": found[0], "reference_std": found[1]} if found else {}


def is_missed(figure, final):
    """Whether a figure that has the paper's beside it is outside of what is expected."""
    if "reference_mean" not in figure:
        return False
    away, spread_of_paper = figure["mean"] - figure["reference_mean"], 2 * figure["reference_std"]
    if final:
        return away < -(spread_of_paper + (SINGLE_MARGIN if figure["runs"] == 1 else 0)) - 1e-9
    return abs(away) > spread_of_paper + CURVE_MARGIN + 1e-9


def compare(values, paper, final):
    figure = {**spread(values), **paper}
    return {**figure, "missed": True} if is_missed(figure, final) else figure


def summarise(row, runs, curves, reference):
    """Mean and population standard deviation of every figure over the seeds, beside the paper's."""
    experiment = REFERENCE.get(row)
    out = {"final": {}, "curve": {}, "fractions": {}}
    for name in READ_OUTS:
        for key in (name, "untrained_" + name):
            values = [r[key] for r in runs if key in r]
            if values:
                paper = beside(reference, experiment, name, "final") if key == name else {}
                out["final"][key] = compare(values, paper, True)
        for epoch in sorted({e for r in runs + curves for e in r["curve"]}, key=int):
            values = [r["curve"][epoch][name] for r in runs + curves if name in r["curve"].get(epoch, {})]
            if values:
                out["curve"].setdefault(name, {})[epoch] = compare(values, beside(reference, experiment, name, epoch), False)
        for share, label in FRACTIONS.items():
            values = [f[name] for r in runs for f in r.get("fractions", []) if f["labels"] == share and name in f]
            if values:
                part = experiment.split("/")[0] + "/" + label if experiment else None
                out["fractions"].setdefault(str(share), {})[name] = compare(
                    values, beside(reference, part, name, "final"), True)
    return out


def write_whole(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".tmp")
    with open(temporary, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def merge(before, new):
    """Runs by seed, in order: new ones in place of those before."""
    by_seed = {r["seed"]: r for r in before} | {r["seed"]: r for r in new}
    return [by_seed[seed] for seed in sorted(by_seed)]


def merge_curves(before, new, runs):
    """The longest curve of each seed that has no full run."""
    full = {r["seed"] for r in runs}
    longest = {}
    for curve in [*before, *new]:
        if curve["seed"] not in full and curve["epochs"] >= longest.get(curve["seed"], curve)["epochs"]:
            longest[curve["seed"]] = curve
    return [longest[seed] for seed in sorted(longest)]


def keep(row, runs, curves, reference):
    """Adds runs and curves to what docs/results/ROW.json has."""
    path = RESULTS / f"{row}.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    runs = merge(before.get("runs", []), runs)
    curves = merge_curves(before.get("curves", []), curves, runs)
    if not runs and not curves:
        return
    seeds = ",".join(str(r["seed"]) for r in runs or curves)
    shorter = "" if runs else f" --epochs {max(c['epochs'] for c in curves)}"
    write_whole(path, json.dumps({
        "preset": row, "command": f"make reproduce ROWS='{row} --seeds {seeds}{shorter}'",
        "seeds": [r["seed"] for r in runs], "summary": summarise(row, runs, curves, reference), "runs": runs,
        **({"curves": curves} if curves else {})}, indent=1) + "\n")


def minutes_of(runs):
    """Median time of the training loop in minutes of two cores, two digits; None without runs."""
    times = [run["train_seconds"] * min(run["machine"]["threads"], 2) / 2 / 60 for run in runs]
    return float(f"{statistics.median(times):.2g}") if times else None


def with_minutes(preset, minutes):
    """The text of a preset with its expected.minutes."""
    preset = re.sub(r"^  minutes: .*\n", "", preset, flags=re.M)
    if not re.search(r"^expected:", preset, re.M):
        preset += "expected:\n"
    return re.sub(r"^expected:\n((?:  (?!source).*\n)*)", rf"expected:\n\1  minutes: {minutes:g}\n", preset, flags=re.M)


def minutes_beforehand(dry):
    """The same of a run that has not been, by what a dry run with two threads measured on its first batches."""
    seconds = dry["epoch_seconds"] * dry["epochs"] + dry.get("pretrain_epoch_seconds", 0) * dry.get("pretrain_epochs", 0)
    return float(f"{seconds / 60:.2g}")


def write_minutes(args, row):
    result, preset = RESULTS / f"{row}.json", PRESETS / f"{row}.yaml"
    minutes = minutes_of(json.loads(result.read_text())["runs"]) if result.exists() else None
    if not minutes:
        line = [args.command, "train", row, "--dry-run", "--json", "--threads", "2"]
        dry = subprocess.run(line + (["--data", args.data] if args.data else []), capture_output=True, text=True)
        minutes = minutes_beforehand(json.loads(dry.stdout)) if dry.returncode == 0 else None
    print(f"{row}: {minutes or '-'} minutes")
    if minutes:
        write_whole(preset, with_minutes(preset.read_text(), minutes))


def percent(figure):
    return f"{100 * figure['mean']:.2f} ± {100 * figure['std']:.2f}"


def cell(figures, name, counted=False):
    """Ours over the seeds and, if the paper has it, the paper's in brackets; marked if that is missed."""
    figure = figures.get(name)
    if not figure:
        return ""
    runs = f" ({figure['runs']})" if counted else ""
    paper = f" ({100 * figure['reference_mean']:.2f} ± {100 * figure['reference_std']:.2f})" \
        if "reference_mean" in figure else ""
    return percent(figure) + runs + paper + (" " + MARK if figure.get("missed") else "")


def table(heads, rows):
    return ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|",
            *("| " + " | ".join(row) + " |" for row in rows), ""]


def head(result):
    return [f"`{result['preset']}`", str(result["runs"][0]["epochs"]), str(len(result["seeds"]))]


def final_rows(results, names):
    """A line for all labels and one for each share of them."""
    for r in results:
        yield head(r) + ["all"] + [cell(r["summary"]["final"], name) for name in names]
        for share, figures in r["summary"]["fractions"].items():
            yield ["", "", "", f"{100 * float(share):g} %"] + [cell(figures, name) for name in names]


def curve_table(results, read_outs):
    """Learning curves; read_outs: {name in results: what it is called}, a line for each that a row has."""
    found = [(r, name) for r in results for name in read_outs if name in r["summary"]["curve"]]
    epochs = [e for e in CURVE_EPOCHS if any(str(e) in r["summary"]["curve"][name] for r, name in found)]
    columns = ["preset", "read out"] if len(read_outs) > 1 else ["preset"]
    return table(columns + [str(e) for e in epochs],
                 ([f"`{r['preset']}`", read_outs[name]][:len(columns)] +
                  [cell(r["summary"]["curve"][name], str(e), counted=True) for e in epochs] for r, name in found))


def spiking_rows(results):
    """What trained spiking networks do for a sample, and how long that took."""
    for r in results:
        runs = r["runs"]

        def mean(name, scale, form):
            values = [run[name] for run in runs if name in run]
            return form.format(scale * statistics.fmean(values)) if values else ""
        chosen = [run["selected_accuracy"] for run in runs if "selected_accuracy" in run]
        minutes = statistics.median(run["train_seconds"] / 60 for run in runs)
        yield head(r) + [cell(r["summary"]["final"], "accuracy"),
                         percent(spread(chosen)) if chosen else "",
                         mean("firing_rate", 100, "{:.1f} %"), mean("sops", 1e-6, "{:.2f} M"),
                         f"{minutes:.0f} ({'one thread' if runs[0]['machine']['threads'] == 1 else 'all'})"]


def having(results, part, *names):
    return [r for r in results if any(name in r["summary"][part] for name in names)]


def tables(results):
    """The lines of docs/results/README.md."""
    lines = ["# Results", "",
             "Accuracies on the test set in per cent, mean and population standard deviation over the seeds; in",
             "brackets the paper's (`reference.csv`, from the authors' stored logs). Test data never guided training,",
             "selection or assignment. Each row is `make reproduce ROWS=PRESET`; its file beside this one has the",
             "command, every seed's figures, the learning curves and the machine. These tables are written by",
             "`tools/reproduce.py`; [notes.md](notes.md) says what is known of the differences.", ""]
    curves = "with the number of seeds: those of the full runs, and of runs that were stopped after some epochs."
    labelled = {"accuracy": "accuracy", "unlabelled_accuracy": "after the pass without labels",
                "pretrained_accuracy": "pre-training"}
    if having(results, "curve", "direct_average"):
        lines += ["## Without labels", ""]
    if (finished := having(results, "final", "direct_average")):
        lines += ["Labels are used only to read the network out: all of them, or the stated share. Untrained is the same",
                  "network as initialised; the norms of a spiking one have then seen nothing, and it hardly fires.", "",
                  *table(["preset", "epochs", "seeds", "labels", "direct association, average",
                          "direct association, max", "linear classifier", "untrained, average"],
                         final_rows(finished, ("direct_average", "direct_max", "linear", "untrained_direct_average")))]
    if (rows := having(results, "curve", "direct_average")):
        lines += ["Learning curves, direct association (average) after so many epochs,", curves, "",
                  *curve_table(rows, {"direct_average": ""})]
    if having(results, "curve", *labelled):
        lines += ["## With labels", ""]
    if (finished := having(results, "final", "accuracy")):
        names = ("accuracy", "unlabelled_accuracy", "pretrained_accuracy", "untrained_accuracy")
        lines += ["With few labels an epoch has a pass without labels and one with them; the accuracy is that after the",
                  "second. Before the epochs there is pre-training with the few labels alone.", "",
                  *table(["preset", "epochs", "seeds", "accuracy", "after the pass without labels",
                          "pre-training alone", "untrained"],
                         (head(r) + [cell(r["summary"]["final"], name) for name in names] for r in finished))]
    if (rows := having(results, "curve", *labelled)):
        lines += ["Learning curves after so many epochs,", curves, "", *curve_table(rows, labelled)]
    if (rows := [r for r in results if any("firing_rate" in run for run in r["runs"])]):
        lines += ["## What spiking networks do", "",
                  "The last epoch, and the epoch chosen on training samples held out; the share of neurons that spike in a",
                  "step and the synaptic operations of a sample, both after the last epoch; minutes of training in a run.", "",
                  *table(["preset", "epochs", "seeds", "last epoch", "chosen epoch", "firing rate", "operations", "minutes"],
                         spiking_rows(rows))]
    if any(MARK in line for line in lines):
        lines += [f"{MARK} Not what is expected: a curve further from the paper's than two of its standard deviations and",
                  f"{100 * CURVE_MARGIN:g} points, or a final figure below the paper's by more than two of its standard",
                  f"deviations (with one seed, and {100 * SINGLE_MARGIN:g} points).", ""]
    return lines[:-1]


def write_table():
    """docs/results/README.md, from what docs/results has of presets; comparisons of pruning have a page of their own."""
    held = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/*.json"))]
    write_whole(RESULTS / "README.md", "\n".join(tables([one for one in held if "preset" in one])) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", default=MAIN_ROWS, metavar="ROW")
    parser.add_argument("--command", default=str(ROOT / "build/release/planaria"), help="the planaria command")
    parser.add_argument("--seeds", default="1,2,3", help="comma-separated")
    parser.add_argument("--epochs", type=int, help="only the first epochs, for a learning curve")
    parser.add_argument("--collect", action="store_true", help="train nothing, keep what the run folders hold")
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--threads", type=int, help="of each run; changes no figure but the time")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs/reproduce", help="where the run folders are")
    parser.add_argument("--minutes", action="store_true", help="train nothing, write times into the presets")
    args = parser.parse_args()
    reference = read_reference()
    for row in choose(args.rows, list_presets(args.command)):
        if args.minutes:
            write_minutes(args, row)
            continue
        preset = subprocess.run([args.command, "presets", row], check=True, capture_output=True, text=True).stdout
        for seed in args.seeds.split(","):
            if not args.collect:
                run(args, row, int(seed), preset)
            full, curve = read_seed(args, row, int(seed), epochs_of(preset))
            keep(row, [full] if full else [], [curve] if curve else [], reference)
            write_table()


if __name__ == "__main__":
    main()
