#!/usr/bin/env python3
"""Writes planaria/estimators.pyi, the types of the estimators' parameters, from the installed package.

    python3 tests/stub.py           prints the stub
    python3 tests/stub.py --write   writes it where it belongs

The tests compare it with what it would be now.
"""

import inspect
import sys
from pathlib import Path

from planaria import _estimators

STUB = Path(__file__).resolve().parents[1] / "planaria" / "estimators.pyi"
TYPES = {"int": "int", "float": "float", "bool": "bool", "str": "str", "floats": "Union[float, Sequence[float]]",
         "section": "Optional[Mapping[str, Any]]"}
METHODS = ("fit", "partial_fit", "predict", "predict_proba", "score", "transform")
HEAD = '''# Made by tests/stub.py from the library's tables of options; do not change by hand.
from typing import Any, Literal, Mapping, Optional, Sequence, Union

from numpy.random import RandomState
from sklearn.base import BaseEstimator

from ._core import Array
from ._model import Model

EXPECTED_FAILED_CHECKS: dict[str, str]
'''


def kind_of(cls, name):
    own = {row[0]: row[2] for row in (*cls._own, *_estimators.COMMON)}
    if name in own:
        return own[name]
    option = cls._places[name][1]
    return f"Literal{list(option.words)}" if option.type == "word" else TYPES[option.type]


def method(cls, name):
    words = []
    for parameter in inspect.signature(getattr(cls, name)).parameters.values():
        kind = "" if parameter.name == "self" else f": {parameter.annotation}"
        words.append(f"{parameter.name}{kind}" + ("" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"))
    gives = cls.__name__ if name.endswith("fit") else inspect.signature(getattr(cls, name)).return_annotation
    return f"    def {name}({', '.join(words)}) -> {gives}: ..."


def of_class(cls):
    parameters = {name: p.default for name, p in inspect.signature(cls).parameters.items()}
    lines = [f"class {cls.__name__}(BaseEstimator):  # type: ignore[misc]", "    model_: Model", "    n_features_in_: int"]
    if hasattr(cls, "predict"):
        lines += ["    classes_: Array", "    n_iter_: int"]
    lines += [f"    {name}: {kind_of(cls, name)}" for name in parameters]
    lines += ["    def __init__(", "        self,", "        *,"]
    lines += [f"        {name}: {kind_of(cls, name)} = {default!r}," for name, default in parameters.items()]
    lines += ["    ) -> None: ..."]
    return "\n".join(lines + [method(cls, name) for name in METHODS if hasattr(cls, name)]) + "\n"


def stub():
    classes = (_estimators.EquilibriumClassifier, _estimators.FewLabelsClassifier, _estimators.SelfTargetClassifier, _estimators.SelfTargetTransformer, _estimators.SpikingClassifier)
    return "\n".join([HEAD, *[of_class(cls) for cls in classes]])


if __name__ == "__main__":
    if "--write" in sys.argv:
        STUB.write_text(stub(), encoding="utf-8")
    else:
        print(stub(), end="")
