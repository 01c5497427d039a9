#!/usr/bin/env python3
"""Weights to PyTorch and back: outputs of the same network are those of planaria, and so are its tensors.

    state_dict.py PLANARIA EXAMPLE      EXAMPLE: examples/state_dict.py

Exit 77: numpy is not there.  Without torch, tensors alone are compared.
"""
import os, subprocess, sys, tempfile

try:
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)
try:
    import torch
except ImportError:
    torch = None

NETWORKS = {
    "rows": "layers: [{dense: 12}, {activation: relu}, {dense: 4}]",
    "images": "input: {steps: 1}\nlayers: [{conv: {filters: 5, kernel: 3, pad: 1}}, {activation: relu}, {pool: {kind: max, size: 2}}, "
              "{conv: {filters: 6, kernel: 3, pad: 1}}, {norm: joint}, {activation: relu}, {dense: 4}]",
}
TRAIN = "train: {target: labels, epochs: 2, batch: 8, loss: cross_entropy, optimiser: sgd, rate: [0.1]}\n"


def modules(name):
    nn = torch.nn
    if name == "rows":
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 4))
    return nn.Sequential(nn.Conv2d(1, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 6, 3, padding=1, bias=False),
                         nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 16, 4))


def call(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def refuses(*words):
    done = subprocess.run((sys.executable, *words), capture_output=True, text=True)
    if done.returncode != 1 or len(done.stderr.splitlines()) != 1:
        sys.exit(f"{' '.join(words)} should end with one sentence: {done.stderr}")


def make_set(folder):
    random = np.random.default_rng(5)
    os.makedirs(folder)
    for part, count in ("train", 80), ("test", 40):
        labels = np.arange(count) % 4
        images = random.integers(0, 60, (count, 8, 8)).astype("u1")
        for i, label in enumerate(labels):
            images[i, 2 * label:2 * label + 2] += 180
        np.save(f"{folder}/{part}-images.npy", images)
        np.save(f"{folder}/{part}-labels.npy", labels)
    return images


def outputs(planaria, model, data, out):
    for name in (out, out.replace(".npy", ".labels.npy")):
        if os.path.exists(name):
            os.remove(name)
    call(planaria, "features", model, data, "--out", out)
    return np.load(out)


def compare(planaria, example, folder, name, images):
    run, data = f"{folder}/{name}", f"{folder}/set"
    with open(f"{run}.yaml", "w") as file:
        file.write(f"data: tiny\n{NETWORKS[name]}\n{TRAIN}")
    call(planaria, "train", f"{run}.yaml", "--data", data, "--out", run, "--json")
    model, state, again = f"{run}/model.safetensors", f"{run}.npz", f"{run}-again.npz"
    call(sys.executable, example, "export", model, state)
    call(sys.executable, example, "import", model, state, f"{run}.safetensors")
    call(sys.executable, example, "export", f"{run}.safetensors", again)
    with np.load(state) as a, np.load(again) as b:
        same = a.files == b.files and all(np.array_equal(a[key], b[key]) for key in a.files)
        print(f"{name}: there and back: {'the same' if same else 'others'}: {' '.join(a.files)}")
    if not same:
        sys.exit(1)
    if call(planaria, "predict", model, data, "--csv") != call(planaria, "predict", f"{run}.safetensors", data, "--csv"):
        sys.exit(f"{name}: the model with the same weights should mean the same by its outputs")
    refuses(example, "import", model, f"{run}-nothing.npz", f"{run}-x.safetensors")
    refuses(example, "export", f"{run}-nothing", state)
    if not torch:
        refuses(example, "export", model, f"{run}.pt")
        return
    net = modules(name)
    with np.load(state) as a:
        ours = [torch.from_numpy(a[key]) for key in a.files]
    keys = [key for key in net.state_dict() if not key.endswith("num_batches_tracked")]
    net.load_state_dict({**net.state_dict(), **dict(zip(keys, ours))})
    with torch.no_grad():
        theirs = net.eval()(torch.from_numpy(images[:, None].astype("f4") / 255)).numpy()
    worst = np.abs(theirs - outputs(planaria, run, data, f"{run}-y.npy")).max()
    torch.save(net.state_dict(), f"{run}.pt")
    call(sys.executable, example, "import", model, f"{run}.pt", f"{run}-pt.safetensors")
    print(f"{name}: PyTorch's outputs differ by {worst:.2g}")
    if not worst < 1e-4:
        sys.exit(1)


def main(planaria, example):
    with tempfile.TemporaryDirectory() as folder:
        images = make_set(f"{folder}/set")
        for name in NETWORKS:
            compare(planaria, example, folder, name, images)


main(*sys.argv[1:])
