#!/usr/bin/env python3
"""Training speed against PyTorch: ours and the peer's in turn, medians and their ratio.

    python3 bench/speed.py --command build/release/planaria --python build/torch/bin/python [JOB]...

Both run the same net, settings and data; what counts is the training loop alone, as each reports it. Ours of equilibrium
propagation relaxes by blocks to a tolerance unless the job says euler; the peer takes Euler steps, or 8 and 5 sweeps
with --block.
Spiking networks are timed on random images, 32 samples and four time steps, ours by bench_spiking; both are the best of some
steps. The peer of networks with convolutions runs in both of its memory layouts, of which the faster counts; images of SVHN's
size are random for both.
A round runs ours, then the peer, for every job; a ratio is the median of ours over the median of
the peer's. Results go to docs/results/speed.json.
"""

import argparse
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Ours: preset, training samples, epochs of that many samples (the last one counts), further settings.  The peer: its
# script and arguments.  Equilibrium propagation is measured once it has seen as much as a whole epoch: its
# first batches are dense.
BP1 = ["liu2024/unsup-bp-1layer", 60000, 2]
BP2 = ["liu2024/unsup-bp-2layer", 60000, 2]
EP2 = ["liu2024/unsup-ep-2layer", 6400, 11]
JOBS = {
    "bp-1layer": (BP1, "torch_bp.py --layers 784-2000 --limit 32000"),
    "bp-1layer-by-hand": (BP1, "torch_bp.py --layers 784-2000 --limit 32000 --by-hand"),
    "bp-2layer": (BP2, "torch_bp.py --layers 784-2000-2000 --limit 8000"),
    "bp-2layer-by-hand": (BP2, "torch_bp.py --layers 784-2000-2000 --limit 8000 --by-hand"),
    "bp-1layer-sequential": (["liu2024/mode-sequential-1layer", 16000, 1],
                             "torch_bp.py --layers 784-2000 --limit 2000 --batch 1"),
    "bp-1layer-fashion": (["planaria/fashion-unsup-bp-1layer", 60000, 1],
                          "torch_bp.py --layers 784-2000 --limit 16000"),
    "bp-2layer-fashion": (["planaria/fashion-unsup-bp-2layer", 60000, 1],
                          "torch_bp.py --layers 784-2000-2000 --limit 8000"),
    "ep-1layer": (["liu2024/unsup-ep-1layer", 60000, 2], "torch_ep.py --layers 784-2000 --limit 3200"),
    "ep-2layer": (EP2, "torch_ep.py --layers 784-2000-2000 --limit 640"),
    "ep-2layer-block": (EP2, "torch_ep.py --layers 784-2000-2000 --limit 1280 --block"),
    "ep-2layer-euler": (["liu2024/unsup-ep-2layer-euler", 3200, 4], "torch_ep.py --layers 784-2000-2000 --limit 640"),
    "semi-bp": (["liu2024/semi-bp-100", 0, 2, "--set", "semi.pretrain.epochs=1",
                 "--set", "semi.pretrain.schedule.length=0"], "torch_semi.py --labels 100 --pre-epochs 1 --limit 16000"),
    "cnn-mnist": (["liu2024/unsup-cnn-mnist", 6400, 2], "torch_cnn.py --net mnist --limit 3200"),
    "cnn-svhn": (["liu2024/unsup-cnn-svhn", 3200, 2, "--set", "data=random"], "torch_cnn.py --net svhn --limit 1600"),
    "cnn-mnist-supervised": (["liu2024/supervised-cnn-mnist", 6400, 2],
                             "torch_cnn.py --net mnist --supervised --batch 256 --limit 5120"),
}

# Network in short form, side and channels of the image; the peer's name of it.
SPIKING = {
    "sv8-28": ("16C3-16C3-AP2-32C3-32C3-AP2-64C3-64C3-FC128-FC10", 28, 1, "sv8-28"),
    "sv8-32": ("16C3-AP2-32C3-32C3-AP2-64C3-64C3-AP2-128C3-128C3-GAP-FC10", 32, 3, "sv8-32"),
    "vgg9": ("64C3-64C3-AP2-128C3-128C3-AP2-256C3-256C3-256C3-AP2-FC1024-FC10", 32, 3, "vgg9-32"),
    "vgg16": ("64C3-64C3-AP2-128C3-128C3-AP2-256C3-256C3-256C3-AP2-512C3-512C3-512C3-AP2-512C3-512C3-512C3-AP2-FC10", 32, 3,
              "vgg16"),
}
# Ours: words for bench_spiking.  The peer: arguments.
SPIKING_MODES = {"": ("", ""), "-triangle": ("surrogate triangle", "--surrogate triangle"), "-infer": ("infer", "--infer")}
for spiking_net in SPIKING:
    for spiking_mode in SPIKING_MODES:
        JOBS[f"spiking-{spiking_net}{spiking_mode}"] = (spiking_net, spiking_mode)


def run(line, **more):
    """What a command prints."""
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    out, err = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(line)}\n{err}")
    return out


def write_random_images(folder, samples, shape):
    """A folder of bytes by chance, as training and as test samples."""
    pick = random.Random(1)
    for part, count in (("train", samples), ("t10k", 100)):
        for kind, sizes, values in (("images-idx3", (count, *shape), pick.randbytes(count * math.prod(shape))),
                                    ("labels-idx1", (count,), bytes(pick.randrange(10) for _ in range(count)))):
            head = bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
            (Path(folder) / f"{part}-{kind}-ubyte").write_bytes(head + values)


def ours(args, job, threads):
    preset, limit, epochs, *more = job
    with tempfile.TemporaryDirectory() as folder:
        if "data=random" in more:
            write_random_images(folder, limit, (32, 32, 3))
            more += ["--data", folder]
        run([args.command, "train", preset, "--epochs", str(epochs), "--limit", str(limit), "--threads", str(threads),
             "--no-eval", "--out", folder + "/run", "--json", *more])
        lines = [json.loads(line) for line in open(folder + "/run/metrics.jsonl")]
    return [line for line in lines if "epoch" in line][-1]


def peer(args, job, threads, fashion):
    script, *rest = job.split()
    data = [] if "svhn" in rest else ["--data", str(args.data / ("fashion-mnist" if fashion else "mnist"))]
    line = [args.python, script, *data, "--threads", str(threads), *rest]
    if script == "torch_cnn.py":
        return faster(line, ([], ["--contiguous"]))
    return last_line(line + ([] if "semi" in script else ["--no-eval"]))


def last_line(line):
    return json.loads(run(line, cwd=ROOT / "bench" / "peers").strip().splitlines()[-1])


def faster(line, layouts):
    return max((last_line(line + layout) for layout in layouts), key=lambda one: one["samples_per_second"])


def ours_spiking(args, job, threads, more=""):
    network, side, channels, _ = SPIKING[job[0]]
    bench = os.path.join(os.path.dirname(args.command), "bench_spiking")
    line = json.loads(run([bench, network, str(side), str(channels), "threads", str(threads), *SPIKING_MODES[job[1]][0].split(),
                           *more.split()]))
    return {**line, "peak_bytes": line["peak_mb"] << 20}


def peer_spiking(args, job, threads, more=""):
    line = [args.python, "torch_snn.py", "--net", SPIKING[job[0]][3], "--batch", "32", "--steps", "3", "--threads",
            str(threads), *SPIKING_MODES[job[1]][1].split(), *more.split()]
    return faster(line, ([], ["--channels-last"]))


def describe_machine():
    model = platform.processor()
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {"cpu": model, "processors": os.cpu_count()}


def summarise(name, threads, mine, theirs):
    rate = [line["samples_per_second"] for line in mine]
    peer_rate = [line["samples_per_second"] for line in theirs]
    ratio = statistics.median(rate) / statistics.median(peer_rate)
    pairs = [a / b for a, b in zip(rate, peer_rate)]
    last = mine[-1]
    print(f"{name:26} {threads:7} {statistics.median(rate):12.0f} {statistics.median(peer_rate):12.0f} "
          f"{ratio:7.1f}x  ({min(pairs):.1f} to {max(pairs):.1f})", flush=True)
    return {"job": name, "threads": threads, "machine": describe_machine(),
            "ours": rate, "peer": peer_rate, "peer_is": theirs[-1]["peer"],
            "ratio": round(ratio, 2), "ratios": [round(pair, 2) for pair in pairs],
            **{key: last[key] for key in ("input_active", "delta_active", "sweeps", "nudged_sweeps", "skipped",
                                          "peak_bytes", "firing_rate") if key in last},
            **{"peer_" + key: theirs[-1][key] for key in ("peak_mb", "firing_rate") if key in theirs[-1]}}


def find_data(given):
    for folder in (given, os.environ.get("PLANARIA_DATA"), Path.home() / ".cache" / "planaria"):
        if folder and (Path(folder) / "mnist").is_dir():
            return Path(folder)
    sys.exit("MNIST is not there: 'planaria data fetch mnist', or --data with the folder above it")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="of " + ", ".join(JOBS) + "; default: all")
    parser.add_argument("--command", default=str(ROOT / "build/release/planaria"))
    parser.add_argument("--python", default=str(ROOT / "build/torch/bin/python"), help="one that has torch")
    parser.add_argument("--data", help="the folder with mnist and fashion-mnist in it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default=f"{os.cpu_count()},1", help="comma-separated")
    args = parser.parse_args()
    args.data = find_data(args.data)
    args.command, args.python = os.path.abspath(args.command), os.path.abspath(args.python)
    os.environ["PLANARIA_DATA"] = str(args.data)
    path = ROOT / "docs" / "results" / "speed.json"
    before = json.loads(path.read_text())["jobs"] if path.exists() else []
    done = {(job["job"], job["threads"]): job for job in before}
    print(f"{'job':26} threads  ours, 1/s     peer, 1/s    ratio (of pairs)")
    for name in args.jobs or JOBS:
        for threads in dict.fromkeys(int(t) for t in args.threads.split(",")):
            mine, theirs = [], []
            for _ in range(args.rounds):
                if name.startswith("spiking"):
                    mine.append(ours_spiking(args, JOBS[name], threads))
                    theirs.append(peer_spiking(args, JOBS[name], threads))
                    continue
                mine.append(ours(args, JOBS[name][0], threads))
                theirs.append(peer(args, JOBS[name][1], threads, "fashion" in name))
            done[name, threads] = summarise(name, threads, mine, theirs)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"command": "make bench", "jobs": list(done.values())}, indent=1) + "\n")


if __name__ == "__main__":
    main()
