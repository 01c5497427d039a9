#!/usr/bin/env python3
"""Fashion-MNIST with one label in a hundred: planaria/fashion-few-labels beside logistic regression and k-means.

    python3 bench/few_labels.py --command build/release/planaria [--seeds 1,2,3,4,5] [--labels 600]        (needs scikit-learn)

Each seed draws as many samples of every class whose labels all three may see; the other labels of the training set are not
looked at.  Logistic regression learns the pixels of the labelled samples; how far its weights are held down is chosen by five
parts of these samples.  k-means puts the pixels of all training samples into as many clusters as the network has hidden units;
a cluster means the class that most of its labelled samples have, one without any that of the nearest which has some.  All are
measured on the test set.  Writes docs/results/few_labels.json and prints the table of the README.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

ROOT = Path(__file__).resolve().parent.parent
PRESET = "planaria/fashion-few-labels"
CLASSES = 10
PENALTIES = (0.001, 0.01, 0.1, 1)


def read(folder, name):
    path = next(p for p in (folder / name, folder / (name + ".gz")) if p.exists())
    data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    rank = data[3]
    shape = np.frombuffer(data, ">i4", rank, 4)
    return np.frombuffer(data, np.uint8, -1, 4 + 4 * rank).reshape(shape)


def load(folder):
    sets = []
    for part in ("train", "t10k"):
        images = read(folder, f"{part}-images-idx3-ubyte").reshape(-1, 784).astype(np.float32) / 255
        sets += [images, read(folder, f"{part}-labels-idx1-ubyte")]
    return sets


def choose(labels, count, seed):
    """As many of each class, by chance."""
    rng = np.random.default_rng(seed)
    return np.sort(np.concatenate([rng.choice(np.flatnonzero(labels == c), count // CLASSES, replace=False) for c in range(CLASSES)]))


def regress(x, labels, chosen, test, truth):
    model = GridSearchCV(LogisticRegression(max_iter=2000), {"C": PENALTIES}, cv=5).fit(x[chosen], labels[chosen])
    return float(np.mean(model.predict(test) == truth))


def cluster(x, labels, chosen, test, truth, clusters, seed):
    model = KMeans(clusters, n_init=1, max_iter=50, random_state=seed).fit(x)
    votes = np.zeros((clusters, CLASSES))
    np.add.at(votes, (model.labels_[chosen], labels[chosen]), 1)
    known = np.flatnonzero(votes.sum(1) > 0)
    centres = model.cluster_centers_
    nearest = known[np.argmin(((centres[:, None] - centres[known]) ** 2).sum(2), 1)]
    return float(np.mean(votes.argmax(1)[nearest][model.predict(test)] == truth))


def train(args, chosen, seed):
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "labelled.txt"
        known.write_text("".join(f"{i}\n" for i in chosen))
        command = [args.command, "train", PRESET, "--seed", str(seed), "--out", f"{folder}/run", "--data", str(args.data), "--threads", args.threads,
                   "--set", f"semi.labels_file={known}", "--set", "semi.labels=0"]
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result = json.loads((Path(folder) / "run" / "result.json").read_text())
    return result["accuracy"], round(time.monotonic() - start, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/release/planaria")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), help="folder of the four files")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--labels", type=int, default=600)
    parser.add_argument("--threads", default=str(os.cpu_count()), help="of the training")
    parser.add_argument("--units", type=int, default=256, help="hidden units of the network, and clusters")
    args = parser.parse_args()
    x, labels, test, truth = load(args.data)
    runs = []
    for seed in map(int, args.seeds.split(",")):
        chosen = choose(labels, args.labels, seed)
        accuracy, seconds = train(args, chosen, seed)
        runs.append({"seed": seed, "planaria": accuracy, "seconds": seconds,
                     "logistic_regression": regress(x, labels, chosen, test, truth),
                     "k_means": cluster(x, labels, chosen, test, truth, args.units, seed)})
        print(json.dumps(runs[-1]), flush=True)
    path = ROOT / "docs" / "results" / "few_labels.json"
    path.write_text(json.dumps({"command": "python3 bench/few_labels.py", "labels": args.labels, "clusters": args.units,
                                "scikit_learn": sklearn.__version__, "runs": runs}, indent=1) + "\n")
    print(f"\n| accuracy with {args.labels} labels | mean of {len(runs)} | standard deviation |\n|---|--:|--:|")
    for key, name in (("planaria", PRESET), ("logistic_regression", "logistic regression on the same labelled pixels"),
                      ("k_means", f"k-means, {args.units} clusters")):
        values = [100 * run[key] for run in runs]
        print(f"| {name} | {statistics.mean(values):.2f} % | {statistics.stdev(values) if len(values) > 1 else 0:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
