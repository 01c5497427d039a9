"""What all estimators share: parameters from the library's options, fitting, prediction.

Names, defaults and texts of parameters come from the tables of options and from the preset that an estimator begins with.
"""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, Callable, Mapping, Optional, Type, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ._core import Array, Data, StateError
from ._model import Model
from ._options import Option, options, preset
from ._train import Training

UNLABELLED = -1

# Read first, so that a network's answer on bytes is that on their values divided by 255.
TYPES = [np.float32, np.uint8]

# Parameters that are no options: name, default, type in a stub, text.
COMMON = (
    ("random_state", None, "Union[int, RandomState, None]", "Of all random numbers; an int is the seed of the library itself, so that the "
     "command gives the same model with it."),
    ("n_jobs", None, "Optional[int]", "Threads; None or -1: one for each processor that may be used.  No result depends on it."),
    ("verbose", False, "bool", "Whether to show progress by tqdm, if that is installed."),
)
LAYERS = (
    ("layers", (), "Sequence[Union[int, Mapping[str, Any]]]", "Units of each dense layer, or layers as a configuration has them: "
     "``[{\"dropout\": 0.3}, {\"dense\": 500}, {\"activation\": \"relu\"}]``."),
    ("dropout", 0.0, "Union[float, Sequence[float]]", "Share of values that are dropped in front of each of these dense layers; one for all, or one "
     "for each."),
    ("activation", "relu", "str", "Of hidden layers that are given by their units; the last has hardsigm."),
)

E = TypeVar("E", bound="Estimator")
C = TypeVar("C", bound="Classifier")
P = TypeVar("P", bound="IncrementalClassifier")


def _init(parameters: Mapping[str, Any]) -> Callable[..., None]:
    def __init__(self: Any, **settings: Any) -> None:
        for name in settings:
            if name not in parameters:
                raise TypeError(f"{type(self).__name__} has no parameter {name!r}; there are {', '.join(parameters)}")
        for name, default in parameters.items():
            setattr(self, name, settings.get(name, default))

    signature = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    signature += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default) for name, default in parameters.items()]
    setattr(__init__, "__signature__", inspect.Signature(signature))
    return __init__


def _plain(kind: str) -> str:
    """A type of the stub as documentation has it."""
    for hint, words in (("Literal[", "{"), ("Union[float, Sequence[float]]", "float or sequence of float"), ("Union[int, RandomState, None]", "int, RandomState or None"), ("Optional[int]", "int, optional"),
                        ("Optional[Mapping[str, Any]]", "dict, optional"), ("Sequence[Union[int, Mapping[str, Any]]]", "sequence of int or dict")):
        if hint == "Literal[" and kind.startswith(hint):
            return words + kind[len(hint):-1] + "}"
        kind = kind.replace(hint, words)
    return kind


def _document(name: str, kind: str, words: str) -> str:
    return f"{name} : {kind}\n" + textwrap.indent(textwrap.fill(words, 110), "    ")


def _range(option: Option) -> str:
    if option.words:
        return "{" + ", ".join(f'"{word}"' for word in option.words) + "}"
    kind = {"word": "str", "floats": "float or list of float", "section": "dict"}.get(option.type, option.type)
    return kind if not (option.low or option.high) or option.type == "section" else f"{kind}, {option.low:g}..{option.high:g}"


def estimator(base: str, changes: Mapping[str, Any], sections: tuple[str, ...], fixed: tuple[str, ...], own: tuple[tuple[str, Any, str, str], ...]
              ) -> Callable[[Type[E]], Type[E]]:
    """Gives a class its parameters: those of its own, and the options of sections but for the fixed ones, as a preset has them with
    changes of its section train."""
    def give(cls: Type[E]) -> Type[E]:
        begin = preset(base)
        begin["train"].update(changes)
        parameters: dict[str, Any] = {}
        places: dict[str, tuple[str, Option]] = {}
        texts = []
        for name, default, kind, words in (*own, *COMMON):
            parameters[name] = cls._own_default(begin, name, default)
            texts.append(_document(name, f"{_plain(kind)}, default {parameters[name]!r}", words))
        for section in sections:
            at = begin
            for key in section.split("."):
                at = at[key]
            for name, option in options(section).items():
                if name in fixed:
                    continue
                value = at.get(name, option.default)
                if option.type == "section":
                    value = None
                elif option.type == "floats" and len(value) == 1:
                    value = value[0]
                parameters[name] = tuple(value) if isinstance(value, list) else value
                places[name] = (section, option)
                texts.append(_document(name, f"{_range(option)}, default {parameters[name]!r}",
                                       option.help + ("; None: as the preset has it" if option.type == "section" else "")))
        cls._begin, cls._places, cls._own = begin, places, own
        setattr(cls, "__init__", _init(parameters))
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "").replace("{preset}", f"``{base}``").replace("{parameters}", "\n".join(texts))
        return cls

    return give


class Estimator(BaseEstimator):  # type: ignore[misc]
    _begin: dict[str, Any]
    _places: dict[str, tuple[str, Option]]
    _own: tuple[tuple[str, Any, str, str], ...]
    _target = "self"
    _top = "hardsigm"
    _images = False

    model_: Model

    @classmethod
    def _own_default(cls, begin: Mapping[str, Any], name: str, default: Any) -> Any:
        """Of layers, what the preset has."""
        layers = begin.get("layers", [])
        hidden = layers[:-2] if cls._target == "labels" else layers
        if name == "layers":
            return tuple(layer["dense"] for layer in hidden if "dense" in layer)
        if name == "dropout":
            shares = [layer["dropout"] for layer in layers if "dropout" in layer]
            return default if not shares else shares[0] if len(set(shares)) == 1 else tuple(shares)
        if name == "network":
            return begin["network"].rpartition("-")[0]
        return default

    # ---- a configuration of the parameters --------------------------------------------------------

    def _layers(self, classes: int) -> list[dict[str, Any]]:
        given = getattr(self, "layers")
        if any(isinstance(layer, Mapping) for layer in given):
            found = [dict(layer) for layer in given]
            units: list[Any] = []
        else:
            found, units = [], list(given)
        if self._target == "labels":
            units.append(classes)
        share = getattr(self, "dropout")
        shares = [share] * len(units) if np.isscalar(share) else list(share)
        if units and len(shares) != len(units):
            raise ValueError(f"dropout has {len(shares)} shares for {len(units)} dense layers; there must be one for all, or one for each")
        for i, count in enumerate(units):
            last = i + 1 == len(units)
            found += [{"dropout": shares[i]}] if shares[i] else []
            found += [{"dense": count}, {"activation": self._top if last else getattr(self, "activation", "hardsigm")}]
        return found

    def _network(self, config: dict[str, Any], classes: int) -> None:
        config["layers"] = self._layers(classes)

    def _config(self, classes: int) -> dict[str, Any]:
        """What the parameters say as a configuration; what is left at a default that no preset has is left out."""
        config: dict[str, Any] = {"train": {}}
        self._network(config, classes)
        for key in ("rule", "target"):
            if key in self._begin["train"]:
                config["train"][key] = self._begin["train"][key]
        for name, (section, option) in self._places.items():
            at, begin = config, self._begin
            for key in section.split("."):
                at, begin = at.setdefault(key, {}), begin[key]
            value = getattr(self, name)
            if option.type == "section" and value is None:
                value = begin.get(name)
            if value is None or (name not in begin and _same(value, option.default)):
                continue
            at[name] = [value] if option.type == "floats" and np.isscalar(value) else value
        return config

    # ---- training -----------------------------------------------------------------------------------

    def _seed(self) -> int:
        state = getattr(self, "random_state")
        if isinstance(state, (int, np.integer)) and not isinstance(state, bool):
            return int(state)
        return int(check_random_state(state).randint(2 ** 31 - 1))

    def _threads(self) -> int:
        jobs = getattr(self, "n_jobs")
        return 0 if jobs is None or jobs == -1 else int(jobs)

    def _train(self, X: Array, y: Optional[Array], config: Mapping[str, Any], classes: int = 0, seed: Optional[int] = None,
               start: Optional[Model] = None, named: Any = None) -> Model:
        training = Training(config, self._seed() if seed is None else seed, self._threads())
        data = Data(training.context, X, y)
        data.remark(stacklevel=4)
        training.classes = classes
        training.take(data, None, None)
        training.run((), True if getattr(self, "verbose") else False, start, None if named is None else Data(training.context, *named))
        return training.model(self._threads())

    def _pass(self, X: Array, y: Optional[Array], config: dict[str, Any], classes: int = 0, named: Any = None) -> None:
        """One epoch more at the rate of the first, with random numbers of its own."""
        config["train"]["epochs"] = 1
        config["train"].pop("schedule", None)
        done = getattr(self, "n_iter_", 0)
        self.model_ = self._train(X, y, config, classes, (self._seed() + done) % 2 ** 63, getattr(self, "model_", None), named)
        self.n_iter_ = done + 1

    def _check(self, X: Any, **how: Any) -> Any:
        return validate_data(self, X, dtype=TYPES, order="C", allow_nd=self._images, **how)


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b) or (isinstance(a, (int, float)) and isinstance(b, (int, float)) and a == b)


class Transformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator):  # type: ignore[misc]
    """What gives the outputs of its network."""

    def transform(self, X: Any) -> Array:
        """The outputs of the network.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        float32 array of shape (n_samples, n_outputs)
        """
        check_is_fitted(self)
        return self.model_.forward(self._check(X, reset=False))

    @property
    def _n_features_out(self) -> int:
        return self.model_.layers[-1].outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """What says of samples which class they are of; labels of -1 are none."""

    classes_: Array
    _shown: list[tuple[Array, ...]]
    _all_labelled: bool

    def _by(self) -> str:
        return "outputs"

    def _needs_labels(self) -> bool:
        return True

    def _leaves_out(self) -> bool:
        """Whether samples without a label are not looked at."""
        return self._needs_labels()

    def fit(self: C, X: Any, y: Any = None) -> C:
        """Trains a network.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            float32 or uint8, seen as byte / 255, without a copy; others are converted to float32.
        y : array of shape (n_samples,)
            Classes: integers or texts; -1 for samples without a label.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            A parameter is out of its range, a value is not finite, or there are no labels where some are needed.
        """
        if y is None:
            if self._needs_labels():
                raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None: labels, -1 for samples without one")
            X, y = self._check(X), np.full(len(X), UNLABELLED)
        else:
            X, y = self._check(X, y=y)
        known = _labelled(y)
        if known.any():
            check_classification_targets(y[known])
        self.classes_, codes = np.unique(y[known], return_inverse=True)
        if self._needs_labels() and not len(codes):
            raise ValueError(f"{type(self).__name__} needs labels: all are -1, which means that a sample has none")
        if self._leaves_out():
            X, numbers = (X if known.all() else np.ascontiguousarray(X[known])), codes
        else:
            numbers = np.full(len(X), UNLABELLED)
            numbers[known] = codes
        self._shown, self._all_labelled = [], bool(known.all())
        self.model_ = self._train(X, numbers.astype(np.int32), self._config(max(1, len(self.classes_))))
        self.n_iter_ = sum("epoch" in line for line in self.model_.history)
        return self

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        X = self._check(X, reset=False)
        if not len(self.classes_):
            raise StateError("no sample that this was fitted with has a label: nothing is known of classes; transform gives the outputs")
        return self.model_.scores(X, by=self._by())

    def predict(self, X: Any) -> Array:
        """The class of each sample.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples,)
            Of ``classes_``; of classes that are level the first.

        Raises
        ------
        StateError
            No sample had a label.
        """
        scores = self._scores(X)
        found: Array = self.classes_[scores.argmax(axis=1)]
        return found

    def predict_proba(self, X: Any) -> Array:
        """Scores of the classes, brought to a sum of 1: they rank classes and are not calibrated.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        float64 array of shape (n_samples, n_classes)
            Shares of what the classes score; of values that may be negative, their softmax.
        """
        scores = self._scores(X).astype(np.float64)
        if self._signed():
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        else:
            scores = np.maximum(scores, 0)
            scores[scores.sum(axis=1) == 0] = 1
        shares: Array = scores / scores.sum(axis=1, keepdims=True)
        return shares

    def _signed(self) -> bool:
        """Whether scores may be negative otherwise than for a class that no unit stands for."""
        return False

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of the samples that are predicted right; those labelled -1 are left out.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
        y : array of shape (n_samples,)
        sample_weight : array of shape (n_samples,), optional

        Returns
        -------
        float
        """
        y = np.asarray(y)
        known = _labelled(y)
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(super().score(X if known.all() else np.asarray(X)[known], y[known], weight))


class IncrementalClassifier(Classifier):
    """What learns from samples that come piece by piece."""

    def partial_fit(self: P, X: Any, y: Any = None, classes: Any = None) -> P:
        """Trains the network further by one pass over these samples, at the rate of the first epoch; the first call draws it.

        What optimisers and homeostasis remember begins anew with each call.  Which class a unit stands for, and a classifier on the
        outputs, come of all samples with a label that were shown so far; a network that learns without labels keeps these.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            As for `fit`.
        y : array of shape (n_samples,), optional
            As for `fit`.
        classes : array of shape (n_classes,), optional
            All that there will be; needed with the first labels.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit`, or ``classes`` is missing, or a label is not among them.
        """
        first = not hasattr(self, "model_")
        X, y = (self._check(X, reset=first), np.full(len(X), UNLABELLED)) if y is None else self._check(X, y=y, reset=first)
        known = _labelled(y)
        if first or (classes is not None and not len(self.classes_)):
            if classes is None and (known.any() or self._needs_labels()):
                raise ValueError("classes must be passed on the first call to partial_fit that has labels: all that there will be")
            given = np.asarray([] if classes is None else classes)
            self.classes_ = np.unique(given[_labelled(given)] if len(given) else given)
        strange = [label for label in np.unique(y[known]) if label not in self.classes_]
        if strange:
            raise ValueError(f"y has the label {strange[0]}, which is not among classes: {', '.join(str(c) for c in self.classes_)}")
        numbers = np.full(len(X), UNLABELLED, np.int32)
        numbers[known] = np.searchsorted(self.classes_, y[known])
        if not self._needs_labels():
            return self._pass_without_labels(X, numbers, known, first)
        if first and not known.any():
            raise ValueError(f"{type(self).__name__} needs labels: all are -1, which means that a sample has none")
        if known.any():
            self._pass(np.ascontiguousarray(X[known]), numbers[known], self._config(len(self.classes_)), len(self.classes_))
        return self

    def _pass_without_labels(self: P, X: Array, numbers: Array, known: Array, first: bool) -> P:
        shown = [] if first else self._shown
        if known.any():
            shown = [(np.ascontiguousarray(X[known]), numbers[known]), *shown]
        named = [np.concatenate(part) for part in zip(*shown)] if shown else None
        self._pass(X, numbers, self._config(max(1, len(self.classes_))), len(self.classes_) if named else 0, named)
        self._shown = [] if named is None else [tuple(named)]
        return self


def _labelled(y: Array) -> Array:
    known: Array = np.array([label != UNLABELLED for label in y], dtype=bool) if y.dtype.kind == "O" else \
        np.ones(len(y), bool) if y.dtype.kind in "US" else y != UNLABELLED
    return known
