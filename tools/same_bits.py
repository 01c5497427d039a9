#!/usr/bin/env python3
"""Whether a change of the code changes what comes out: many tiny trainings by two programs, compared byte for byte.

    tools/same_bits.py OLD [NEW]                      builds two commits; without NEW the files as they are here
    tools/same_bits.py --programs OLDPROG NEWPROG     compares two programs that are built

Each job of the table below is trained by both programs with 1, 2 and 3 threads on small data that this script makes.
These must agree, between thread numbers and between programs: the tensors of every model (name, type, shape, bytes; the
header's texts may differ), metrics.jsonl and result.json without times and peak_bytes, and what `eval` says of the old
program's run by either program and of the new run by the new.  Planned memory of the new program may be 64 KB more.  What
changes on purpose is named by --allow: a job (ep-block), a kind of difference (linear, tensors, old-file, memory) or both
(ep-block:linear); it is still shown.
Environment variables such as PLN_ISA hold for both.  Ends with 1 if anything differs that is not allowed.

To compare with one old program again and again, give --cache: a folder that keeps what the old program said.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MORE_MEMORY = 64 << 10
TRAIN, TEST, CLASSES = 192, 64, 10


# ---- data ------------------------------------------------------------------

# Height, width, channels, frames; share of pixels that are not 0.
SETS = {"digits": (28, 28, 1, 1, 0.2), "dense": (12, 12, 1, 1, 1.0), "colour": (16, 16, 3, 1, 0.9), "frames": (12, 12, 2, 4, 0.1)}


def draw_set(name, count, seed):
    """Samples of some classes, each a pattern of its own under noise, and their labels."""
    height, width, channels, frames, share = SETS[name]
    size = height * width * channels * frames
    draw = random.Random(name)
    patterns = [[draw.randrange(1, 256) if draw.random() < share else 0 for _ in range(size)] for _ in range(CLASSES)]
    draw = random.Random(f"{name} {seed}")
    samples, labels = bytearray(), bytearray()
    for i in range(count):
        label = draw.randrange(CLASSES)
        noise, where = draw.randbytes(size), draw.randbytes(size)
        samples += bytes(p if w < 90 else n or 1 if w < 90 + 166 * share else 0
                         for p, n, w in zip(patterns[label], noise, where))
        labels.append(label)
    return bytes(samples), bytes(labels)


def idx(data, *dims):
    return struct.pack(">HBB", 0, 8, len(dims)) + struct.pack(f">{len(dims)}I", *dims) + data


def npy(data, shape):
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def write_data(folder):
    """Greyscale sets as IDX, the others as NumPy arrays."""
    for name, (height, width, channels, frames, _) in SETS.items():
        (folder / name).mkdir(parents=True)
        for part, count in (("train", TRAIN), ("t10k", TEST)):
            samples, labels = draw_set(name, count, part)
            if channels * frames == 1:
                (folder / name / f"{part}-images-idx3-ubyte").write_bytes(idx(samples, count, height, width))
                (folder / name / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels, count))
                continue
            part = "test" if part == "t10k" else part
            shape = (count, *([frames] if frames > 1 else []), height, width, channels)
            (folder / name / f"{part}-images.npy").write_bytes(npy(samples, shape))
            (folder / name / f"{part}-labels.npy").write_bytes(npy(labels, (count,)))


# ---- jobs ------------------------------------------------------------------

SELF = dict(target="self", epochs=2, batch=16, loss="mse", optimiser="sgd", rate=[2], winners=4, gamma=0.5)
LABELS = dict(target="labels", epochs=2, batch=16, loss="mse", optimiser="sgd", rate=[0.1])
BLOCK = dict(relaxation="block", steps=12, nudged_steps=12, tolerance=0.0001, beta=0.2)
EULER = dict(relaxation="euler", steps=12, nudged_steps=5, dt=0.2, beta=0.2)
SETTLE = {**SELF, "rule": "ep", "ep": BLOCK, "rate": [0.01], "smoothing": 0.3, "output_dropout": 0.2}
LINEAR = dict(kind="linear", start=1, end=0.1)
READ = dict(epochs=2, batch=64, rate=0.1, dropout=0.2, decay=0.9, activation="sigmoid")
SEMI = dict(labels=50, batch=8, rate=[0.001, 0.004], schedule=dict(kind="linear", start=0.7, end=0.1, length=2),
            pretrain=dict(epochs=2, batch=8, rate=[0.001, 0.003], schedule=dict(kind="exp", ratio=0.9)))
TIMES = {**LABELS, "epochs": 1, "batch": 8, "loss": "cross_entropy_steps", "momentum": 0.9,
         "weight_decay": 0.0001, "schedule": dict(kind="cosine")}


def rows(data, layers, train, **more):
    """Rows: layers as words, a number below 1 a dropout, one from 1 on a dense layer, else an activation."""
    def layer(word):
        if not word[0].isdigit():
            return {"activation": word}
        return {"dense": int(word)} if float(word) >= 1 else {"dropout": float(word)}
    return {"data": data, "layers": [layer(word) for word in layers.split()], "train": train, **more}


def spiking(data, network, train, how, **more):
    return {"data": data, "network": network, "spiking": {"steps": 3, **how}, "train": train, **more}


TWO = "0.3 600 relu 0.2 500 hardsigm"
SETTLES = "0.3 500 hardsigm 0.1 400 hardsigm"
SMALL = "16C3-AP2-32C3-AP2-FC64-FC10"

JOBS = {
    "bp": rows("digits", TWO, {**SELF, "rate": [2.5, 5], "output_dropout": 0.2, "schedule": LINEAR},
               evaluate=dict(at=[1, 2], split_seed=13, fractions=[0.5, 0.2]), classifier=READ),
    "bp-one-layer": rows("digits", "0.3 1000 hardsigm", {**SELF, "rate": [8], "winners": 6, "batch": 32}),
    "bp-three-layers": rows("digits", "101 tanh 67 x 33 sigmoid", {**SELF, "batch": 7, "rate": [1, 2, 3], "smoothing": 0.2}),
    "bp-momentum": rows("digits", TWO, {**SELF, "momentum": 0.9, "weight_decay": 0.001, "clip": 1, "rate": [0.3]}),
    "bp-adam": rows("digits", TWO, {**SELF, "optimiser": "adam", "rate": [0.001]}, classifier=READ),
    "bp-sequential": rows("digits", "0.3 300 hardsigm", {**SELF, "batch": 1, "sequential": True, "eta": 0.01, "epochs": 1}),
    "bp-dense-input": rows("dense", "512 sigmoid 256 sigmoid", {**LABELS, "batch": 64, "winners": 1, "rate": [0.5]},
                           evaluate=dict(validation=0.25)),
    "bp-dense-turns": rows("dense", "200 relu 100 hardsigm", {**SELF, "batch": 90, "rate": [0.5]}),
    "bp-dense-small": rows("dense", "200 relu 100 hardsigm", {**SELF, "rate": [0.5]}),
    "bp-narrow": rows("digits", "40 hardsigm", SELF),
    "bp-softmax": rows("digits", "400 relu 10 softmax",
                       {**LABELS, "loss": "cross_entropy", "label_smoothing": 0.1, "rate": [1], "schedule": dict(kind="step")}),
    "bp-softmax-adam": rows("dense", "0.1 400 tanh 10 softmax",
                            {**LABELS, "loss": "cross_entropy", "optimiser": "adam", "rate": [0.002], "batch": 80},
                            select=dict(validation=0.2, split_seed=1)),
    "few-labels": rows("digits", "0.3 1000 relu 0.5 10 sigmoid",
                       {**SELF, "batch": 64, "loss": "cross_entropy", "optimiser": "adam", "rate": [0.001, 0.004],
                        "winners": 1, "gamma": 0.1}, semi=SEMI, evaluate=dict(at=[1, 2])),
    "few-labels-plain": rows("digits", "300 relu 10 sigmoid", {**SELF, "winners": 1, "rate": [0.5]},
                             semi={"labels": 40, "batch": 16, "rate": [0.2]}),
    "ep-block": rows("digits", SETTLES, SETTLE, evaluate=dict(split_seed=13, fractions=[0.5]), classifier=READ),
    "ep-one-layer": rows("digits", "0.3 1000 hardsigm", {**SETTLE, "batch": 32, "schedule": dict(kind="steps", ratio=0.5)}),
    "ep-adam": rows("digits", SETTLES, {**SETTLE, "optimiser": "adam", "rate": [0.001]}),
    "ep-three-layers": rows("dense", "150 hardsigm 90 hardsigm 37 hardsigm", {**SETTLE, "batch": 10}),
    "ep-euler": rows("digits", SETTLES, {**SETTLE, "ep": EULER}),
    "ep-symmetric": rows("digits", SETTLES, {**SETTLE, "ep": {**BLOCK, "symmetric": True}, "schedule": LINEAR}),
    "ep-symmetric-euler": rows("dense", "300 hardsigm 200 hardsigm", {**SETTLE, "ep": {**EULER, "symmetric": True}}),
    "ep-softmax": rows("digits", "400 hardsigm 10 softmax",
                       {**LABELS, "loss": "cross_entropy", "rule": "ep", "ep": {**BLOCK, "dt": 0.2}, "rate": [0.05]}),
    "ep-softmax-euler": rows("digits", "0.2 400 hardsigm 10 softmax",
                             {**LABELS, "loss": "cross_entropy", "rule": "ep", "ep": EULER, "rate": [0.05]}),
    "ep-labels": rows("dense", "300 hardsigm 10 hardsigm", {**LABELS, "rule": "ep", "ep": BLOCK, "batch": 64}),
    "ep-few-labels": rows("digits", "0.3 400 hardsigm 10 hardsigm", {**SETTLE, "winners": 1, "output_dropout": 0},
                          semi={**SEMI, "rate": [0.05], "pretrain": {**SEMI["pretrain"], "rate": [0.05]}}),
    "ep-sequential": rows("digits", "0.3 200 hardsigm", {**SETTLE, "batch": 1, "sequential": True, "eta": 0.01, "epochs": 1}),
    "joint": spiking("digits", SMALL, {**TIMES, "epochs": 2}, dict(norm="joint", normalise=True, threshold=0.4),
                     select=dict(validation=0.2, split_seed=1)),
    "step": spiking("colour", "16C3-MP2-32C3-GAP-FC10", {**TIMES, "tet": 0.3},
                    dict(norm="step", neuron="tet", norm_scale=0.9, threshold=0.5)),
    "no-norm": spiking("digits", SMALL, {**TIMES, "clip": 1}, dict(threshold=0.1)),
    "compact": spiking("colour", "32C3-32C3-AP2-64C3-FC10", {**LABELS, "rate": [0.02]},
                       dict(surrogate="triangle", sharpness=12, threshold=0.3)),
    "compact-joint": spiking("digits", SMALL, TIMES,
                             dict(norm="joint", surrogate="rectangle", reset="soft", detach=True, threshold=0.3)),
    "residual": spiking("colour", "16C3-32R3/2-32R3-GAP-FC10", {**TIMES, "batch": 16},
                        dict(norm="joint", normalise=True, threshold=0.3)),
    "residual-before": spiking("colour", "16C3-32P3/2-32P3-GAP-FC10", {**TIMES, "augment": dict(padding=2, flip=True)},
                               dict(norm="joint", threshold=0.3)),
    "residual-plain": spiking("colour", "16C3-16R3-AP2-32R3/2-FC10", {**LABELS, "rate": [0.02]},
                              dict(surrogate="triangle", threshold=0.3)),
    "wide": spiking("colour", "64C3-64C3-AP2-128C3-128C3-AP2-FC10", {**TIMES, "batch": 32}, dict(threshold=0.1)),
    "augment": spiking("colour", "16C5/2-32C3-AP2-FC10", {**TIMES, "augment": dict(padding=2, flip=True, cutout=4)},
                       dict(norm="joint", normalise=True, threshold=0.5)),
    "dropout-votes": spiking("digits", "8C3-AP2-16C3-AP2-DO50-FC256-DO20-FC40", LABELS,
                             dict(norm="joint", votes=4, output_spikes=True, threshold=0.2)),
    "poisson": spiking("digits", SMALL, {**TIMES, "optimiser": "adam", "momentum": 0, "weight_decay": 0, "rate": [0.002]},
                       dict(poisson=True, neuron="snntorch", threshold=0.1)),
    "spiking-self": spiking("digits", "FC500", {**SELF, "epochs": 1, "rate": [20]},
                            dict(norm="joint", surrogate="triangle", output_spikes=True, threshold=0.4),
                            classifier={**READ, "activation": "softmax"}),
    "spiking-self-images": spiking("digits", "8C3-AP2-16C3-AP2-FC200", {**SELF, "epochs": 1, "rate": [1]},
                                   dict(output_spikes=True, threshold=0.1)),
    "spiking-rows": spiking("digits", "FC256-FC128-FC10", {**TIMES, "epochs": 2},
                            dict(norm="joint", threshold=0.3, decay_input=True, neuron="sj-vgg")),
    "membrane": spiking("digits", SMALL, {**LABELS, "loss": "cross_entropy"},
                        dict(readout="membrane", neuron="code-s", norm="step")),
    "last": spiking("digits", "8C3/2-MP2-16C3-FC10", {**LABELS, "label_smoothing": 0.1},
                    dict(readout="last", neuron="code-u", surrogate="sigmoid", threshold=0.2)),
    "frames": spiking("frames", "8C3-AP2-16C3/2-FC64-FC10", TIMES, dict(steps=4, norm="joint", threshold=0.3), init="glorot"),
}


# ---- one program's answers --------------------------------------------------

class Failed(Exception):
    pass


def call(program, words, data):
    """What a command prints.  Threads that wait give the processor away, whatever else this machine does."""
    env = {**os.environ, "PLANARIA_DATA": str(data), "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run([program, *map(str, words)], env=env, capture_output=True, text=True, timeout=600)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"{words[0]} ended with {done.returncode}: {said[-1] if said else 'nothing said'}")
    return done.stdout


def read_tensors(path):
    """Name -> type, shape, bytes of a safetensors file; those of the network, which all versions have."""
    content = path.read_bytes()
    size, = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + size])
    header.pop("__metadata__", None)
    return {name: (about["dtype"], about["shape"], content[8 + size:][slice(*about["data_offsets"])])
            for name, about in header.items() if name != "association" and not name.startswith("classifier.")}


def flatten(value, path=""):
    """Leaves of a JSON value: path -> number or text."""
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: leaf for name, inner in items
                for key, leaf in flatten(inner, f"{path}.{name}" if path else str(name)).items()}
    return {path: value}


def kind_of(path):
    """What --allow calls a figure: the last word of its path."""
    return [word for word in path.split(".") if not word.isdigit()][-1]


def is_figure(path):
    kind = kind_of(path)
    return not (kind.endswith("seconds") or kind in ("samples_per_second", "peak_bytes", "run"))


def figures_of(text):
    return {path: value for path, value in flatten(json.loads(text)).items() if is_figure(path)}


def read_run(folder):
    """What must not change of a run: tensors and figures."""
    run = {"tensors": {}, "figures": {}}
    for path in sorted(folder.glob("*.safetensors")):
        if path.stem != "checkpoint":
            run["tensors"].update({f"{path.stem}:{name}": one for name, one in read_tensors(path).items()})
    texts = {f"line {n}": line for n, line in enumerate((folder / "metrics.jsonl").read_text().splitlines(), 1)}
    for place, text in {**texts, "result": (folder / "result.json").read_text()}.items():
        run["figures"].update({f"{place}.{path}": value for path, value in figures_of(text).items()})
    return run


def describe(program, job, model, data):
    """The table of layers that `inspect` prints; networks of rows have none."""
    if "network" not in JOBS[job]:
        return []
    return [line.rstrip() for line in call(program, ["inspect", model], data).split("\nplanaria.network")[0].splitlines()]


# ---- comparison --------------------------------------------------------------

def compare_tensors(old, new):
    """Differences as (kind, text)."""
    found = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new or name not in old:
            found.append(("tensors", f"{name} is there only {'before' if name in old else 'after'}"))
        elif old[name][:2] != new[name][:2]:
            found.append(("tensors", f"{name}: {old[name][0]} {old[name][1]} -> {new[name][0]} {new[name][1]}"))
        elif old[name][2] != new[name][2]:
            a, b = old[name][2], new[name][2]
            count = sum(a[i:i + 4] != b[i:i + 4] for i in range(0, len(a), 4))
            found.append(("tensors", f"{name}: {count} of {len(a) // 4} numbers differ"))
    return found


def compare_figures(old, new):
    missing = "nothing"
    return [(kind_of(path), f"{path}: {old.get(path, missing)} -> {new.get(path, missing)}")
            for path in sorted(old.keys() | new.keys())
            if json.dumps(old.get(path, missing)) != json.dumps(new.get(path, missing))]


def compare_runs(old, new):
    return compare_tensors(old["tensors"], new["tensors"]) + compare_figures(old["figures"], new["figures"])


def compare_memory(old, new):
    if new - old <= MORE_MEMORY:
        return []
    return [("memory", f"planned bytes: {old} -> {new}, {(new - old) / 1024:.0f} KB more")]


def is_allowed(job, kind, allowed):
    return bool({job, kind, f"{job}:{kind}"} & set(allowed))


# ---- one job -----------------------------------------------------------------

def train(program, job, threads, folder, data):
    call(program, ["train", folder.parent / "config.yaml", "--out", folder, "--threads", threads, "--seed", 1, "--json"], data)
    return read_run(folder)


def plan(program, threads, folder, data):
    """Planned bytes of network and training."""
    told = json.loads(call(program, ["train", folder / "config.yaml", "--dry-run", "--json", "--threads", threads, "--limit", 64],
                           data))
    return told["network_bytes"] + told["training_bytes"]


def ask(program, side, job, args, folder):
    """All that one program is asked by itself; its run with the first number of threads stays in folder/side."""
    first, *others = args.threads
    run = train(program, job, first, folder / side, args.data)
    found = [(kind, f"{n} threads, {side}: {text}") for n in others
             for kind, text in compare_runs(run, train(program, job, n, folder / f"{side}-{n}", args.data))]
    return {"found": found, "memory": [plan(program, n, folder, args.data) for n in (first, args.threads[-1])],
            "description": describe(program, job, folder / side / "model.safetensors", args.data)}


def key_of(program, args):
    """What answers depend on."""
    names = ("PLN_", "OPENBLAS_", "OMP_")
    seen = {"program": hashlib.sha256(Path(program).read_bytes()).hexdigest(), "tool": Path(__file__).read_text(),
            "threads": args.threads, "cpu": re.findall("model name.*|flags.*", Path("/proc/cpuinfo").read_text())[:2],
            "environment": {name: value for name, value in os.environ.items() if name.startswith(names)}}
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


def ask_old(program, job, args, folder):
    """The old program's answers, from the cache if they are there."""
    kept = Path(args.cache).resolve() / args.key / job if args.cache else None
    if kept and kept.exists():
        shutil.copytree(kept / "run", folder / "old")
        return json.loads((kept / "answers.json").read_text())
    answers = ask(program, "old", job, args, folder)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=kept.parent))
        shutil.copytree(folder / "old", new / "run", ignore=shutil.ignore_patterns("checkpoint*"))
        (new / "answers.json").write_text(json.dumps(answers))
        try:
            new.rename(kept)
        except OSError:                 # somebody else was faster
            shutil.rmtree(new)
    return answers


def evaluate(program, run, args):
    return json.loads(call(program, ["eval", run, "--data", args.data, "--threads", args.threads[0], "--json"], args.data))


def read_files(programs, job, args, folder, described, same):
    """How the new program reads the old one's run, and its own; which algorithms ran."""
    old, new = (evaluate(program, folder / "old", args) for program in programs)
    ways = {f"{name} {layer[name]}" for layer in old.get("activity", {}).get("layers", [])
            for name in ("forward", "input_gradient", "weight_gradient") if layer.get(name, "-") != "-"}
    found = [(kind, f"eval of the old run by old and new: {text}") for kind, text in compare_figures(flatten(old), flatten(new))]
    if describe(programs[1], job, folder / "old" / "model.safetensors", args.data) != described:
        found.append(("old-file", "inspect describes the old model unlike the new one"))
    own = evaluate(programs[1], folder / "new", args)
    if same:
        found += [(kind, f"eval by new of the old run and the new: {text}")
                  for kind, text in compare_figures(flatten(new), flatten(own))]
    return found, ways


def do_job(job, args, folder):
    """Verdicts of a job: column -> differences; planned memory; which algorithms ran."""
    folder.mkdir()
    (folder / "config.yaml").write_text(json.dumps(JOBS[job]))
    found, memory, ways, part = {}, [], set(), "old"
    try:
        old = ask_old(args.programs[0], job, args, folder)
        found["old"], part = old["found"], "new"
        new = ask(args.programs[1], "new", job, args, folder)
        found["new"], part = new["found"], "tensors"
        runs = [read_run(folder / side) for side in ("old", "new")]
        found["tensors"] = compare_tensors(*(run["tensors"] for run in runs))
        found["figures"] = compare_figures(*(run["figures"] for run in runs))
        memory, part = list(zip(old["memory"], new["memory"])), "files"
        found["memory"] = [one for pair in memory for one in compare_memory(*pair)]
        found["files"], ways = read_files(args.programs, job, args, folder, new["description"], not found["tensors"])
    except (Failed, OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        found[part] = [("failed", f"{type(error).__name__}: {error}")]
    if not args.keep:
        shutil.rmtree(folder)
    return {"found": found, "memory": memory, "ways": ways}


# ---- programs ----------------------------------------------------------------

def build(commit, folder):
    """The command of a commit, or of the files as they are here."""
    source = ROOT
    if commit:
        source = folder / "source"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "-q", "--detach", source, commit], check=True)
    env = {**os.environ, "CCACHE_BASEDIR": str(source), "CCACHE_NOHASHDIR": "1"}
    if shutil.which("ccache"):
        env.setdefault("CMAKE_C_COMPILER_LAUNCHER", "ccache")
    for line in (["cmake", "--preset", "release", "-B", folder / "build", "-DPLN_BENCH=OFF"],
                 ["cmake", "--build", folder / "build", "--target", "planaria_command", "-j",
                  os.environ.get("JOBS", str(os.cpu_count()))]):
        done = subprocess.run(line, cwd=source, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"{commit or 'the files here'} cannot be built:\n{done.stdout[-3000:]}")
    return folder / "build" / "planaria"


def forget(folder):
    """Takes away a worktree that `build` made."""
    if (folder / "source").exists():
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", folder / "source"], check=False)


# ---- table -------------------------------------------------------------------

COLUMNS = ("old", "new", "tensors", "figures", "files", "memory")


def word_for(job, result, column, allowed):
    if column not in result["found"]:
        return "-"
    kinds = {kind for kind, _ in result["found"][column]}
    if not kinds:
        return "same" if column != "memory" else "fits"
    return "allowed" if all(is_allowed(job, kind, allowed) for kind in kinds) else "DIFFER"


def print_table(results, allowed):
    """The table, then each difference; returns how many are not allowed."""
    print(f"\n{'':20} {'threads agree':>17}   {'old against new':>30} {'planned memory, KB':>26}")
    print(f"{'job':20} {'old':>8} {'new':>8}   {'tensors':>8} {'figures':>8} {'files':>12} {'':>8} {'old':>8} {'new':>8}")
    for job, result in results.items():
        words = [word_for(job, result, column, allowed) for column in COLUMNS]
        old, new = max(result["memory"], default=(0, 0), key=lambda pair: pair[1] - pair[0])
        print(f"{job:20} {words[0]:>8} {words[1]:>8}   {words[2]:>8} {words[3]:>8} {words[4]:>12} {words[5]:>8} "
              f"{old / 1024:8.0f} {new / 1024:8.0f}")
    bad = 0
    for job, result in results.items():
        for column in COLUMNS:
            found = result["found"].get(column, [])
            bad += sum(not is_allowed(job, kind, allowed) for kind, _ in found)
            for kind, text in found[:6]:
                print(f"{job} [{kind}{', allowed' if is_allowed(job, kind, allowed) else ''}] {text}")
            if len(found) > 6:
                print(f"{job} ... and {len(found) - 6} more")
    return bad


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commits", nargs="*", metavar="COMMIT", help="OLD [NEW]")
    parser.add_argument("--programs", nargs=2, metavar="PROGRAM", help="two commands that are built already")
    parser.add_argument("--allow", action="append", default=[], metavar="NAME", help="a job, a kind, or job:kind that may differ")
    parser.add_argument("--jobs", default=",".join(JOBS), help="comma-separated; default: all")
    parser.add_argument("--threads", default="1,2,3", help="comma-separated")
    parser.add_argument("--at-once", type=int, default=os.cpu_count(), metavar="N", help="jobs at a time")
    parser.add_argument("--keep", metavar="DIR", help="a new folder for the runs, which stay")
    parser.add_argument("--cache", metavar="DIR", help="what the old program said is kept here, and not asked again")
    parser.add_argument("--list", action="store_true", help="names of the jobs")
    args = parser.parse_args(argv)
    args.jobs = args.jobs.split(",")
    args.threads = [int(n) for n in args.threads.split(",")]
    unknown = [job for job in args.jobs if job not in JOBS]
    if unknown:
        parser.error(f"no such job: {', '.join(unknown)}; there are {', '.join(JOBS)}")
    if not args.list and bool(args.programs) == (len(args.commits) in (1, 2)):
        parser.error("give one or two commits, or --programs OLDPROG NEWPROG")
    return args


def compare(args, folder):
    folder.mkdir(parents=True, exist_ok=True)
    args.data = folder / "data"
    write_data(args.data)
    (folder / "runs").mkdir()
    args.key = key_of(args.programs[0], args)
    with concurrent.futures.ThreadPoolExecutor(max(1, args.at_once)) as pool:
        waiting = {job: pool.submit(do_job, job, args, folder / "runs" / job) for job in args.jobs}
        results = {job: one.result() for job, one in waiting.items()}
    bad = print_table(results, args.allow)
    ways = sorted(set().union(*(result["ways"] for result in results.values())))
    if ways:
        print(f"algorithms that ran: {', '.join(ways)}")
    return bad


def main():
    args = parse(sys.argv[1:])
    if args.list:
        print("\n".join(JOBS))
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="same_bits.") as name:
        temporary = Path(name)
        keep = Path(args.keep).resolve() if args.keep else None
        if keep and keep.exists() and any(keep.iterdir()):
            raise SystemExit(f"{keep} is not empty")
        try:
            if not args.programs:
                commits = (args.commits + [None])[:2]
                args.programs = [build(commit, temporary / side) for commit, side in zip(commits, ("old", "new"))]
            args.programs = [os.path.abspath(program) for program in args.programs]
            bad = compare(args, keep or temporary / "work")
        finally:
            for side in ("old", "new"):
                forget(temporary / side)
    print(f"{len(args.jobs)} jobs, threads {','.join(map(str, args.threads))}, {time.monotonic() - began:.0f} s: "
          f"{f'{bad} difference(s)' if bad else 'nothing differs that should not'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
