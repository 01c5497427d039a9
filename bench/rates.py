#!/usr/bin/env python3
"""Speed of a spiking training step against PyTorch as a function of the firing rate.

    python3 bench/rates.py --command build/release/planaria --python build/torch/bin/python [NET] [--rounds N]

What the norms begin with sets the rate; both sides do the same work at each. Writes docs/results/firing_rate.json, a
table and a picture of it (firing_rate.svg).
"""

import argparse
import json
import os
import statistics
from pathlib import Path

import speed

BETAS = (-1.2, -0.7, -0.3, 0.0, 0.3, 0.7, 1.2)


def measure(args, beta):
    mine, theirs = [], []
    for _ in range(args.rounds):
        mine.append(speed.ours_spiking(args, (args.net, ""), args.threads, f"beta {beta}"))
        theirs.append(speed.peer_spiking(args, (args.net, ""), args.threads, f"--beta={beta}"))
    ours, peer = (statistics.median(line["samples_per_second"] for line in lines) for lines in (mine, theirs))
    return {"beta": beta, "firing_rate": mine[-1]["firing_rate"], "peer_firing_rate": theirs[-1]["firing_rate"],
            "ours": round(ours, 1), "peer": round(peer, 1), "ratio": round(ours / peer, 2)}


def picture(rows):
    """Ratio over firing rate, as an SVG of its own."""
    wide, high, left, low = 480, 300, 50, 260
    most_rate = max(row["firing_rate"] for row in rows) * 1.05
    most = max(row["ratio"] for row in rows) * 1.1
    x = lambda rate: left + (wide - left - 20) * rate / most_rate
    y = lambda ratio: low - (low - 20) * ratio / most
    points = " ".join(f"{x(row['firing_rate']):.1f},{y(row['ratio']):.1f}" for row in rows)
    ticks = "".join(f'<text x="{left - 8}" y="{y(r) + 4:.1f}" text-anchor="end">{r}x</text>'
                    f'<line x1="{left}" x2="{wide - 20}" y1="{y(r):.1f}" y2="{y(r):.1f}" stroke="#ddd"/>'
                    for r in range(0, int(most) + 1))
    marks = "".join(f'<text x="{x(p / 100):.1f}" y="{low + 18}" text-anchor="middle">{p} %</text>'
                    for p in range(0, int(100 * most_rate) + 1, 10))
    dots = "".join(f'<circle cx="{x(row["firing_rate"]):.1f}" cy="{y(row["ratio"]):.1f}" r="3"/>' for row in rows)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">'
            f'<rect width="{wide}" height="{high}" fill="white"/>{ticks}{marks}'
            f'<polyline points="{points}" fill="none" stroke="#06c" stroke-width="2"/><g fill="#06c">{dots}</g>'
            f'<text x="{(wide + left) / 2}" y="{high - 6}" text-anchor="middle">firing rate</text>'
            f'<text x="{left}" y="14">training step, times as fast as PyTorch</text></svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", nargs="?", default="sv8-32", choices=speed.SPIKING)
    parser.add_argument("--command", default=str(speed.ROOT / "build/release/planaria"))
    parser.add_argument("--python", default=str(speed.ROOT / "build/torch/bin/python"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.command, args.python = os.path.abspath(args.command), os.path.abspath(args.python)
    rows = []
    print("beta    rate  peer's   ours, 1/s   peer, 1/s   ratio")
    for beta in BETAS:
        row = measure(args, beta)
        rows.append(row)
        print(f"{beta:5.1f}  {100 * row['firing_rate']:5.1f}%  {100 * row['peer_firing_rate']:5.1f}%  {row['ours']:10.0f}  "
              f"{row['peer']:10.0f}  {row['ratio']:6.1f}x", flush=True)
    rows.sort(key=lambda row: row["firing_rate"])
    results = speed.ROOT / "docs" / "results"
    (results / "firing_rate.json").write_text(json.dumps({
        "command": f"python3 bench/rates.py {args.net}", "net": args.net, "threads": args.threads,
        "machine": speed.describe_machine(), "rows": rows}, indent=1) + "\n")
    (results / "firing_rate.svg").write_text(picture(rows))


if __name__ == "__main__":
    main()
