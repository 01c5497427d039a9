#!/usr/bin/env python3
"""Speed of pruned spiking networks against our own dense ones and SpikingJelly: inference and a training step.

    python3 bench/pruned.py --python build/torch/bin/python [--isa LEVEL] [NET]...
    python3 bench/pruned.py --curve [NET]...

Every round measures in turn: ours with all weights, without 95 and 98 % of them singly and by blocks of 16 filters, and
without 70 % of the channels, a smaller network; then SpikingJelly, dense and with 95 % of the weights zero, which is the
same work there. Without --python the last two are left out. A ratio is that of medians over the rounds. Networks, masks
and images are random; both sides have the same number of parameters, four time steps and --threads threads, and report the
best of some steps, with one thread by the processor's time. The peer works without gradients in inference, all time steps at once, in the faster of its
memory layouts. --curve measures inference of 32 samples from 50 to 99 % instead. Writes docs/results/pruning/speed-LEVEL.json,
or curve-LEVEL.json and .svg, and prints the rows of the tables in docs/performance.md.
"""

import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

import speed

NETS = {"vgg9": "VGG-9", "vgg16": "VGG-16", "sv8-32": "SV8-32"}
# Ours, and the peer's.
MODES = {"inference, 32 samples": ("infer batch 32", "--infer --batch 32"),
         "inference, 1 sample": ("infer batch 1", "--infer --batch 1"),
         "training, 32 samples": ("batch 32", "--batch 32"),
         "training, 1 sample": ("batch 1", "--batch 1")}
DENSE, CHANNELS, PEER = "dense", "channels", "SpikingJelly"
KINDS = {"weights": "block 1", "blocks of 16": "block 16"}
SPARSITIES = (0.95, 0.98)
REMOVED = 0.7
CURVE = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
GAIN = 1.05                       # a ratio that counts as one
AVX2 = {"OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
COLOURS = ("#06c", "#c50", "#080")


def environment(args):
    """In which both sides use the same vectors."""
    return dict(os.environ, **({"PLN_ISA": args.isa} if args.isa else {}), **(AVX2 if args.isa == "x86-64-v3" else {}))


class Peer:
    """A process that waits while others are measured."""

    def __init__(self, args):
        self.process = subprocess.Popen([args.python, "torch_snn.py", "--serve"], cwd=speed.ROOT / "bench/peers", text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=environment(args))
        self.args, self.layouts, self.about = args, {}, self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the peer ended: {self.args.python} bench/peers/torch_snn.py says why")
        return json.loads(line)

    def measure_as(self, words, layout):
        self.process.stdin.write(f"{words} {layout}\n")
        self.process.stdin.flush()
        return self.answer()

    def measure(self, net, mode, sparsity):
        words = (f"--net {speed.SPIKING[net][3]} {MODES[mode][1]} --sparsity {sparsity} --threads {self.args.threads} "
                 "--steps 2")
        if (net, mode) not in self.layouts:
            tried = {layout: self.measure_as(words, layout)["seconds_per_step"] for layout in ("", "--channels-last")}
            self.layouts[net, mode] = min(tried, key=tried.get)
        return self.measure_as(f"{words} --seconds {self.args.seconds}", self.layouts[net, mode])


def ours(args, net, words):
    network, side, channels, _ = speed.SPIKING[net]
    command = [args.command, network, str(side), str(channels), *words.split(), "threads", str(args.threads),
               "seconds", str(args.seconds)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment(args)).stdout)


def cases_of(args, mode, peer):
    """What a round measures, in turn: name and sparsity, and how."""
    pruned = [(kind, s) for s in (CURVE if args.curve else SPARSITIES) for kind in KINDS]
    cases = {(DENSE, 0): lambda net: ours(args, net, MODES[mode][0])}
    for kind, s in pruned:
        cases[kind, s] = lambda net, kind=kind, s=s: ours(args, net, f"{MODES[mode][0]} sparsity {s} {KINDS[kind]}")
    if not args.curve:
        cases[CHANNELS, REMOVED] = lambda net: ours(args, net, f"{MODES[mode][0]} shrink {REMOVED}")
    if peer:
        for s in (0, SPARSITIES[0]):
            cases[PEER, s] = lambda net, s=s: peer.measure(net, mode, s)
    return cases


def measure(args, net, mode, peer):
    cases, load = cases_of(args, mode, peer), os.getloadavg()[0]
    lines = {case: [] for case in cases}
    for _ in range(args.rounds):
        for case, run in cases.items():
            lines[case].append(run(net))
    medians = {case: statistics.median(line["samples_per_second"] for line in of) for case, of in lines.items()}
    learned = {line["parameters"] for case, of in lines.items() if case[0] != CHANNELS for line in of}
    if len(learned) > 1:
        sys.exit(f"{net}: not the same network everywhere, {sorted(learned)} parameters")
    load = [round(load, 1), round(os.getloadavg()[0], 1)]
    rows = []
    for case, of in lines.items():
        row = {"net": net, "mode": mode, "pruned": case[0], "sparsity": case[1], "load": load, "parameters": of[-1]["parameters"],
               "firing_rate": of[-1]["firing_rate"], "all": [line["samples_per_second"] for line in of],
               "samples_per_second": round(medians[case], 1), "ratio": round(medians[case] / medians[DENSE, 0], 2)}
        if case[0] == PEER:
            row["layout"] = peer.layouts[net, mode] or "--contiguous"
        else:
            row["peak_mb"] = of[-1]["peak_mb"]
        rows.append(row)
        print(f"{net:8} {mode:22} {case[0]:13} {case[1]:5.2f} {row['samples_per_second']:10.1f} /s {row['ratio']:6.2f}", flush=True)
    return rows, {key: lines[DENSE, 0][-1][key] for key in ("isa", "blas")}


def print_tables(rows):
    """As they stand in docs/performance.md: ratios to our dense network, and to the peer's."""
    of = {(row["net"], row["mode"]): {} for row in rows}
    for row in rows:
        of[row["net"], row["mode"]][row["pruned"], row["sparsity"]] = row["samples_per_second"]
    pruned = [(kind, s) for s in SPARSITIES for kind in KINDS] + [(CHANNELS, REMOVED)]
    print(f"\n| network, mode | dense, 1/s | {' | '.join(f'{100 * s:.0f} % {kind}' for kind, s in pruned)} |")
    print("|---|" + "--:|" * (len(pruned) + 1))
    for (net, mode), speeds in of.items():
        cells = [f"{speeds[DENSE, 0]:,.0f}"] + [f"{speeds[case] / speeds[DENSE, 0]:.2f}" for case in pruned]
        print(f"| {NETS[net]}, {mode} | {' | '.join(cells)} |")
    if (PEER, 0) not in speeds:
        return
    beside = [(DENSE, 0), ("weights", SPARSITIES[0]), ("blocks of 16", SPARSITIES[0]), (CHANNELS, REMOVED)]
    print(f"\n| network, mode | SpikingJelly, 1/s | with 95 % zeros | "
          f"{' | '.join(f'{100 * s:.0f} % {kind}' if s else kind for kind, s in beside)} |")
    print("|---|" + "--:|" * (len(beside) + 2))
    for (net, mode), speeds in of.items():
        theirs = speeds[PEER, 0]
        cells = [f"{theirs:,.1f}", f"{speeds[PEER, SPARSITIES[0]]:,.1f}"] + [f"{speeds[case] / theirs:.1f}" for case in beside]
        print(f"| {NETS[net]}, {mode} | {' | '.join(cells)} |")


def crossover(points):
    """The sparsity from which on there is a gain, between those that were measured; None: nowhere."""
    points = sorted(points)
    at = None
    for (s, ratio), (higher, above) in zip(points, points[1:]):
        if ratio < GAIN <= above:
            at = round(s + (higher - s) * (GAIN - ratio) / (above - ratio), 3)
    return points[0][0] if at is None and points[0][1] >= GAIN else at


def picture(curves, level):
    """Ratios over sparsity, whose axis shows how many weights are left by their logarithm."""
    wide, high, left, low, right = 560, 340, 50, 290, 20
    most = 1.1 * max(ratio for points in curves.values() for _, ratio in points)
    x = lambda s: left + (wide - left - right) * math.log(0.5 / (1 - s)) / math.log(0.5 / 0.01)
    y = lambda ratio: low - (low - 24) * ratio / most
    drawn = "".join(f'<text x="{left - 8}" y="{y(r) + 4:.1f}" text-anchor="end">{r}x</text><line x1="{left}" x2="{wide - right}" '
                    f'y1="{y(r):.1f}" y2="{y(r):.1f}" stroke="{"#888" if r == 1 else "#ddd"}"/>' for r in range(int(most) + 1))
    drawn += "".join(f'<text x="{x(s):.1f}" y="{low + 18}" text-anchor="middle">{100 * s:.0f}</text>'
                     for s in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99))
    for n, ((net, kind), points) in enumerate(sorted(curves.items())):
        colour, dash = COLOURS[n // 2 % len(COLOURS)], ' stroke-dasharray="5 3"' if kind == "weights" else ""
        line = " ".join(f"{x(s):.1f},{y(ratio):.1f}" for s, ratio in points)
        drawn += (f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
                  + "".join(f'<circle cx="{x(s):.1f}" cy="{y(ratio):.1f}" r="3" fill="{colour}"/>' for s, ratio in points)
                  + f'<line x1="{left + 14}" x2="{left + 44}" y1="{40 + 18 * n}" y2="{40 + 18 * n}" stroke="{colour}" stroke-width="2"{dash}/>'
                  + f'<text x="{left + 50}" y="{44 + 18 * n}">{NETS[net]}, {kind}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">'
            f'<rect width="{wide}" height="{high}" fill="white"/>{drawn}'
            f'<text x="{(wide + left) / 2}" y="{high - 8}" text-anchor="middle">% of the weights pruned</text>'
            f'<text x="{left}" y="14">inference of 32 samples, times as fast as dense ({level})</text></svg>\n')


def curves_of(rows):
    curves = {}
    for row in rows:
        if row["pruned"] != DENSE:
            curves.setdefault((row["net"], row["pruned"]), []).append((row["sparsity"], row["ratio"]))
    return curves


def print_crossover(one):
    where = "nowhere" if one["sparsity"] is None else f"from {100 * one['sparsity']:.0f} % on"
    print(f"{NETS[one['net']]}, {one['pruned']}: at least {GAIN} times as fast {where}")


def keep(args, about, rows):
    """Writes what there is; of earlier runs what was not measured again stays."""
    path = Path(args.out) / f"{'curve' if args.curve else 'speed'}-{about['isa']}.json"
    new = {(row["net"], row["mode"]) for row in rows}
    held = [row for row in json.loads(path.read_text())["rows"] if (row["net"], row["mode"]) not in new] if path.exists() else []
    rows = held + rows
    if args.curve:
        curves = curves_of(rows)
        about["crossover"] = [{"net": net, "pruned": kind, "sparsity": crossover(points)} for (net, kind), points in curves.items()]
        for one in about["crossover"][-len(KINDS):]:
            print_crossover(one)
        path.with_suffix(".svg").write_text(picture(curves, about["isa"]))
    path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", nargs="*", default=list(NETS), metavar="NET", help=", ".join(NETS) + "; all if none is given")
    parser.add_argument("--command", default=str(speed.ROOT / "build/release/bench_spiking"))
    parser.add_argument("--python", help="one that has torch and spikingjelly; 'make bench' puts one in build/torch/bin/python")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a measurement, at least")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--isa", help="level of kernels, such as x86-64-v3; the best there is if not given")
    parser.add_argument("--mode", action="append", choices=MODES, help="can be repeated; all if not given")
    parser.add_argument("--curve", action="store_true", help="inference by density")
    parser.add_argument("--out", help="folder of what is written", default=str(speed.ROOT / "docs/results/pruning"))
    args = parser.parse_args()
    if unknown := [net for net in args.net if net not in NETS]:
        parser.error(f"no such net: {', '.join(unknown)}; there are {', '.join(NETS)}")
    args.command, args.python = os.path.abspath(args.command), args.python and os.path.abspath(args.python)
    peer = Peer(args) if args.python and not args.curve else None
    about = {"command": "python3 bench/pruned.py " + shlex.join(sys.argv[1:]), "machine": speed.describe_machine(),
             "threads": args.threads, "rounds": args.rounds}
    if peer:
        about["peer"] = peer.about
    rows = []
    for net in args.net:
        for mode in list(MODES)[:1] if args.curve else args.mode or MODES:
            more, levels = measure(args, net, mode, peer)
            rows += more
            about.update(levels)
            keep(args, about, rows)
    if not args.curve:
        print_tables(rows)


if __name__ == "__main__":
    main()
