#!/usr/bin/env python3
"""Speed of training beside a busy process, and of two programs in turn on an idle machine.

    python3 bench/busy.py [--command PROGRAM]      two threads against one, on two processors of which another process wants one
    python3 bench/busy.py --old OLD --new NEW      two programs in turn, with one thread and with two; nothing else runs

What waits for a thread that the system has not let run loses more than that thread's work: beside one busy process two
threads should reach at least 0.75 of the speed of one.  All is bound to two processors.  The busy process has a session of
its own, as a stranger's would, since the system shares processors out among sessions first.  Measured is the training loop
alone, without its first epoch, in pairs that alternate; a ratio is that of the medians, and the range is that of the
pairs.  Data are MNIST from PLANARIA_DATA or the user's cache, else Fashion-MNIST; figures of the two do not compare.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import speed

# Preset, training samples of an epoch, epochs, further settings.
JOBS = {
    "784-2000": ("liu2024/unsup-bp-1layer", 30000, 4),
    "784-2000-2000": ("liu2024/unsup-bp-2layer", 6000, 4),
    "few-labels": ("liu2024/semi-bp-100", 10000, 3, "--set", "semi.pretrain.epochs=1",
                   "--set", "semi.pretrain.schedule.length=0"),
    "ep-2layer": ("liu2024/unsup-ep-2layer", 1600, 4),
    "sv8-28": ("spiking/sv8-28-mnist", 1600, 3),
}
BUSY_JOBS = ["784-2000", "784-2000-2000"]


def rate_of(lines):
    """Samples a second over all epochs but the first, which also meets cold caches and dense batches."""
    lines = [line for line in lines if "train_seconds" in line][1:]
    samples = sum(line["samples_per_second"] * line["train_seconds"] for line in lines)
    return samples / sum(line["train_seconds"] for line in lines)


def train(program, job, threads, data):
    preset, limit, epochs, *more = JOBS[job]
    with tempfile.TemporaryDirectory() as folder:
        speed.run([program, "train", preset, "--set", f"data={data}", "--limit", str(limit), "--epochs", str(epochs),
                   "--threads", str(threads), "--no-eval", "--out", folder + "/run", "--json", *more])
        return rate_of([json.loads(line) for line in open(folder + "/run/metrics.jsonl")])


def bind(count):
    """Binds this process and all it starts to some processors."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < count:
        sys.exit(f"this needs {count} processors, and {len(usable)} are usable")
    os.sched_setaffinity(0, usable[:count])
    return usable[:count]


# Computes until process $1 is gone.
BUSY = 'while kill -0 "$1" 2>/dev/null; do n=0; while [ $n -lt 100000 ]; do n=$((n + 1)); done; done'


@contextlib.contextmanager
def busy_process():
    """Something that computes as long as this script runs, in a session of its own."""
    process = subprocess.Popen(["sh", "-c", BUSY, "sh", str(os.getpid())], start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def measure_pairs(first, second, rounds):
    """Figures of two measurements in turn; which goes first changes from round to round."""
    pairs = []
    for n in range(rounds):
        if n % 2:
            later = second()
            pairs.append((first(), later))
        else:
            pairs.append((first(), second()))
    return pairs


def summarise(pairs):
    first, second = (statistics.median(side) for side in zip(*pairs))
    ratios = [b / a for a, b in pairs]
    return {"medians": [round(first, 1), round(second, 1)], "ratio": round(second / first, 3),
            "pairs": [[round(a, 1), round(b, 1)] for a, b in pairs], "range": [round(min(ratios), 3), round(max(ratios), 3)]}


def report(name, row):
    print(f"{name:26} {row['medians'][0]:12.0f} {row['medians'][1]:12.0f} {row['ratio']:8.2f}  "
          f"({row['range'][0]:.2f} to {row['range'][1]:.2f})", flush=True)


def find_data():
    for folder in (os.environ.get("PLANARIA_DATA"), Path.home() / ".cache" / "planaria"):
        if folder and (Path(folder) / "mnist").is_dir():
            os.environ["PLANARIA_DATA"] = str(folder)
            return "mnist"
    return "fashion-mnist"


def setting(name):
    try:
        return Path(name).read_text().strip()
    except OSError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=str(speed.ROOT / "build/release/planaria"))
    parser.add_argument("--old", metavar="PROGRAM", help="the command that the speed of --new is divided by")
    parser.add_argument("--new", metavar="PROGRAM")
    parser.add_argument("--jobs", help=f"comma-separated, of {', '.join(JOBS)}; default: the first two, of two programs all")
    parser.add_argument("--threads", default="1,2", help="of two programs; comma-separated")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scale", type=float, default=1, help="factor of the samples, for a quick look")
    parser.add_argument("--json", metavar="FILE", help="keeps all figures there")
    args = parser.parse_args()
    if bool(args.old) != bool(args.new):
        parser.error("--old and --new go together")
    jobs = args.jobs.split(",") if args.jobs else list(JOBS) if args.old else BUSY_JOBS
    if unknown := [job for job in jobs if job not in JOBS]:
        parser.error(f"no such job: {', '.join(unknown)}; there are {', '.join(JOBS)}")
    for job, (preset, limit, *more) in JOBS.items():
        JOBS[job] = (preset, max(200, int(limit * args.scale)), *more)

    data, processors, load = find_data(), bind(2), os.getloadavg()[0]
    about = {"data": data, "kernel": f"{platform.system()} {platform.release()}", "processors": processors,
             "autogroup": setting("/proc/sys/kernel/sched_autogroup_enabled"), "load_before": load,
             "machine": speed.describe_machine(), "rows": []}
    print(f"{about['kernel']}, {about['machine']['cpu']}, processors {processors[0]} and {processors[1]}, {data}, "
          f"load {load:.1f}")
    if load > 0.5:
        print("This machine is not idle: what else runs takes part in all figures below.")

    programs = [os.path.abspath(program) for program in ((args.old, args.new) if args.old else (args.command,))]
    if args.old:
        print(f"{'job':26} {'old, 1/s':>12} {'new, 1/s':>12} {'ratio':>8}  (of pairs)")
        for job in jobs:
            for threads in map(int, args.threads.split(",")):
                pairs = measure_pairs(*[lambda p=p: train(p, job, threads, data) for p in programs], args.rounds)
                about["rows"].append({"job": job, "threads": threads, **summarise(pairs)})
                report(f"{job}, {threads} thread{'s' * (threads > 1)}", about["rows"][-1])
    else:
        print(f"{'job, beside a busy process':26} {'1 thread':>12} {'2 threads':>12} {'ratio':>8}  (of pairs)")
        with busy_process():
            for job in jobs:
                pairs = measure_pairs(*[lambda n=n: train(programs[0], job, n, data) for n in (1, 2)], args.rounds)
                about["rows"].append({"job": job, "threads": [1, 2], **summarise(pairs)})
                report(job, about["rows"][-1])
    if args.json:
        Path(args.json).write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
