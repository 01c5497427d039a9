#!/usr/bin/env python3
"""Weights between a model of Planaria and the state_dict of the same network in PyTorch.

    state_dict.py export MODEL STATE           the tensors of a model as STATE
    state_dict.py import MODEL STATE NEW       the model with the tensors of STATE in place of its own

STATE is .npz (numpy alone) or .pt (torch).  Tensors are paired in their order, which is that of the
modules in both; docs/models.md says what each of them is.  num_batches_tracked has no counterpart.
"""
import json
import struct
import sys

import numpy as np


def read(path):
    """The header's texts, and name -> array in the order of the file."""
    content = open(path, "rb").read()
    size, = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + size])
    types = {"F32": "<f4", "I32": "<i4", "U8": "u1"}
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__":
            continue
        first, end = about["data_offsets"]
        tensors[name] = np.frombuffer(content[8 + size + first:8 + size + end], types[about["dtype"]]).reshape(about["shape"])
    return header["__metadata__"], tensors


def write(path, texts, tensors):
    types = {"float32": "F32", "int32": "I32", "uint8": "U8"}
    header, at = {"__metadata__": texts}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": types[array.dtype.name], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(np.ascontiguousarray(array).tobytes() for array in tensors.values()))


def is_ours(name):
    """Whether it is a tensor of the network, not of its classifier or of what its outputs mean."""
    return name[0].isdigit() and name.rsplit("_", 1)[-1] not in ("mask", "values", "shape")


def parameters(tensors):
    """Name -> array of the network: what masks leave out is 0."""
    found = {name: array for name, array in tensors.items() if is_ours(name)}
    for name, values in tensors.items():
        if not name.endswith("_values"):
            continue
        stem = name[:-len("_values")]
        shape = tensors[stem + "_shape"]
        bits = np.unpackbits(tensors[stem + "_mask"], bitorder="little")[:int(np.prod(shape))]
        whole = np.zeros(bits.size, "f4")
        whole[bits == 1] = values
        found[stem] = whole.reshape(shape)
    return dict(sorted(found.items(), key=lambda item: order(item[0])))


def order(name):
    """By layer, then as PyTorch has the tensors of a module."""
    number, kind = name.split(".")
    return int(number), ["weight", "bias", "running_mean", "running_var"].index(kind)


def read_state(path):
    if path.endswith(".npz"):
        with np.load(path) as state:
            found = {name: state[name] for name in state.files}
    else:
        import torch
        found = {name: value.cpu().numpy() for name, value in torch.load(path, map_location="cpu").items()}
    return {name: value for name, value in found.items() if not name.endswith("num_batches_tracked")}


def write_state(path, state):
    if path.endswith(".npz"):
        np.savez(path, **state)
    else:
        import torch
        torch.save({name: torch.from_numpy(value.copy()) for name, value in state.items()}, path)


def main(words):
    if len(words) not in (3, 4) or words[0] not in ("export", "import") or (words[0] == "import") != (len(words) == 4):
        sys.exit(__doc__)
    texts, tensors = read(words[1])
    own = parameters(tensors)
    if words[0] == "export":
        write_state(words[2], own)
        return
    if any(name.endswith("_mask") for name in tensors):
        sys.exit(f"{words[1]} is pruned: masks say which weights there are; take a model that is not")
    state = read_state(words[2])
    if len(state) != len(own):
        sys.exit(f"{words[2]} has {len(state)} tensors, the network {len(own)}: {', '.join(own)}; a layer below a norm has no bias")
    for (name, old), (other, new) in zip(own.items(), state.items()):
        if old.shape != new.shape:
            sys.exit(f"{other} is {new.shape}, {name} is {old.shape}")
        if not np.isfinite(new).all():
            sys.exit(f"{other} has values that are not finite")
        tensors[name] = new.astype("f4")
    # What units stand for, and a classifier on them, were those of the weights of before.
    for name in [name for name in tensors if not is_ours(name)]:
        del tensors[name]
    texts.pop("planaria.classifier", None)
    if "planaria.decoder" in texts and json.loads(texts["planaria.decoder"]).get("by") != "outputs":
        del texts["planaria.decoder"]
        print(f"{words[3]} does not know what its outputs mean: that followed from the weights of {words[1]}", file=sys.stderr)
    write(words[3], texts, tensors)


try:
    main(sys.argv[1:])
except ImportError as missing:
    sys.exit(f"{missing}; a STATE called .npz does without")
except OSError as failed:
    sys.exit(str(failed))
