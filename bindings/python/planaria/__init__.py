"""Brain-inspired learning: networks that set their own targets, and spiking networks, on CPUs.

``SelfTargetClassifier().fit(X, y)`` learns from samples of which none, few or all have a label, -1 meaning none.
``train("liu2024/unsup-bp-1layer", X, y)`` trains a preset, or a configuration as a dict; ``load(path)`` opens a model that
the command ``planaria`` has written; ``runs("runs/")`` lists run folders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core import (ArgumentError, ConversionWarning, DataWarning, Error, FileError, FormatError, NotFiniteError, OutOfMemoryError, ShapeError,
                    StateError, text)
from ._from_nir import from_nir
from ._model import Layer, Model, load
from ._native import lib
from ._options import Option, options, preset, presets
from ._runs import runs
from ._to_nir import to_nir
from ._torch import from_torch, to_torch
from ._train import prune, train

if TYPE_CHECKING:
    from .estimators import EquilibriumClassifier, FewLabelsClassifier, SelfTargetClassifier, SelfTargetTransformer, SpikingClassifier

__version__ = text(lib.pln_version())

_ESTIMATORS = ("EquilibriumClassifier", "FewLabelsClassifier", "SelfTargetClassifier", "SelfTargetTransformer", "SpikingClassifier")

__all__ = [
    "ArgumentError", "ConversionWarning", "DataWarning", "EquilibriumClassifier", "Error", "FewLabelsClassifier", "FileError",
    "FormatError", "Layer", "Model",
    "NotFiniteError", "Option", "OutOfMemoryError", "SelfTargetClassifier", "SelfTargetTransformer", "ShapeError", "SpikingClassifier",
    "StateError", "from_nir", "from_torch", "load", "options", "preset", "presets", "prune", "runs", "to_nir", "to_torch", "train",
]


def __getattr__(name: str) -> Any:
    """Estimators are imported when they are first asked for: scikit-learn takes a second."""
    if name in _ESTIMATORS:
        from . import estimators
        return getattr(estimators, name)
    raise AttributeError(f"module 'planaria' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
