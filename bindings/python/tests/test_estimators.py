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
from planaria import EquilibriumClassifier, FewLabelsClassifier, SelfTargetClassifier, SelfTargetTransformer, SpikingClassifier
from planaria.estimators import EXPECTED_FAILED_CHECKS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", [SelfTargetClassifier(layers=(60,)), SelfTargetTransformer(layers=(60,)),
                                       EquilibriumClassifier(layers=(60,)), SpikingClassifier(network="FC60"),
                                       FewLabelsClassifier(layers=(60,), rate=(0.01, 0.01))], ids=lambda e: type(e).__name__)
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


def test_few_labels_take_part(floats, digits):
    y = digits[1]
    few = np.where(np.arange(len(y)) % 10 == 0, y, -1)
    semi = {"batch": 8, "rate": [0.005], "pretrain": {"epochs": 30, "batch": 8, "rate": [0.01]}}
    c = FewLabelsClassifier(layers=(60,), epochs=4, semi=semi, dropout=0.1, random_state=1)
    assert clone(c).fit(floats, few).score(floats, y) > 0.6
    assert not np.array_equal(clone(c).fit(floats, few).predict_proba(floats), clone(c).fit(floats[::10], y[::10]).predict_proba(floats))
    assert FewLabelsClassifier().dropout == (0.128, 0.595) and FewLabelsClassifier().layers == (2000,)
    with pytest.raises(ValueError, match="needs labels"):
        c.fit(floats, np.full(600, -1))
    with pytest.raises(ValueError, match="dropout has 3 shares for 2 dense layers"):
        clone(c).set_params(dropout=[0, 0, 0]).fit(floats, few)


@pytest.mark.parametrize("c, least", [(SelfTargetClassifier(layers=(100,), rate=4, random_state=1), 0.6),
                                      (EquilibriumClassifier(layers=(60,), rate=0.4, random_state=1), 0.5), (SpikingClassifier(network="FC60", random_state=1), 0.5)],
                         ids=lambda v: type(v).__name__)
def test_samples_that_come_piece_by_piece(floats, digits, c, least):
    y = digits[1]
    c = clone(c).partial_fit(floats[:200], y[:200], classes=range(-1, 10))
    one = pickle.loads(pickle.dumps(c))
    for _ in range(6):
        for first in range(0, 600, 200):
            c.partial_fit(floats[first:first + 200], y[first:first + 200])
    assert c.score(floats, y) > least and c.n_iter_ == 19 and one.predict_proba(floats).shape == (600, 10)
    again = one.partial_fit(floats[200:400], np.where(np.arange(200) < 5, y[200:400], -1))
    assert list(again.classes_) == list(range(10)) and again.n_iter_ == 2
    with pytest.raises(ValueError, match="the label 11, which is not among classes"):
        c.partial_fit(floats[:5], np.full(5, 11))
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        clone(c).partial_fit(floats, y)


def test_pieces_without_labels_are_what_one_pass_is(floats, digits):
    c = SelfTargetClassifier(layers=(40,), rate=2, epochs=1, schedule={"kind": "constant"}, random_state=3)
    assert np.array_equal(clone(c).partial_fit(floats).transform(floats), clone(c).fit(floats).transform(floats))
    pieces = clone(c).partial_fit(floats[:300]).partial_fit(floats[300:], digits[1][300:], classes=range(10))
    for _ in range(5):
        pieces.partial_fit(floats)
    assert pieces.score(floats, digits[1]) > 0.3
    t = SelfTargetTransformer(layers=(40,), random_state=3).partial_fit(floats).partial_fit(floats)
    assert t.n_iter_ == 2 and t.transform(floats).shape == (600, 40)
