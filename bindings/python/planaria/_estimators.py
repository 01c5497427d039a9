"""Networks as estimators of scikit-learn.  The stub estimators.pyi is made of this module by tests/stub.py."""

from __future__ import annotations

from typing import Any, Mapping

from ._core import Array
from ._estimator import COMMON, LAYERS, Classifier, Estimator, IncrementalClassifier, Transformer, estimator
from ._model import Model

# What scikit-learn's check_estimator finds of classifiers, and why it is meant so.
EXPECTED_FAILED_CHECKS = {
    "check_classifiers_classes": "takes -1 for a class; here it means that a sample has no label, as in sklearn.semi_supervised",
}


@estimator("liu2024/unsup-bp-1layer", {"epochs": 20}, ("train",), ("rule", "ep", "target", "stop_after", "augment", "label_smoothing", "tet", "norm_l1"),
           (*LAYERS,
            ("read_out", "association", "Literal['association', 'unit', 'classifier']",
             "How classes are read out of the outputs: the class whose units have the largest mean, that of the most active unit, or a "
             "linear classifier on the outputs."),
            ("classifier", None, "Optional[Mapping[str, Any]]", "Section ``classifier`` of a configuration; None: as the preset has it.")))
class SelfTargetClassifier(IncrementalClassifier, Transformer):
    """A network that sets its own target, and classes by the labels there are: none, few or all.

    The network is trained on all samples and no label (theory 1); labels then say which class each output unit stands for, or
    train a linear classifier on the outputs.  Without any label `transform` works, and `predict` raises.  Defaults are those of
    the preset {preset}, with fewer epochs; values of the samples should be in 0..1.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    model_ : Model
        The network.
    classes_ : array of shape (n_classes,)
        Without -1; empty if there was no label.
    n_features_in_ : int
    n_iter_ : int
        Epochs.

    References
    ----------
    Liu et al. (2024), Unsupervised End-to-End Training with a Self-Defined Target, arXiv 2403.12116.

    Examples
    --------
    >>> few = numpy.where(numpy.arange(len(y)) % 100 == 0, y, -1)
    >>> SelfTargetClassifier(layers=(500,)).fit(X, few).score(X_test, y_test)
    """

    def _needs_labels(self) -> bool:
        return False

    def _by(self) -> str:
        return str(getattr(self, "read_out"))

    def _config(self, classes: int) -> dict[str, Any]:
        config = super()._config(classes)
        if getattr(self, "read_out") not in ("association", "unit", "classifier"):
            raise ValueError(f"read_out is {getattr(self, 'read_out')!r}; it must be association, unit or classifier")
        if getattr(self, "read_out") == "classifier" and len(self.classes_):
            config["classifier"] = getattr(self, "classifier") or self._begin["classifier"]
        return config


@estimator("liu2024/unsup-bp-1layer", {"epochs": 20}, ("train",), ("rule", "ep", "target", "stop_after", "augment", "label_smoothing", "tet", "norm_l1"),
           LAYERS)
class SelfTargetTransformer(Transformer):
    """The outputs of a network that sets its own target, as features: no label is looked at.

    Defaults are those of the preset {preset}, with fewer epochs; values of the samples should be in 0..1.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    model_ : Model
        The network.
    n_features_in_ : int

    References
    ----------
    Liu et al. (2024), Unsupervised End-to-End Training with a Self-Defined Target, arXiv 2403.12116.
    """

    def fit(self, X: Any, y: Any = None) -> "SelfTargetTransformer":
        """Trains a network; y is not looked at.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            float32 or uint8, seen as byte / 255, without a copy; others are converted to float32.
        y : ignored

        Returns
        -------
        self
        """
        X = self._check(X)
        self.model_ = self._train(X, None, self._config(0))
        self.n_iter_ = sum("epoch" in line for line in self.model_.history)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> "SelfTargetTransformer":
        """Trains the network further by one pass over these samples, at the rate of the first epoch; the first call draws it.

        What optimisers and homeostasis remember begins anew with each call.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            As for `fit`.
        y : ignored

        Returns
        -------
        self
        """
        self._pass(self._check(X, reset=not hasattr(self, "model_")), None, self._config(0))
        return self


@estimator("planaria/semi-bp-100", {"epochs": 30}, ("train",), ("rule", "ep", "target", "stop_after", "augment", "tet", "norm_l1", "freeze"),
           (*LAYERS,
            ("semi", None, "Optional[Mapping[str, Any]]", "Section ``semi`` of a configuration: how samples with a label are learned; None: as the preset "
             "has it.")))
class FewLabelsClassifier(Classifier):
    """A network that learns from few labels and many samples without: in every epoch from the samples without a label, by a
    self-defined target (theory 5), then from those with one.

    Defaults are those of the preset {preset}.  Where all samples have a label it learns from these alone, as ``semi`` says.
    Values of the samples should be in 0..1.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    model_ : Model
        The network.
    classes_ : array of shape (n_classes,)
        Without -1.
    n_features_in_ : int
    n_iter_ : int
        Epochs.

    References
    ----------
    Liu et al. (2024), Unsupervised End-to-End Training with a Self-Defined Target, arXiv 2403.12116.

    Examples
    --------
    >>> few = numpy.where(numpy.arange(len(y)) % 100 == 0, y, -1)
    >>> FewLabelsClassifier(layers=(500,)).fit(X, few).score(X_test, y_test)
    """

    _target = "labels"
    _top = "x"

    def _leaves_out(self) -> bool:
        return False

    def _signed(self) -> bool:
        return True

    def _config(self, classes: int) -> dict[str, Any]:
        config = super()._config(classes)
        semi = {**(getattr(self, "semi") or self._begin["semi"]), "labels": 0}
        if isinstance(semi.get("schedule"), Mapping):
            semi["schedule"] = {key: value for key, value in semi["schedule"].items() if key != "length"}
        if self._all_labelled:
            config["train"].update({key: semi[key] for key in ("batch", "rate", "schedule") if key in semi}, target="labels")
            for key in ("winners", "gamma", "smoothing", "label_smoothing"):
                config["train"].pop(key, None)
        else:
            config["semi"] = semi
        return config


@estimator("liu2024/supervised-ep-2layer", {"epochs": 20, "rate": [0.1]}, ("train", "train.ep"),
           ("rule", "ep", "target", "stop_after", "augment", "smoothing", "tet", "norm_l1", "momentum", "weight_decay", "clip", "sequential", "eta",
            "winners", "gamma"), LAYERS[:2])
class EquilibriumClassifier(IncrementalClassifier):
    """A network that learns from labels by equilibrium propagation (theory 4).

    Samples without a label, -1, are left out.  Defaults are those of the preset {preset}, with fewer epochs and one rate; values of the
    samples should be in 0..1.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    model_ : Model
        The network.
    classes_ : array of shape (n_classes,)
    n_features_in_ : int
    n_iter_ : int
        Epochs.

    References
    ----------
    Scellier and Bengio (2017), Equilibrium Propagation, Frontiers in Computational Neuroscience 11, 24.
    """

    _target = "labels"


@estimator("spiking/mlp-a-mnist", {"epochs": 20}, ("train", "spiking"),
           ("rule", "ep", "target", "stop_after", "smoothing", "winners", "gamma", "eta", "sequential", "output_dropout"),
           (("network", "", "str", "The hidden layers in short form, such as ``16C3-AP2-FC128``; the last layer is added."),))
class SpikingClassifier(IncrementalClassifier):
    """A spiking network that learns from labels by surrogate gradients through time (theory 12).

    Samples are rows of values, images (n_samples, height, width[, channels]) or frames (n_samples, steps, height, width, channels).
    Those without a label, -1, are left out.  Defaults are those of the preset {preset}.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    model_ : Model
        The network; ``model_.activity(X)`` says how often its neurons fire.
    classes_ : array of shape (n_classes,)
    n_features_in_ : int
    n_iter_ : int
        Epochs.
    """

    _target = "labels"
    _images = True

    def _network(self, config: dict[str, Any], classes: int) -> None:
        hidden = getattr(self, "network")
        config["network"] = f"{hidden}-FC{classes * getattr(self, 'votes')}" if hidden else f"FC{classes * getattr(self, 'votes')}"

    def _signed(self) -> bool:
        return True
