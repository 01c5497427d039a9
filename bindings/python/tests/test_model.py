"""Models: what they say of samples, and that they can be kept."""

import gc
import pickle
import threading

import numpy as np
import pytest

import planaria


@pytest.fixture(scope="module")
def model(digits):
    from conftest import QUICK
    return planaria.train("unsup-bp-1layer", *digits, set=QUICK)


def test_forward_is_what_the_parameters_give(model, floats):
    p = model.parameters()
    assert p["0.weight"].shape == (60, 64) and p["0.bias"].shape == (60,)
    expected = np.clip(floats @ p["0.weight"].T + p["0.bias"], 0, 1)
    assert np.allclose(model.forward(floats), expected, atol=1e-5)
    assert np.array_equal(model.features(floats[:7], 1)[:, :5].clip(0, 1), model.forward(floats[:7])[:, :5])


def test_bytes_are_their_values_divided_by_255(model, digits, floats):
    assert np.allclose(model.forward(digits[0]), model.forward(floats), atol=1e-6)


def test_a_sample_alone_is_the_same(model, digits):
    X = digits[0]
    whole = model.forward(X)
    assert np.array_equal(whole[17], model.forward(X[17:18])[0])
    assert np.array_equal(whole[::2], model.forward(X[::2]))


@pytest.mark.parametrize("by", ["association", "unit", "classifier"])
def test_scores_are_those_that_predictions_go_by(model, digits, by):
    scores, said = model.scores(digits[0], by=by), model.predict(digits[0], by=by)
    assert scores.shape == (600, 10)
    assert np.array_equal(scores.argmax(axis=1)[said >= 0], said[said >= 0]) and (said >= 0).mean() > 0.9


def test_layers(model):
    assert [layer.kind for layer in model.layers] == ["dropout", "dense", "activation"]
    assert model.layers[1] == planaria.Layer("dense", 64, 60, 64 * 60 + 60, (60,))
    assert repr(model) == "<planaria.Model 64-60, 10 classes by association>"


def test_kept_by_pickle_and_file(model, digits, tmp_path):
    model.save(tmp_path / "model.safetensors")
    for other in (pickle.loads(pickle.dumps(model)), planaria.load(tmp_path), planaria.load(tmp_path / "model.safetensors", threads=2)):
        assert np.array_equal(other.scores(digits[0]), model.scores(digits[0]))
    assert pickle.loads(pickle.dumps(model)).history == model.history


def test_files_that_are_no_model(tmp_path):
    with pytest.raises(FileNotFoundError):
        planaria.load(tmp_path / "nothing")
    (tmp_path / "model.safetensors").write_bytes(b"12345678{}")
    with pytest.raises(planaria.FormatError, match="model.safetensors: safetensors: "):
        planaria.load(tmp_path)


def test_errors(model, digits):
    X = digits[0]
    with pytest.raises(planaria.ShapeError, match="the network has 64 inputs, a sample 5 values"):
        model.predict(X[:, :5])
    with pytest.raises(planaria.ArgumentError, match="there is no layer 9"):
        model.features(X, 9)
    with pytest.raises(planaria.ArgumentError, match="must be one of association, unit"):
        model.predict(X, by="luck")
    with pytest.raises(planaria.StateError, match="no number 3"):
        model.predict(X, association=3)
    with pytest.raises(planaria.StateError, match="wants a ready network of images"):
        model.activity(X)
    with pytest.raises(planaria.StateError, match="does not say what its outputs mean"):
        planaria.train("unsup-bp-1layer", X, set={"train.epochs": 0, "layers.1.dense": 6}).predict(X)


def test_activity_of_a_spiking_network(digits):
    X, y = digits[0].reshape(-1, 8, 8), digits[1]
    model = planaria.train("mlp-a-mnist", X, y, set={"network": "4C3-AP2-FC10", "train.epochs": 6})
    activity = model.activity(X[:100])
    assert len(activity) == len(model.layers) and activity[0]["kind"] == "conv" and activity[0]["macs"] > 0
    assert any(0 < layer["firing_rate"] < 1 for layer in activity)
    assert model.forward(X).shape == (600, 10) and model.layers[0].shape == (4, 8, 8)


def test_threads_may_share_a_model(model, digits):
    expected, found = model.predict(digits[0]), [None] * 4

    def ask(i):
        found[i] = model.predict(digits[0])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(expected, said) for said in found)


def test_collected_in_any_order(digits, quick):
    """A cycle of objects is finalised in no order of ours; what the library has made still goes first."""
    for _ in range(3):
        cycle = [planaria.train("unsup-bp-1layer", *digits, set=quick)]
        cycle.append(cycle)
        with pytest.raises(ZeroDivisionError):
            planaria.train("unsup-bp-1layer", *digits, set=quick, callbacks=[lambda line: 1 / 0])
        del cycle
        gc.collect()
