#!/usr/bin/env python3
"""Speed of pruned spiking networks against our own dense ones: inference and a training step, at random masks.

    python3 bench/pruned.py --command build/release/bench_spiking [--rounds N] [--threads N] [--isa LEVEL] [--curve] [NET]...

Every round runs dense, then pruned by single weights and by blocks of 16 filters, in turn; a ratio is the median of the
pruned over the median of the dense. Networks and images are random: firing rates are in the record. --curve measures
inference of 32 samples from 50 to 99 % instead. Writes docs/results/pruning/speed-LEVEL.json, or curve-LEVEL.json, where rows of other nets stay.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

import speed

NETS = ("vgg9", "vgg16", "sv8-32")
MODES = {"inference, 32 samples": "infer batch 32", "inference, 1 sample": "infer batch 1", "training, 32 samples": "batch 32"}
KINDS = {"weights": "block 1", "blocks of 16": "block 16"}
SPARSITIES = (0.95, 0.98)
CURVE = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


def run(args, net, words):
    network, side, channels, _ = speed.SPIKING[net]
    command = [args.command, network, str(side), str(channels), *words.split(), "threads", str(args.threads)]
    environment = dict(os.environ, **({"PLN_ISA": args.isa} if args.isa else {}))
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def measure(args, net, mode, sparsities):
    cases = {("dense", 0): "sparsity 0"}
    cases.update({(kind, s): f"sparsity {s} {words}" for kind, words in KINDS.items() for s in sparsities})
    lines = {case: [] for case in cases}
    for _ in range(args.rounds):
        for case, words in cases.items():
            lines[case].append(run(args, net, f"{MODES[mode]} {words}"))
    medians = {case: statistics.median(line["samples_per_second"] for line in of) for case, of in lines.items()}
    rows = []
    for (kind, sparsity), of in lines.items():
        rows.append({"net": net, "mode": mode, "pruned": kind, "sparsity": sparsity, "firing_rate": of[-1]["firing_rate"],
                     "rounds": args.rounds, "threads": args.threads,
                     "samples_per_second": round(medians[kind, sparsity], 1), "peak_mb": of[-1]["peak_mb"],
                     "ratio": round(medians[kind, sparsity] / medians["dense", 0], 2)})
        row = rows[-1]
        print(f"{net:8} {mode:22} {kind:13} {sparsity:5.2f} {row['samples_per_second']:10.1f} /s {row['ratio']:6.2f}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("net", nargs="*", default=NETS, metavar="NET", help=", ".join(NETS))
    parser.add_argument("--command", default="build/release/bench_spiking")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--isa", help="level of kernels, such as x86-64-v3; the best there is if not given")
    parser.add_argument("--curve", action="store_true", help="inference by density")
    args = parser.parse_args()
    modes = list(MODES)[:1] if args.curve else list(MODES)
    rows = [row for net in args.net for mode in modes
            for row in measure(args, net, mode, CURVE if args.curve else SPARSITIES)]
    level = args.isa or "best"
    path = Path(__file__).resolve().parent.parent / f"docs/results/pruning/{'curve' if args.curve else 'speed'}-{level}.json"
    held = json.loads(path.read_text())["rows"] if path.exists() else []
    rows = [row for row in held if row["net"] not in args.net] + rows
    path.write_text(json.dumps({"machine": speed.describe_machine(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
