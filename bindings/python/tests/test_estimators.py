"""Estimators keep scikit-learn's conventions, and their parameters are the library's options."""

import inspect
import pickle

import numpy as np
import pytest
import stub
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

import planaria
from planaria import EquilibriumClassifier, SelfTargetClassifier, SelfTargetTransformer, SpikingClassifier
from planaria.estimators import EXPECTED_FAILED_CHECKS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", [SelfTargetClassifier(layers=(60,)), SelfTargetTransformer(layers=(60,)),
                                       EquilibriumClassifier(layers=(60,)), SpikingClassifier(network="FC60")], ids=lambda e: type(e).__name__)
def test_conventions(estimator):
    expected = EXPECTED_FAILED_CHECKS if hasattr(estimator, "predict") else {}
    results = check_estimator(estimator, expected_failed_checks=expected)
    assert [result["check_name"] for result in results if result["status"] == "xfail"] == list(expected)


def test_the_stub_is_what_the_tables_say():
    assert stub.STUB.read_text(encoding="utf-8") == stub.stub(), "python3 bindings/python/tests/stub.py --write renews it"


def test_parameters_are_options_with_the_presets_defaults():
    parameters = SelfTargetClassifier().get_params()
    train = planaria.preset("unsup-bp-1layer")["train"]
    for name in ("winners", "gamma", "batch", "output_dropout", "optimiser", "loss"):
        assert parameters[name] == train[name]
    assert parameters["layers"] == (2000,) and [parameters["rate"]] == train["rate"]
    assert set(planaria.options("train.ep")) <= set(EquilibriumClassifier().get_params())
    assert set(planaria.options("spiking")) <= set(SpikingClassifier().get_params())
    assert planaria.options("train")["gamma"].help in inspect.getdoc(SelfTargetClassifier)
    with pytest.raises(TypeError, match="has no parameter 'gama'"):
        SelfTargetClassifier(gama=1)
    with pytest.raises(ValueError, match="train.gamma is -1"):
        SelfTargetClassifier(layers=(9,), gamma=-1).fit(np.eye(9, dtype=np.float32))


@pytest.mark.parametrize("read_out, least", [("association", 0.7), ("unit", 0.65), ("classifier", 0.6)])
def test_labels_few_or_all(floats, digits, read_out, least):
    y = digits[1]
    few = np.where(np.arange(len(y)) % 5 == 0, y, -1)
    c = SelfTargetClassifier(layers=(200,), epochs=10, read_out=read_out, random_state=1)
    for labels in (few, y):
        assert clone(c).fit(floats, labels).score(floats, y) > least
    assert np.array_equal(clone(c).fit(floats, y).transform(floats), clone(c).fit(floats, few).transform(floats))


def test_no_labels(floats, digits):
    for y in (None, np.full(600, -1)):
        c = SelfTargetClassifier(layers=(30,), epochs=1, random_state=1).fit(floats, y)
        assert c.transform(floats).shape == (600, 30) and len(c.classes_) == 0
        with pytest.raises(planaria.StateError, match="has a label"):
            c.predict(floats)
    for kind in (EquilibriumClassifier, SpikingClassifier):
        with pytest.raises(ValueError, match="needs labels: all are -1"):
            kind().fit(floats, np.full(600, -1))


def test_a_seed_is_that_of_train(digits):
    """What an estimator learns is what `train` does with the configuration that its parameters stand for."""
    X, y = digits
    c = SelfTargetClassifier(layers=(60,), epochs=2, rate=4, random_state=5).fit(X, y)
    model = planaria.train("unsup-bp-1layer", X, y, seed=5, set={"layers.1.dense": 60, "train.epochs": 2, "train.rate": [4]})
    assert np.array_equal(c.transform(X), model.forward(X)) and np.array_equal(c.predict(X), model.predict(X))


def test_labels_that_are_texts_and_minus_one(floats, digits):
    names = np.array([f"digit {c}" for c in digits[1]], dtype=object)
    names[::2] = -1
    c = SelfTargetClassifier(layers=(100,), epochs=5, random_state=1).fit(floats, names)
    assert list(c.classes_) == [f"digit {i}" for i in range(10)] and c.predict(floats)[0].startswith("digit")
    assert c.score(floats, names) == c.score(floats[1::2], names[1::2])


def test_unlabelled_samples_are_left_out_where_labels_teach(floats, digits):
    few = np.where(np.arange(600) % 2 == 0, digits[1], -1)
    c = EquilibriumClassifier(layers=(50,), epochs=3, random_state=1)
    assert np.array_equal(clone(c).fit(floats, few).predict(floats), clone(c).fit(floats[::2], digits[1][::2]).predict(floats))


def test_images_and_layers_of_ones_own(digits):
    X, y = digits[0].reshape(-1, 8, 8), digits[1]
    c = SpikingClassifier(network="4C3-AP2-FC30", epochs=8, neuron="tet", random_state=1).fit(X, y)
    assert c.score(X, y) > 0.5 and c.model_.layers[0].kind == "conv"
    own = SelfTargetClassifier(layers=[{"dense": 40}, {"activation": "relu"}, {"dense": 20}, {"activation": "hardsigm"}], rate=[1, 2], epochs=1)
    assert own.fit(digits[0]).transform(digits[0]).shape == (600, 20)


def test_with_other_tools_of_scikit_learn(floats, digits):
    y = digits[1]
    search = GridSearchCV(make_pipeline(MinMaxScaler(), SelfTargetClassifier(layers=(60,), epochs=2, random_state=1)),
                          {"selftargetclassifier__winners": [1, 3]}, cv=2).fit(floats, y)
    assert search.best_score_ > 0.3
    features = make_pipeline(SelfTargetTransformer(layers=(60,), epochs=2, random_state=1), LogisticRegression()).fit(floats, y)
    assert features.score(floats, y) > 0.8
    assert list(features[0].get_feature_names_out())[:2] == ["selftargettransformer0", "selftargettransformer1"]
    assert pickle.loads(pickle.dumps(search)).score(floats, y) == search.score(floats, y)


def test_sample_weight_is_refused(floats, digits):
    with pytest.raises(TypeError, match="sample_weight"):
        SelfTargetClassifier().fit(floats, digits[1], sample_weight=np.ones(600))
