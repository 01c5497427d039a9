"""Networks as they stand in model files: layers as JSON, parameters as arrays by their names."""

from __future__ import annotations

import json
import struct
from typing import Any, Mapping, NamedTuple, Optional

import numpy as np

from ._core import Array, text
from ._model import Model
from ._native import ffi, lib
from ._options import options

# Kinds of layers with parameters: what these are called, in the order of the file.
PARAMETERS = {"dense": ("weight", "bias"), "conv": ("weight", "bias"), "norm": ("weight", "bias", "running_mean", "running_var")}


class LayerOf(NamedTuple):
    """One layer of a network.

    Attributes
    ----------
    kind : str
    options : dict
        All of the kind, also those at their defaults.
    source, addend : int
        The layers that it reads; -1: the network's input; addend None: none.
    arrays : dict
        Its parameters.
    """

    kind: str
    options: dict[str, Any]
    source: int
    addend: Optional[int]
    arrays: dict[str, Array]


def metadata_of(content: bytes) -> dict[str, Any]:
    """The texts beside the tensors of a model file, those that are JSON read."""
    (size,) = struct.unpack("<Q", content[:8])
    texts = json.loads(content[8:8 + size])["__metadata__"]
    return {key: json.loads(value) if value[:1] in "{[" else value for key, value in texts.items()}


def _first_option(kind: str) -> str:
    return text(lib.pln_layer_options(kind.encode())[0].name)


def layers_of(model: Model, network: Mapping[str, Any]) -> list[LayerOf]:
    """The layers of a model, whose network is as its file has it."""
    arrays = model.parameters()
    found: list[LayerOf] = []
    number, source = 0, None
    for item in network["layers"]:
        if "branch" in item:
            source = item["branch"]
            continue
        kind = next(key for key in item if lib.pln_layer_options(key.encode()) != ffi.NULL)
        own = {name: option.default for name, option in options(f"layers.{kind}").items()}
        own.update({key: value for key, value in item.items() if key != kind})
        own.update(item[kind] if isinstance(item[kind], dict) else {_first_option(kind): item[kind]})
        mine = {name: arrays[f"{number}.{name}"] for name in PARAMETERS.get(kind, ()) if f"{number}.{name}" in arrays}
        number += bool(mine)
        found.append(LayerOf(kind, own, len(found) - 1 if source is None else source, own["layer"] if kind == "add" else None, mine))
        source = None
    return found


def assemble(network: Mapping[str, Any], arrays: Mapping[str, Array], decoder: Optional[Mapping[str, Any]]) -> bytes:
    """The bytes of a model file."""
    texts = {"planaria.network": json.dumps(network)}
    if decoder is not None:
        texts["planaria.decoder"] = json.dumps(decoder)
    header: dict[str, Any] = {"__metadata__": texts}
    blocks, at = [], 0
    for name, values in arrays.items():
        block = np.ascontiguousarray(values, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    return b"".join([struct.pack("<Q", len(head)), head, *blocks])
