#!/usr/bin/env python3
"""Compares ways of choosing what grows back when a network is pruned: same initialisation, data, order and budget.

    python3 tools/compare_pruning.py --command build/release/planaria [--base spiking/mlp-a-fashion] [--epochs 30]
        [--limit N] [--sparsity 0.9,0.95,0.98] [--seeds 1,2,3] [--arms none,critical,...] [--threads 1] [--collect]
    python3 tools/compare_pruning.py --command build/release/planaria --base spiking/sv8-28-fashion --channels --sparsity 0.5,0.7,0.9

--channels: one network a seed is trained with a penalty on the factors of its norms (the arm wide); each arm cuts channels of it
and trains the narrow network for a third as many epochs.

Each (arm, sparsity, seed) is a run folder below runs/pruning; what is finished there is used as it is, what was interrupted
goes on.  The figure is the test accuracy of the last epoch, beside that of the epoch that held-out samples choose,
if the configuration holds some out.  After each run docs/results/pruning/NAME.json is written anew, with every run's
command, and docs/results/pruning/README.md with means, standard deviations and, for each seed, differences between arms;
what docs/results/pruning/verdict.md says of them stands at its head.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results" / "pruning"
RUNS = ROOT / "runs" / "pruning"
# What an arm sets, and what the page says of it.
ARMS = {
    "dense": (None, "not pruned"),
    "none": (["regrow=none"], "by magnitude alone"),
    "critical": (["regrow=critical"], "the most critical channels' weights"),
    "random_rows": (["regrow=random_rows"], "those of channels by chance"),
    "random_rows_matched": (["regrow=random_rows_matched"], "those of channels by chance, of each layer as many as criticality would"),
    "uncritical": (["regrow=uncritical"], "those of the least critical channels"),
    "rate": (["regrow=rate"], "those of the channels that fire most"),
    "gradient": (["regrow=gradient"], "the largest gradients"),
    "gradient_rows": (["regrow=gradient", "granularity=row"], "weights of channels with the largest mean gradient"),
    "random": (["regrow=random"], "weights by chance"),
    "value": (["regrow=critical", "quantity=value"], "channels by the value that the authors' program takes"),
    "synapse": (["regrow=synapse"], "weights by criticality times what they read"),
    "block": (["granularity=block", "regrow=critical"], "blocks of sixteen, by criticality"),
    "block_none": (["granularity=block", "regrow=none"], "blocks of sixteen, by magnitude alone"),
    "block_random": (["granularity=block", "regrow=random"], "blocks of sixteen, by chance"),
    "random_weights": (["criterion=random", "regrow=none"], "nothing; weights go by chance"),
    "granet": (["method=granet"], "the method GraNet"),
    "rigl": (["method=rigl"], "the method RigL"),
    "set": (["method=set"], "the method SET"),
    "imp_short": (["method=imp", "updates=4", "rewind=1"], "IMP, five rounds in the same epochs"),
    "imp": (["method=imp", "updates=10", "rewind=2"], "IMP, eleven rounds of as many epochs each"),
}

CHANNELS = {
    "wide": (None, "not cut, trained with the penalty"),
    "channels_none": (["regrow=none"], "none: those with the smallest factors of their norms go"),
    "channels_critical": (["regrow=critical"], "the most critical channels"),
    "channels_random": (["regrow=random"], "channels by chance"),
    "channels_rate": (["regrow=rate"], "the channels that fire most"),
}

WHOLE = ("dense", "wide")         # arms that leave nothing out

KEPT = ("accuracy", "selected_accuracy", "selected_epoch", "density", "epoch", "untrained_accuracy")

# 97.5 % points of Student's t, for 1 and more degrees of freedom.
T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


def command_of(options, arm, sparsity, seed):
    """The command of one run, and its folder below RUNS."""
    settings, _ = (ARMS | CHANNELS)[arm]
    name = f"{options.base.replace('/', '-')}-{arm}" + (f"-{sparsity:g}" if settings is not None else "") + f"-seed{seed}"
    epochs = options.epochs * (11 if arm == "imp" else 1)
    line = ["train", options.base, "--seed", str(seed), "--set", f"train.epochs={epochs}", "--set", "evaluate.at=[]"]
    if arm == "wide":
        line += ["--set", "train.norm_l1=0.001"]
    if arm.startswith("channels"):
        wide, _ = command_of(options, "wide", 0, seed)
        line = ["prune", str(RUNS / wide), "--granularity", "channel", "--sparsity", f"{sparsity:g}", "--seed", str(seed),
                "--epochs", str(options.epochs // 3)]
    else:
        settings = settings and [f"sparsity={sparsity:g}", *settings]
    for setting in settings or []:
        line += ["--set", f"prune.{setting}"]
    if options.limit:
        line += ["--limit", str(options.limit)] if line[0] == "train" else []    # which `prune` takes from the run
        name += f"-limit{options.limit}"
    return name, line


def one(options, arm, sparsity, seed):
    """The result of one run, which is trained if it has none yet; None if it is not there and nothing is trained."""
    name, line = command_of(options, arm, sparsity, seed)
    folder = RUNS / name
    if not (folder / "result.json").exists():
        if options.collect:
            return None
        program = [options.command, *line, "--threads", str(options.threads), "--out", str(folder), "--resume"]
        print(" ".join(program), file=sys.stderr)
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    result = json.loads((folder / "result.json").read_text())
    if "accuracy" not in result:              # without labels: direct association of the outputs with classes
        result |= {name.replace("direct_average", "accuracy"): figure for name, figure in result.items() if "direct_average" in name}
    lines = [json.loads(text) for text in (folder / "metrics.jsonl").read_text().splitlines()]
    seconds = sum(entry.get("train_seconds", 0) for entry in lines)
    sops = result.get("activity", {}).get("sops")
    kept = [entry["retention"] for entry in lines if entry.get("retention") is not None]
    return {"arm": arm, "sparsity": 0 if arm in WHOLE else sparsity, "seed": seed,
            "command": "planaria " + " ".join(line).replace(f"{RUNS}/", "runs/pruning/"),
            **{key: result[key] for key in KEPT if key in result}, "sops": sops,
            **({"retention": round(statistics.mean(kept), 4)} if kept else {}), "train_seconds": round(seconds, 2)}


def interval(differences):
    """Mean, half the width of its 95 % interval (None for one), and in how many of all it is above 0."""
    mean = statistics.mean(differences)
    half = None
    if len(differences) > 1:
        half = T[min(len(differences) - 2, len(T) - 1)] * statistics.stdev(differences) / math.sqrt(len(differences))
    return mean, half, sum(d > 0 for d in differences)


def percent(values):
    values = list(values)
    spread = f" ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.2f}{spread}"


def against_arm(by_seed, other):
    """Two cells: the mean difference over the seeds that both have, with its interval, and in how many it is above 0."""
    both = sorted(set(by_seed) & set(other))
    if not both:
        return " | "
    mean, half, count = interval([100 * (by_seed[s]["accuracy"] - other[s]["accuracy"]) for s in both])
    return f"{mean:+.2f}" + (f" ± {half:.2f}" if half is not None else "") + f" | {count} of {len(both)}"


def table(runs, sparsity):
    """Rows of one sparsity, each arm beside chance and magnitude."""
    arms = CHANNELS if any(r["arm"] in CHANNELS for r in runs) else ARMS
    others = ("channels_none", "channels_random") if arms is CHANNELS else ("none", "random_rows")
    of = {arm: {r["seed"]: r for r in runs if r["arm"] == arm and (arm in WHOLE or r["sparsity"] == sparsity)} for arm in arms}
    lines = [f"| {'which channels stay' if arms is CHANNELS else 'what grows back'} | seeds | test, last epoch, % | test, chosen epoch, % | against {others[0]}, points | above in | against {others[1]}, points | above in | retention, % | SOPs |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for arm, by_seed in of.items():
        if not by_seed:
            continue
        against = [against_arm(by_seed, of[other]) if arm not in (*WHOLE, other) else " | " for other in others]
        sops = [r["sops"] for r in by_seed.values() if r["sops"]]
        operations = f"{statistics.mean(sops):.0f}" if sops else ""
        chosen = [r["selected_accuracy"] for r in by_seed.values() if "selected_accuracy" in r]
        kept = percent(r["retention"] for r in by_seed.values()) if all("retention" in r for r in by_seed.values()) else ""
        lines.append(f"| `{arm}`: {arms[arm][1]} | {len(by_seed)} | {percent([r['accuracy'] for r in by_seed.values()])} | "
                     f"{percent(chosen) if chosen else ''} | {against[0]} | {against[1]} | {kept} | "
                     f"{operations} |")
    return "\n".join(lines)


def of_samples(held):
    return f" of {held['limit']} samples" if held.get("limit") else ""


def write(options, runs):
    RESULTS.mkdir(parents=True, exist_ok=True)
    name = options.base.split("/")[-1]
    (RESULTS / f"{name}{'-channels' * options.channels}.json").write_text(json.dumps({"base": options.base, "epochs": options.epochs, "limit": options.limit, "runs": runs}, indent=1) + "\n")
    page = ["# Pruning: does it matter what grows back?", "",
            "Written by `tools/compare_pruning.py`; every run is in the JSON beside this page, with its command. Arms of one seed have the",
            "same first weights, order of samples and number of weights at every moment; they differ in what grows back (theory 13.3), arms",
            "of channels in which of them stay of one network.",
            "Where an epoch is chosen, a tenth of the training samples is held out for it. Behind ± are the standard deviation over seeds and, of differences of the last",
            "epoch's accuracy seed by seed, half of the 95 % interval. On 10,000 test samples 0.3 points are within the error of sampling.", ""]
    verdict = RESULTS / "verdict.md"                        # written by hand
    page += verdict.read_text().splitlines() + [""] if verdict.exists() else []
    for path in sorted(RESULTS.glob("*.json")):
        held = json.loads(path.read_text())
        for sparsity in sorted({r["sparsity"] for r in held.get("runs", [])} - {0}):       # speeds lie there too
            what = "channels cut" if any(r["arm"] in CHANNELS for r in held["runs"]) else "weights pruned"
            page += [f"## {held['base']}, {held['epochs']} epochs{of_samples(held)}, {100 * sparsity:g} % of the {what}", "", table(held["runs"], sparsity), ""]
    (RESULTS / "README.md").write_text("\n".join(page))


def kept_runs(options):
    """Runs that the results have already, of the same length."""
    path = RESULTS / f"{options.base.split('/')[-1]}{'-channels' * options.channels}.json"
    held = json.loads(path.read_text()) if path.exists() else {}
    if (held.get("epochs"), held.get("limit")) != (options.epochs, options.limit):
        return {}
    return {(run["arm"], run["sparsity"], run["seed"]): run for run in held["runs"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", required=True)
    parser.add_argument("--base", default="spiking/mlp-a-fashion")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--sparsity", help="default: 0.95,0.98,0.9, of channels 0.5,0.7,0.9")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--arms", help="default: all but imp, which takes eleven times as long")
    parser.add_argument("--channels", action="store_true", help="compare what happens to channels")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N training samples")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--collect", action="store_true")
    options = parser.parse_args()
    known = CHANNELS if options.channels else ARMS
    arms = options.arms.split(",") if options.arms else [arm for arm in known if arm != "imp"]
    if set(arms) - set(known):
        sys.exit(f"compare_pruning: there is no arm {', '.join(set(arms) - set(known))}; there are {', '.join(known)}")
    if options.channels:                  # all are cut from `wide`
        arms = ["wide", *(arm for arm in arms if arm != "wide")]
    runs = kept_runs(options)
    for sparsity in map(float, (options.sparsity or ("0.5,0.7,0.9" if options.channels else "0.95,0.98,0.9")).split(",")):
        for seed in map(int, options.seeds.split(",")):
            for arm in arms:
                result = one(options, arm, sparsity, seed)
                if result:
                    runs[arm, result["sparsity"], seed] = result
                    write(options, sorted(runs.values(), key=lambda run: (list(known).index(run["arm"]), run["sparsity"], run["seed"])))


if __name__ == "__main__":
    main()
