"""Options, presets and configurations: all that is said of them comes from the library."""

import numpy as np
import pytest

import planaria
from planaria._core import Context
from planaria._options import Experiment, load_config


def test_tables_say_what_the_library_does():
    train = planaria.options("train")
    assert train["batch"] == planaria.Option("batch", "int", None, True, 1, 4096, (), "samples a step")
    assert train["rule"].words == ("bp", "ep") and train["rule"].default == "bp"
    assert "beta" in planaria.options("train.ep") and planaria.options("layers.conv")["kernel"].needed
    assert list(planaria.options())[:3] == ["init", "layers", "input"]
    with pytest.raises(KeyError):
        planaria.options("train.nothing")


def test_every_preset_is_read_and_prints_what_reads_back():
    context = Context(1)
    for name in planaria.presets():
        first = Experiment(context, load_config(name)).to_dict()
        assert Experiment(context, first).to_dict() == first, name
    assert len(planaria.presets()) > 100


def test_presets_by_name_or_its_end():
    preset = planaria.preset("unsup-bp-1layer")
    assert preset == planaria.preset("liu2024/unsup-bp-1layer")
    assert preset["train"]["epochs"] == 200 and preset["layers"][1] == {"dense": 2000} and preset["data"] == "mnist"
    with pytest.raises(planaria.FormatError, match="neither a file nor a preset 'unsup'"):
        planaria.preset("unsup")


def test_a_file_of_yaml(tmp_path, digits):
    path = tmp_path / "mine.yaml"
    path.write_text("layers: [dense: 5, activation: hardsigm]\ntrain: {target: self, epochs: 1, batch: 8, loss: mse, optimiser: sgd, "
                    "rate: [1], winners: 1}\n")
    assert planaria.train(path, digits[0]).layers[0].outputs == 5
    path.write_text("train:\n  epochs: 1\n  epochs: 2\n")
    with pytest.raises(planaria.FormatError, match="the key 'epochs' stands twice"):
        planaria.train(path, digits[0])
    path.write_text("train: [")
    with pytest.raises(planaria.FormatError, match="this is no YAML"):
        planaria.train(path, digits[0])


@pytest.mark.parametrize("changes, error, path, sentence", [
    ({"train.batch": 0}, planaria.ArgumentError, "train.batch", r"train.batch is 0; it must be 1..4096"),
    ({"train.bach": 1}, planaria.FormatError, "train.bach", r"there is no key 'bach' in train; did you mean 'batch'\?"),
    ({"train.epochs": "many"}, planaria.FormatError, "train.epochs", "many"),
    ({"train.epochs": True}, planaria.FormatError, "train.epochs", "true"),
    ({"layers.1.dense": np.int64(-1)}, planaria.ArgumentError, "layers.1.dense", "-1"),
    ({"train.rate.0.x": 1}, planaria.FormatError, "train.rate.0.x", "is one value, no section"),
])
def test_errors_have_the_sentence_and_the_path(digits, changes, error, path, sentence):
    with pytest.raises(error, match=sentence) as caught:
        planaria.train("unsup-bp-1layer", *digits, set=changes)
    assert caught.value.path == path and isinstance(caught.value, ValueError)
