#!/usr/bin/env python3
"""Counts the instructions of training steps, which do not depend on what else the machine does, and compares them.

    tools/instructions.py PROGRAM                 against the committed counts, bench/instructions.json
    tools/instructions.py PROGRAM --against OLD   against those of another command
    tools/instructions.py PROGRAM --write         commits them, for this compiler and OpenBLAS

Each job of the table below trains an epoch on small data with one thread under valgrind, which counts within
pln_trainer_step alone: not initialisation, evaluation or files.  Two jobs also pass a simulated cache, since work that is
taken apart costs memory traffic, which instructions do not show.  Counts may be 2 % more and misses 5 %, else the script
ends with 1; less is fine and is shown.  They depend on the compiler and on OpenBLAS: where there are no
counts for these, the script says so and ends with 0.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import same_bits
from same_bits import LABELS, SELF, SEMI, SETTLE, TIMES, rows, spiking

COUNTS = same_bits.ROOT / "bench" / "instructions.json"
MORE = {"instructions": 0.02, "L1 misses": 0.05, "L2 misses": 0.05}

# Fewer misses than these mean nothing: all lies in the cache.
FEW = 100000

# All jobs run as one thread on the same kernels, whatever the processor.
FIXED = {"PLN_ISA": "x86-64-v3", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
         "OMP_WAIT_POLICY": "passive", "PATH": "/usr/bin:/bin"}
# The L1 and L2 caches of many processors: valgrind takes L2 for the last one.
CACHE = ["--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64"]

# How many samples, what is trained, and whether the cache is simulated.
JOBS = {
    "bp-2layer": (96, rows("digits", "0.3 1000 relu 0.2 1000 hardsigm",
                            {**SELF, "epochs": 1, "rate": [2.5, 5], "output_dropout": 0.2}), True),
    "few-labels": (64, rows("digits", "0.3 1500 relu 0.5 10 sigmoid",
                             {**SELF, "epochs": 1, "batch": 32, "loss": "cross_entropy", "optimiser": "adam",
                              "rate": [0.001, 0.004], "winners": 1, "gamma": 0.1},
                             semi={key: value for key, value in SEMI.items() if key not in ("pretrain", "schedule")}), False),
    "ep-2layer": (32, rows("digits", "0.3 700 hardsigm 700 hardsigm", {**SETTLE, "epochs": 1}), False),
    "joint": (32, spiking("colour", "16C3-AP2-32C3-32C3-AP2-64C3-GAP-FC10", TIMES, dict(norm="joint", threshold=0.4)), True),
    "compact": (16, spiking("colour", "64C3-64C3-AP2-128C3-FC10", {**LABELS, "epochs": 1, "rate": [0.02]},
                            dict(surrogate="triangle", sharpness=12, threshold=0.3)), False),
    "residual": (16, spiking("colour", "32C3-32R3-64R3/2-GAP-FC10", TIMES, dict(norm="step", threshold=0.3)), False),
}


def count(program, job, folder, data):
    """Name -> count of a job."""
    samples, config, cache = JOBS[job]
    (folder / job).mkdir()
    (folder / job / "config.yaml").write_text(json.dumps(config))
    out = folder / job / "counts"
    line = ["valgrind", "--tool=callgrind", "--toggle-collect=pln_trainer_step", f"--callgrind-out-file={out}",
            *(CACHE if cache else []), program, "train", "config.yaml", "--no-eval", "--limit", str(samples),
            "--threads", "1", "--seed", "1", "--out", "run"]
    # A relative path, so that the stack begins at the same place wherever the folder is.
    env = {**FIXED, "PLANARIA_DATA": os.path.relpath(data, folder / job)}
    done = subprocess.run(line, cwd=folder / job, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{job}: {done.stderr[-2000:]}")
    return read_counts(out.read_text())


def read_counts(text):
    """What callgrind's file sums up: its events are named in one line and counted in another."""
    names = re.search(r"^events: (.*)$", text, re.M).group(1).split()
    totals = re.search(r"^totals: (.*)$", text, re.M).group(1).split()
    events = dict(zip(names, map(int, totals)))
    if not events.get("Ir"):
        raise SystemExit("pln_trainer_step is not in the program's symbols, or was not called")
    counts = {"instructions": events["Ir"]}
    if "D1mr" in events:
        counts["L1 misses"] = events["D1mr"] + events["D1mw"]
        counts["L2 misses"] = events["DLmr"] + events["DLmw"]
    return counts


def count_all(program, jobs, at_once):
    with tempfile.TemporaryDirectory(prefix="instructions.") as name, concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        folder = Path(name)
        same_bits.write_data(folder / "data")
        waiting = {job: pool.submit(count, program, job, folder, folder / "data") for job in jobs}
        return {job: one.result() for job, one in waiting.items()}


def key_of(program):
    """Compiler and OpenBLAS of a program, as its file and its libraries name them."""
    comment = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True).stdout
    compilers = sorted(set(re.findall(r"\]\s+(.*?)\s*$", comment, re.M)))
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    blas = re.search(r"=> (\S*(?:blas)\S*)", libraries)
    return f"{', '.join(compilers)}; {os.path.basename(os.path.realpath(blas.group(1))) if blas else 'no BLAS library'}"


def compare(old, new):
    """Lines of a table, and how many counts are too many."""
    lines, bad = [], 0
    for job, counts in new.items():
        for name, value in counts.items():
            before = old.get(job, {}).get(name)
            if not before:
                lines.append(f"{job:12} {name:18} {'-':>15} {value:15,}")
                continue
            too_many = value > before * (1 + MORE[name]) and value >= FEW
            bad += too_many
            lines.append(f"{job:12} {name:18} {before:15,} {value:15,} {100 * (value / before - 1):+8.2f} %"
                         f"{'  TOO MANY' if too_many else ''}")
    return lines, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="a planaria command, of the release preset")
    parser.add_argument("--against", metavar="OLD", help="another one to compare with")
    parser.add_argument("--write", action="store_true", help="keep the counts in bench/instructions.json")
    parser.add_argument("--jobs", default=",".join(JOBS), help="comma-separated; default: all")
    parser.add_argument("--at-once", type=int, default=os.cpu_count(), metavar="N", help="jobs at a time")
    args = parser.parse_args()
    program, jobs = os.path.abspath(args.program), args.jobs.split(",")
    if unknown := [job for job in jobs if job not in JOBS]:
        parser.error(f"no such job: {', '.join(unknown)}; there are {', '.join(JOBS)}")

    committed = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    key = key_of(program)
    if "avx2" not in Path("/proc/cpuinfo").read_text():
        print(f"instructions: not compared, this CPU has no {FIXED['PLN_ISA']}")
        return 0
    if not (args.against or args.write or key in committed):
        print(f"instructions: not compared, bench/instructions.json has no counts for {key}")
        return 0
    counts = count_all(program, jobs, args.at_once)
    old = count_all(os.path.abspath(args.against), jobs, args.at_once) if args.against else committed.get(key, {})
    lines, bad = compare(old, counts)
    print(f"{'job':12} {'':18} {'before':>15} {'now':>15}", *lines, sep="\n")
    if args.write:
        committed[key] = {**committed.get(key, {}), **counts}
        COUNTS.write_text(json.dumps(committed, indent=1, sort_keys=True) + "\n")
        return 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
