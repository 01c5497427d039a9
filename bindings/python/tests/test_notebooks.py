"""The notebooks in examples/notebooks run as scripts, on small data."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

NOTEBOOKS = Path(__file__).resolve().parents[3] / "examples" / "notebooks"


def run(name, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    found = runpy.run_path(str(NOTEBOOKS / name))
    return found, capsys.readouterr().out


def test_mnist_without_labels(tmp_path, monkeypatch, capsys, digits):
    """On the small digits, four times each."""
    X, y = np.tile(digits[0], (4, 1)), np.tile(digits[1], 4)
    several = np.tile(X, (5, 1)), np.tile(y.astype(str), 5)
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda name, **how: several)
    found, said = run("mnist_without_labels.py", tmp_path, monkeypatch, capsys)
    assert "10 epochs, 500 units" in said and found["named"].score(X, y) > 0.7


def test_few_labels_on_own_images(tmp_path, monkeypatch, capsys, digits):
    image = pytest.importorskip("PIL.Image")
    for i, (values, digit) in enumerate(zip(*digits)):
        folder = tmp_path / "pictures" / (f"digit {digit}" if i % 4 == 0 and digit < 4 else "unlabelled")
        if digit < 4:
            folder.mkdir(parents=True, exist_ok=True)
            image.fromarray(values.reshape(8, 8)).save(folder / f"{i}.png")
    found, said = run("few_labels_on_own_images.py", tmp_path, monkeypatch, capsys)
    assert found["network"].score(found["X"][found["kept"]], found["y"][found["kept"]]) > 0.6
    assert said.count("pictures/unlabelled/") == 10 and "digit 0, digit 1, digit 2, digit 3" in said


def test_prune_a_spiking_network(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib").use("agg")
    found, said = run("prune_a_spiking_network.py", tmp_path, monkeypatch, capsys)
    assert list(found["density"]) == pytest.approx([1, 0.5, 0.2, 0.1, 0.05, 0.02], abs=2e-3)
    assert (found["accuracy"][:4] > 0.75).all() and found["operations"][3] < found["operations"][0] / 3
    assert (tmp_path / "trade-off.png").stat().st_size > 1000 and "100.0% of the weights" in said


def test_they_are_notebooks():
    jupytext = pytest.importorskip("jupytext")
    for script in sorted(NOTEBOOKS.glob("*.py")):
        cells = jupytext.read(script).cells
        assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ") and sum(cell.cell_type == "code" for cell in cells) > 1
