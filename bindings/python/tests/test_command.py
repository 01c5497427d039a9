"""The command and Python make the same of the same configuration, data and seed; the environment names the command in PLANARIA."""

import os
import subprocess

import numpy as np
import pytest

import planaria

PLANARIA = os.environ.get("PLANARIA", "")
CONFIG = """\
data: {data}
layers: [dropout: 0.2, dense: 40, activation: hardsigm]
train: {{target: self, epochs: 2, batch: 16, loss: mse, optimiser: sgd, rate: [4], winners: 3, gamma: 0.4, schedule: {{kind: linear, start: 1, end: 0.1}}}}
evaluate: {{at: [1], fractions: [0.1]}}
classifier: {{epochs: 2, batch: 32, rate: 0.1, decay: 0.9, activation: sigmoid}}
"""


needs_command = pytest.mark.skipif(not os.access(PLANARIA, os.X_OK), reason="PLANARIA names no command")


@needs_command
def test_same_bits_as_the_command(tmp_path, digits):
    X, y = digits
    for name, values in (("train-images", X[:400]), ("train-labels", y[:400]), ("test-images", X[400:]), ("test-labels", y[400:])):
        np.save(tmp_path / f"{name}.npy", values)
    (tmp_path / "mine.yaml").write_text(CONFIG.format(data="npy"))
    done = subprocess.run([PLANARIA, "train", tmp_path / "mine.yaml", "--data", tmp_path, "--out", tmp_path / "run", "--seed", "3"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = planaria.train(tmp_path / "mine.yaml", X[:400], y[:400], test=(X[400:], y[400:]), seed=3)
    theirs = planaria.load(tmp_path / "run")
    for name, values in theirs.parameters().items():
        assert np.array_equal(values, ours.parameters()[name]), name
    assert theirs.labels == ours.labels
    for by in ("association", "unit", "classifier"):
        assert np.array_equal(theirs.scores(X, by=by), ours.scores(X, by=by))
    row = planaria.runs(tmp_path)[0]
    read_out = next(line for line in ours.history if line.get("labels") == 1 and "direct_average" in line)
    assert row["seed"] == 3 and (row["direct_average"], row["linear"]) == pytest.approx((read_out["direct_average"], read_out["linear"]))
    assert [line["train_loss"] for line in planaria.runs(tmp_path, metrics=True) if "train_loss" in line] == pytest.approx(
        [line["train_loss"] for line in ours.history if "train_loss" in line], rel=1e-6)


HELD_OUT = {
    "self": """\
data: npy
layers: [dense: 20, activation: hardsigm]
train: {target: self, epochs: 2, batch: 16, loss: mse, optimiser: sgd, rate: [4], winners: 3, gamma: 0.4}
evaluate: {validation: 0.25, split_seed: 5}
""",
    "labels": """\
data: npy
layers: [dense: 20, activation: relu, dense: 10, activation: x]
train: {target: labels, epochs: 2, batch: 16, loss: cross_entropy, optimiser: adam, rate: [0.001]}
evaluate: {validation: 0.25, split_seed: 5}
select: {validation: 0.2, split_seed: 6}
"""}


@needs_command
@pytest.mark.parametrize("config", HELD_OUT)
def test_same_samples_held_out(tmp_path, digits, config):
    """Of those with a label, where labels need not be there."""
    X, y = digits[0], np.where((np.arange(len(digits[1])) % 3 == 0) | (config == "labels"), digits[1], -1)
    np.save(tmp_path / "train-images.npy", X)
    np.save(tmp_path / "train-labels.npy", y)
    (tmp_path / "mine.yaml").write_text(HELD_OUT[config])
    done = subprocess.run([PLANARIA, "train", tmp_path / "mine.yaml", "--data", tmp_path, "--out", tmp_path / "run", "--seed", "3"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = planaria.train(tmp_path / "mine.yaml", X, y, seed=3)
    for name, values in planaria.load(tmp_path / "run").parameters().items():
        assert np.array_equal(values, ours.parameters()[name]), name
    lines = [[line for line in source if "train_loss" in line] for source in (planaria.runs(tmp_path, metrics=True), ours.history)]
    assert len(lines[0]) == len(lines[1]) == 2
    for theirs, line in zip(*lines):
        for key in {"train_loss", "selection_accuracy", "accuracy", "direct_average"} & set(line):
            assert theirs[key] == pytest.approx(line[key], rel=1e-6), key
    assert ("selection_accuracy" in lines[1][0]) == (config == "labels") and {"accuracy", "direct_average"} & set(lines[1][1])
