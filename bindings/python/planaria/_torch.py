"""Weights between a model and the same network in PyTorch, whose tensors stand in the same order."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional, Union

import numpy as np

from ._core import Array, NotFiniteError, ShapeError, as_array
from ._model import Model
from ._network import assemble, layers_of, metadata_of

# What norms of PyTorch count and Planaria does not.
COUNTER = "num_batches_tracked"


def _scales(model: Model) -> list[tuple[str, Any]]:
    """(name, factor) of the gammas of norms with a factor behind them, which PyTorch has not."""
    weighted = [layer for layer in layers_of(model, metadata_of(model._content)["planaria.network"]) if layer.arrays]
    return [(f"{i}.weight", np.float32(layer.options["scale"])) for i, layer in enumerate(weighted)
            if layer.kind == "norm" and layer.options["scale"] != 1]


def _own(model: Model) -> dict[str, Array]:
    """The parameters, factors behind norms in their gammas."""
    found = model.parameters()
    for name, factor in _scales(model):
        found[name] = found[name] * factor
    return found


def _pairs(own: Mapping[str, Array], names: Iterable[str]) -> list[tuple[str, str]]:
    """Names of Planaria and of PyTorch in their common order."""
    theirs = [name for name in names if name.rpartition(".")[2] != COUNTER]
    if len(theirs) != len(own):
        raise ShapeError(f"PyTorch has {len(theirs)} tensors, the network {len(own)}: {', '.join(own)}; a layer below a norm has no bias")
    return list(zip(own, theirs))


def _state(module: Any) -> Mapping[str, Any]:
    state: Mapping[str, Any] = module.state_dict() if hasattr(module, "state_dict") else module
    return state


def to_torch(model: Model, like: Optional[Any] = None) -> dict[str, Any]:
    """The weights of a model as a state dict of PyTorch.

    Parameters
    ----------
    model : Model
    like : torch.nn.Module or state dict, optional
        The same network in PyTorch: `torch.nn` or SpikingJelly, layers in the same order, without biases below norms.  The names are
        its names.  None: those of `Model.parameters`.

    Returns
    -------
    dict of str to torch.Tensor
        For ``module.load_state_dict``; copies, in float32.

    Raises
    ------
    ShapeError
        The network of PyTorch has other tensors; the text names the first.
    ImportError
        PyTorch is not installed.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Linear(784, 2000), torch.nn.Hardtanh(0, 1))
    >>> net.load_state_dict(planaria.to_torch(planaria.load("runs/mine"), net))
    """
    import torch

    own = _own(model)
    if like is None:
        return {name: torch.from_numpy(values.copy()) for name, values in own.items()}
    given = _state(like)
    found = {name: torch.zeros_like(value) for name, value in given.items() if name.rpartition(".")[2] == COUNTER}
    for name, other in _pairs(own, given):
        if tuple(given[other].shape) != own[name].shape:
            raise ShapeError(f"{other} of PyTorch is {list(given[other].shape)}, {name} of the network {list(own[name].shape)}")
        found[other] = torch.from_numpy(own[name].copy())
    return {name: found[name] for name in given}


def from_torch(model: Model, state: Union[Any, Mapping[str, Any]], threads: int = 0) -> Model:
    """A model like another with the weights of the same network in PyTorch.

    Parameters
    ----------
    model : Model
        What the layers are, and, where classes are outputs, what these mean.  Associations and classifiers, which belong to other weights,
        are left out.
    state : torch.nn.Module, or dict of str to array
        As for `to_torch`; anything that NumPy or DLPack can read.
    threads : int
        As for `load`.

    Returns
    -------
    Model

    Raises
    ------
    ShapeError
        The network of PyTorch has other tensors; the text names the first.
    NotFiniteError
        A value is not finite.
    """
    about, own, given = metadata_of(model._content), _own(model), _state(state)
    arrays = {}
    for name, other in _pairs(own, given):
        value = given[other]
        values = as_array(value.detach() if hasattr(value, "detach") else value)
        if values.shape != own[name].shape:
            raise ShapeError(f"{other} of PyTorch is {list(values.shape)}, {name} of the network {list(own[name].shape)}")
        if not np.isfinite(values).all():
            raise NotFiniteError(f"{other} of PyTorch has values that are not finite")
        arrays[name] = values
    for name, factor in _scales(model):
        arrays[name] = arrays[name] / factor
    decoder = about.get("planaria.decoder")
    return Model(assemble(about["planaria.network"], arrays, decoder if decoder and decoder["by"] == "outputs" else None), threads)
