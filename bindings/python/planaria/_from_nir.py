"""NIR graphs, also those that other frameworks have written by their own conventions, as networks."""

from __future__ import annotations

import json
import warnings
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional

import numpy as np

from ._core import Array, ArgumentError, ConversionWarning, Error, FormatError
from ._model import Model
from ._native import lib
from ._network import assemble
from ._nir_conventions import CONVENTIONS, Dynamics, convention_of

# Images have no more channels.
MOST_CHANNELS = 4096


class _Value(NamedTuple):
    """What a node gives: what a layer gives (-1: the input), times a factor, seen as a shape."""

    layer: int
    maps: tuple[int, int, int]
    shape: tuple[int, ...]
    factor: float


def _pair(node: Any, name: str, key: str) -> tuple[int, int]:
    values = np.asarray(getattr(node, key)).reshape(-1)
    if values.size not in (1, 2):
        raise FormatError(f"NIR: {name} has a {key} of {values.size} numbers; there must be one or two")
    return int(values[0]), int(values[-1])


def _square(node: Any, name: str, key: str) -> int:
    a, b = _pair(node, name, key)
    if a != b:
        raise FormatError(f"NIR: {name} has a {key} of {a} x {b}; Planaria's are equal in both directions")
    return a


def _numbers(values: Any) -> Array:
    return np.asarray(values, np.float32)


def _takes_back(weight: Array, bias: Array, factor: float) -> bool:
    """Whether a convolution is the division by a factor, which `to_nir` writes behind sums that were means."""
    channels = len(weight)
    return bool(weight.shape == (channels, channels, 1, 1) and not bias.any() and
                np.allclose(weight[:, :, 0, 0], np.eye(channels) / factor, rtol=1e-6, atol=0))


def _flat(nodes: Mapping[str, Any], edges: Iterable[tuple[str, str]], prefix: str = "") -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Nodes and edges with those of graphs within graphs in their place."""
    found: dict[str, Any] = {}
    ends: dict[str, tuple[str, str]] = {}
    all_edges = []
    for name, node in nodes.items():
        if type(node).__name__ != "NIRGraph":
            found[prefix + name] = node
            ends[name] = (prefix + name, prefix + name)
            continue
        inner, inner_edges = _flat(node.nodes, node.edges, f"{prefix}{name}.")
        doors = [[n for n, of in inner.items() if type(of).__name__ == kind and n.count(".") == prefix.count(".") + 1] for kind in ("Input", "Output")]
        if [len(door) for door in doors] != [1, 1]:
            raise FormatError(f"NIR: the graph {prefix}{name} within the graph has not one input and one output")
        found.update({n: of for n, of in inner.items()})
        ends[name] = (doors[0][0], doors[1][0])
        all_edges += inner_edges
    return found, all_edges + [(ends[a][1], ends[b][0]) for a, b in edges]


class _Reader:
    def __init__(self, nodes: dict[str, Any], edges: list[tuple[str, str]], dynamics: Callable[[str, Any], Dynamics]) -> None:
        self.nodes, self.edges, self.dynamics = nodes, edges, dynamics
        self.sources = {name: [a for a, b in self.edges if b == name] for name in self.nodes}
        self.readers = {name: [b for a, b in self.edges if a == name] for name in self.nodes}
        self.items: list[dict[str, Any]] = []
        self.count = 0
        self.arrays: dict[str, Array] = {}
        self.weighted = 0
        self.values: dict[str, _Value] = {}
        self.weights_of: dict[str, int] = {}
        self.sums: dict[tuple[int, ...], int] = {}

    # ---- the order --------------------------------------------------------------------------------

    def order(self) -> list[str]:
        left, found = dict(self.sources), list[str]()
        done: set[str] = set()
        while left:
            ready = sorted(name for name, reads in left.items() if done.issuperset(reads))
            if not ready:
                raise FormatError(f"NIR: {min(left)} reads, round a circle, what it gives; Planaria has no recurrent networks")
            for name in ready:
                if type(self.nodes[name]).__name__ != "Input" and not left[name]:
                    raise FormatError(f"NIR: no edge leads to {name}")
                del left[name]
            done.update(ready)
            found += ready
        return found

    def one(self, kind: str) -> str:
        """The input or output of the whole, not that of a graph within it."""
        edges = self.sources if kind == "Input" else self.readers
        names = [name for name, node in self.nodes.items() if type(node).__name__ == kind and not edges[name]]
        if len(names) != 1:
            raise FormatError(f"NIR: there are {len(names)} nodes {kind} ({', '.join(sorted(names))}); there must be one")
        return names[0]

    # ---- layers ----------------------------------------------------------------------------------

    def put(self, item: dict[str, Any], *arrays: Array) -> int:
        self.items.append(item)
        for name, values in zip(("weight", "bias"), arrays):
            self.arrays[f"{self.weighted}.{name}"] = values
        self.weighted += bool(arrays)
        self.count += 1
        return self.count - 1

    def go_to(self, layer: int) -> None:
        if layer != self.count - 1:
            self.items.append({"branch": layer})

    def read(self, name: str) -> _Value:
        """What goes into a node: what the one node before it gives, or the sum of what several give."""
        given = [self.values[source] for source in self.sources[name]]
        if len({x.shape for x in given}) > 1:
            raise FormatError(f"NIR: {name} reads shapes that differ: {', '.join(str(list(x.shape)) for x in given)}")
        if len({x.factor for x in given}) > 1:
            given = [self.whole(x) for x in given]
        layers = tuple(x.layer for x in given)
        if len(layers) > 1 and layers not in self.sums:
            self.go_to(layers[0])
            for layer in layers[1:]:
                self.sums[layers] = self.put({"add": layer})
        return given[0]._replace(layer=self.sums.get(layers, layers[0]))

    def times(self, x: _Value, factor: float) -> _Value:
        """x times a number, by a convolution of 1 x 1."""
        channels = x.maps[0]
        if channels > MOST_CHANNELS:
            raise FormatError(f"NIR: {channels} values would have to be multiplied by {factor:g}, where there are no weights to take it in")
        self.go_to(x.layer)
        weight = np.eye(channels, dtype=np.float32) * np.float32(factor)
        return x._replace(layer=self.put({"conv": channels, "kernel": 1}, weight.reshape(channels, channels, 1, 1), np.zeros(channels, np.float32)))

    def whole(self, x: _Value) -> _Value:
        return x if x.factor == 1 else self.times(x._replace(factor=1.0), x.factor)

    def gained(self, name: str, x: _Value, gain: float) -> _Value:
        """x times a number, taken in by the weights before if nothing else reads them."""
        source = self.sources[name][0]
        if len(self.sources[name]) > 1 or source not in self.weights_of or len(self.readers[source]) > 1:
            return self.times(x, gain)
        for key in ("weight", "bias"):
            at = f"{self.weights_of[source]}.{key}"
            self.arrays[at] = self.arrays[at] * np.float32(gain)
        return x

    # ---- nodes ------------------------------------------------------------------------------------

    def dense(self, name: str, x: _Value, weight: Array, bias: Optional[Array]) -> _Value:
        self.go_to(x.layer)
        weight = _numbers(weight * x.factor if x.factor != 1 else weight)
        self.weights_of[name] = self.weighted
        bias = np.zeros(len(weight), np.float32) if bias is None else _numbers(bias).reshape(-1)
        layer = self.put({"dense": len(weight)}, weight, bias)
        return _Value(layer, (len(weight), 1, 1), (len(weight),), 1.0)

    def on_linear(self, name: str, node: Any, x: _Value) -> _Value:
        weight = np.asarray(node.weight)
        if weight.ndim != 2 or x.shape != weight.shape[1:]:
            behind = "; a Flatten is missing before it" if weight.ndim == 2 and np.prod(x.shape) == weight.shape[1] else ""
            raise FormatError(f"NIR: {name} has weights {list(weight.shape)} and reads {list(x.shape)}{behind}")
        return self.dense(name, x, weight, getattr(node, "bias", None))

    on_affine = on_linear

    def on_conv2d(self, name: str, node: Any, x: _Value) -> _Value:
        weight, bias = np.asarray(node.weight), np.asarray(node.bias)
        if len(x.shape) != 3 or weight.ndim != 4:
            raise FormatError(f"NIR: {name}, a convolution, reads {list(x.shape)}; there must be channels, height and width")
        for key, value in (("groups", int(np.asarray(node.groups))), ("dilation", _square(node, name, "dilation"))):
            if value != 1:
                raise FormatError(f"NIR: {name} has {key} {value}; Planaria has convolutions with 1 alone")
        if weight.shape[1] != x.shape[0]:
            raise FormatError(f"NIR: {name} has weights {list(weight.shape)} and reads {list(x.shape)}")
        kernel = weight.shape[2:]
        if x.factor != 1 and _takes_back(weight, bias, x.factor):
            return x._replace(factor=1.0)
        words = node.padding if isinstance(node.padding, str) else None
        stride = _square(node, name, "stride")
        if words == "same" and (stride != 1 or kernel[0] % 2 == 0):
            raise FormatError(f"NIR: {name} has the padding 'same' with a kernel of {kernel[0]} and stride {stride}; it must be odd, with stride 1")
        pad = {"same": kernel[0] // 2, "valid": 0}[words] if words is not None else _square(node, name, "padding")
        if kernel == x.shape[1:] and pad == 0:
            given = self.dense(name, x, weight.reshape(len(weight), -1), bias)
            return given._replace(shape=given.maps)
        if kernel[0] != kernel[1]:
            raise FormatError(f"NIR: {name} has a kernel of {kernel[0]} x {kernel[1]}; Planaria's are squares")
        self.go_to(x.layer)
        weight = _numbers(weight * x.factor if x.factor != 1 else weight)
        self.weights_of[name] = self.weighted
        layer = self.put({"conv": len(weight), "kernel": kernel[0], "stride": stride, "pad": pad}, weight, _numbers(bias).reshape(-1))
        sides = [(side + 2 * pad - kernel[0]) // stride + 1 for side in x.shape[1:]]
        maps = (len(weight), sides[0], sides[1])
        return _Value(layer, maps, maps, 1.0)

    def pool(self, name: str, node: Any, x: _Value, factor: float) -> _Value:
        if len(x.shape) != 3:
            raise FormatError(f"NIR: {name}, a pool, reads {list(x.shape)}; there must be channels, height and width")
        size, stride, pad = (_square(node, name, key) for key in ("kernel_size", "stride", "padding"))
        self.go_to(x.layer)
        layer = self.put({"pool": "average", "size": size, "stride": stride, "pad": pad})
        sides = [(side + 2 * pad - size) // stride + 1 for side in x.shape[1:]]
        maps = (x.shape[0], sides[0], sides[1])
        return _Value(layer, maps, maps, x.factor * factor)

    def on_sumpool2d(self, name: str, node: Any, x: _Value) -> _Value:
        return self.pool(name, node, x, _square(node, name, "kernel_size") ** 2)

    def on_avgpool2d(self, name: str, node: Any, x: _Value) -> _Value:
        return self.pool(name, node, x, 1)

    def on_flatten(self, name: str, node: Any, x: _Value) -> _Value:
        start, end, rank = int(node.start_dim), int(node.end_dim), len(x.shape)
        if start % rank != 0 or end % rank != rank - 1:
            raise FormatError(f"NIR: {name} flattens dimensions {start} to {end} of {list(x.shape)}; only all of them can be")
        return x._replace(shape=(int(np.prod(x.shape)),))

    def on_scale(self, name: str, node: Any, x: _Value) -> _Value:
        values = np.unique(np.asarray(node.scale))
        if values.size != 1:
            raise FormatError(f"NIR: {name} multiplies by numbers from {values.min():g} to {values.max():g}; only one for all can be read")
        return x._replace(factor=x.factor * float(values[0]))

    def on_lif(self, name: str, node: Any, x: _Value) -> _Value:
        x = self.whole(x)
        how = self.dynamics(name, node)
        if how.gain != 1:
            x = self.gained(name, x, how.gain)
        self.go_to(x.layer)
        return x._replace(layer=self.put({"lif": how.options}))

    on_if = on_lif

    def on_output(self, name: str, node: Any, x: _Value) -> _Value:
        return self.whole(x)

    def on_input(self, name: str, node: Any, x: _Value) -> _Value:
        return x

    def first(self, name: str) -> _Value:
        shape = tuple(int(n) for n in np.asarray(next(iter(self.nodes[name].input_type.values()))).reshape(-1))
        readers = [self.nodes[reader] for reader in self.readers[name]]
        if all(type(node).__name__ in ("Linear", "Affine") for node in readers) and shape[:-1] == (1,) * (len(shape) - 1):
            shape = shape[-1:]                # samples and steps are dimensions of Rockpool's inputs
        elif len(shape) == 4 and shape[0] == 1:
            shape = shape[1:]
        if len(shape) not in (1, 3) or min(shape) < 1:
            raise FormatError(f"NIR: {name} has the shape {list(shape)}; there must be values, or channels, height and width")
        if len(shape) == 3:
            maps = (shape[0], shape[1], shape[2])
        else:
            maps = (shape[0], 1, 1) if shape[0] <= MOST_CHANNELS else (1, 1, shape[0])
        return _Value(-1, maps, shape, 1.0)

    def network(self) -> tuple[_Value, _Value]:
        """Reads all nodes; what goes in, and what comes out."""
        first, last = self.one("Input"), self.one("Output")
        self.values[first] = self.first(first)
        for name in self.order():
            if name == first:
                continue
            node = self.nodes[name]
            read = getattr(self, f"on_{type(node).__name__.lower()}", None)
            if read is None:
                raise FormatError(f"NIR: {name} is a {type(node).__name__}, of which Planaria has no like")
            self.values[name] = read(name, node, self.read(name))
        self.go_to(self.values[last].layer)
        return self.values[first], self.values[last]


def _graph(source: Any) -> Any:
    if hasattr(source, "nodes") and hasattr(source, "edges"):
        return source
    import nir

    try:
        return nir.read(source, type_check=False)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise FormatError(f"{source}: this is no file of NIR: {error}") from error


def _decoder(about: Mapping[str, Any], outputs: int, votes: int, first: _Value, frames: bool, steps: int, names: Optional[list[str]]
             ) -> Optional[dict[str, Any]]:
    """What outputs mean: what the metadata say if it fits, else a class for each, or for each group that votes."""
    known = about.get("decoder")
    if known and names is None:
        return {**known, "input": {**known["input"], "steps": steps if frames else 1}}
    classes = outputs // votes
    if classes > lib.PLN_MAX_CLASSES or outputs % votes:
        return None
    channels, height, width = first.maps
    shape = {"type": "floats", "steps": steps if frames else 1, "height": height, "width": width, "channels": channels}
    return {"classes": classes, "by": "outputs", "input": shape, "labels": [], **({"names": names} if names else {})}


def from_nir(graph: Any, *, steps: Optional[int] = None, source: Optional[str] = None, dt: Optional[float] = None, reset: Optional[str] = None,
             strict: Optional[bool] = None, decay_input: Optional[bool] = None, frames: Optional[bool] = None, readout: Optional[str] = None,
             votes: Optional[int] = None, classes: Optional[Iterable[str]] = None, threads: int = 0) -> Model:
    """A network of a NIR graph, by the package ``nir``.

    Parameters
    ----------
    graph : nir.NIRGraph, str or Path
        Of Conv2d, Linear, Affine, LIF, IF, SumPool2d, AvgPool2d, Flatten, Scale by one number, and sums by several edges into a node.
    steps : int, optional
        Of time; None: what the metadata of a graph of Planaria say, else there must be a number.
    source : str, optional
        Whose conventions hold: ``"nir"``, ``"planaria"``, ``"snntorch"``, ``"spikingjelly"``, ``"norse"``, ``"sinabs"`` or
        ``"rockpool"``.  None: they are recognised where the values leave no doubt, which a `ConversionWarning` says, else ``"nir"``.
    dt : float, optional
        Seconds of a time step; None: 1e-4, of norse and Rockpool 1e-3.
    reset : {"hard", "soft", "delayed"}, optional
        What happens to the potential after a spike; NIR does not say.  None: as the source has it.
    strict : bool, optional
        Whether neurons fire above the threshold, not at it.  None: as the source has it.
    decay_input : bool, optional
        Of sinabs, whose files do not say: its ``norm_input``, True if None.
    frames : bool, optional
        Whether samples are an image for each step, which is so if None, or one image for all.
    readout : str, optional
        ``"mean"``, ``"last"`` or ``"membrane"``; None: as the metadata have it, else the mean of the outputs over time.
    votes : int, optional
        Neighbouring outputs that stand for one class; None: as the metadata have it, else 1.
    classes : iterable of str, optional
        Their names.
    threads : int
        As for `load`.

    Returns
    -------
    Model
        Weights are those of the graph to the bit, but where a gain of neurons or the size of a pool that sums is put into them; the
        square of a power of two leaves the bits as they are.

    Raises
    ------
    FormatError
        The graph is none that Planaria can say; the text names node and value.
    ArgumentError
        An argument is out of its range, or ``steps`` is missing.
    ImportError
        The package ``nir`` is not installed.
    """
    graph = _graph(graph)
    about = json.loads((graph.metadata or {}).get("planaria", "{}"))
    if source is not None and source not in CONVENTIONS:
        raise ArgumentError(f"source is {source!r}; it must be one of {', '.join(CONVENTIONS)}")
    nodes, edges = _flat(graph.nodes, graph.edges)
    neurons = {name: node for name, node in nodes.items() if type(node).__name__ in ("LIF", "IF")}
    convention = convention_of(neurons, about, source, dt, reset, strict, decay_input)
    reader = _Reader(nodes, edges, convention)
    for remark in convention.remarks:
        warnings.warn(remark, ConversionWarning, stacklevel=2)
    steps = about.get("steps") if steps is None else steps
    if steps is None:
        raise ArgumentError("steps is missing: NIR does not say for how many steps of time a network runs")
    first, last = reader.network()
    frames = about.get("frames", True) if frames is None else frames
    votes = about.get("votes", 1) if votes is None else votes
    image = {"steps": int(steps), "channels": first.maps[0], "height": first.maps[1], "width": first.maps[2],
             "frames": bool(frames), "poisson": bool(about.get("poisson", False))}
    if "normalise" in about:
        image["normalise"] = about["normalise"]
    items = [*reader.items, {"readout": readout or about.get("readout", "mean"), "votes": votes}]
    network = {"version": 2, "input": int(np.prod(first.maps)) * (int(steps) if frames else 1), "image": image, "layers": items}
    decoder = _decoder(about, int(np.prod(last.maps)), int(votes), first, bool(frames), int(steps), None if classes is None else list(classes))
    try:
        return Model(assemble(network, reader.arrays, decoder), threads)
    except Error as error:
        raise FormatError(f"NIR: {error}") from None
