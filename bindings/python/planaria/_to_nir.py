"""Networks as NIR graphs (Pedersen et al. (2024), Neuromorphic intermediate representation, Nature Communications 15, 8122)."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from typing import Any, NamedTuple, Optional

import numpy as np

from ._core import Array, ArgumentError, ConversionWarning, text
from ._model import Model
from ._native import lib
from ._network import LayerOf, layers_of, metadata_of

# From this time constant on a neuron without decay of its input leaks nothing in float32: 1 - 1/tau is 1.
NO_LEAK = 2.0 ** 25

# The time constant in steps that such a neuron is given where IF has no portable form.
PORTABLE_NO_LEAK = 1e6


class _Value(NamedTuple):
    """What a layer gives: the sum of what nodes give, times a factor that what reads it is to take in."""

    nodes: tuple[str, ...]
    shape: tuple[int, ...]
    factor: float


def _is_power_of_two(factor: float) -> bool:
    return bool(np.frexp(factor)[0] == 0.5)


class _Writer:
    def __init__(self, model: Model, dt: float, portable: bool, lossy: bool) -> None:
        import nir

        self.nir, self.dt, self.portable, self.lossy = nir, dt, portable, lossy
        about = metadata_of(model._content)
        self.network, self.decoder = about["planaria.network"], about.get("planaria.decoder")
        self.layers = layers_of(model, self.network)
        self.readers = Counter(layer.source for layer in self.layers) + Counter(
            layer.addend for layer in self.layers if layer.addend is not None)
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.neurons: dict[str, Any] = {}
        self.alone: set[str] = set()          # nodes with weights that one layer alone reads
        self.folded: set[int] = set()         # norms that are in the weights before them
        self.readout: dict[str, Any] = {}
        self.remarks: list[str] = []

    # ---- nodes ------------------------------------------------------------------------------------

    def put(self, name: str, node: Any, reads: _Value) -> str:
        while name in self.nodes:
            name += "_"
        self.nodes[name] = node
        self.edges += [(source, name) for source in reads.nodes]
        return name

    def refuse(self, number: int, why: str) -> ArgumentError:
        return ArgumentError(f"layer {number} ({self.layers[number].kind}): {why}")

    def times(self, x: _Value, factor: Any, shift: Any, name: str) -> _Value:
        """factor * x + shift, of each channel, by a node of its own."""
        channels = x.shape[0]
        weight = np.zeros((channels, channels), np.float32)
        np.fill_diagonal(weight, factor)
        bias = np.zeros(channels, np.float32) + np.float32(shift)
        return _Value((self.put(name, self.product(weight, bias, x.shape), x),), x.shape, 1.0)

    def whole(self, x: _Value, name: str) -> _Value:
        """x without a factor."""
        return x if x.factor == 1 else self.times(x._replace(factor=1.0), x.factor, 0, name)

    def product(self, weight: Array, bias: Array, shape: tuple[int, ...], stride: int = 1, pad: int = 0) -> Any:
        if len(shape) == 1:
            return self.nir.Affine(weight=weight, bias=bias)
        if weight.ndim == 2:
            weight = weight.reshape(*weight.shape, 1, 1)
        return self.nir.Conv2d(input_shape=shape[1:], weight=weight, stride=(stride, stride), padding=(pad, pad), dilation=(1, 1), groups=1, bias=bias)

    # ---- layers ----------------------------------------------------------------------------------

    def weights(self, number: int, x: _Value) -> _Value:
        """A convolution or dense layer, with the norm that alone reads it."""
        layer, own = self.layers[number], self.layers[number].options
        if x.factor != 1 and not self.portable and not _is_power_of_two(x.factor):
            x = self.whole(x, f"scale{number}")
        weight, bias = layer.arrays["weight"], layer.arrays.get("bias")
        bias = np.zeros(len(weight), np.float32) if bias is None else bias
        weight = weight if x.factor == 1 else (weight * x.factor).astype(np.float32)
        behind = next((i for i, other in enumerate(self.layers) if other.source == number), None)
        owner = number
        if behind is not None and self.layers[behind].kind == "norm" and self.readers[number] == 1:
            self.folded.add(behind)
            owner = behind
            gain, shift = _norm(self.layers[behind])
            weight = (weight * gain.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.float32)
            bias = (bias * gain + shift).astype(np.float32)
        shape = x.shape
        if layer.kind == "conv":
            if len(shape) == 1:
                raise self.refuse(number, "it reads a vector, which no node of NIR makes an image of")
            stride, pad, kernel = own["stride"], own["pad"], weight.shape[-1]
            node = self.product(weight, bias, shape, stride, pad)
            given: tuple[int, ...] = (len(weight), *((side + 2 * pad - kernel) // stride + 1 for side in shape[1:]))
        else:
            given = (len(weight),)
            if len(shape) == 3 and self.portable:
                weight, given = weight.reshape(len(weight), *shape), (len(weight), 1, 1)
            elif len(shape) == 3:
                flat = self.nir.Flatten(input_type={"input": np.array(shape)}, start_dim=0, end_dim=-1)
                x = _Value((self.put(f"flatten{number}", flat, x),), (int(np.prod(shape)),), 1.0)
            node = self.product(weight, bias, x.shape)
        name = self.put(f"{layer.kind}{number}", node, x)
        if self.readers[owner] == 1:
            self.alone.add(name)
        return _Value((name,), given, 1.0)

    def norm(self, number: int, x: _Value) -> _Value:
        x = self.whole(x, f"scale{number}")
        return x if number in self.folded else self.times(x, *_norm(self.layers[number]), f"norm{number}")

    def add(self, number: int, x: _Value, other: _Value) -> _Value:
        a, b = self.whole(x, f"scale{number}"), self.whole(other, f"scale{number}")
        if set(a.nodes) & set(b.nodes):
            b = self.times(b, 1, 0, f"copy{number}")
        return _Value(a.nodes + b.nodes, a.shape, 1.0)

    def pool(self, number: int, x: _Value) -> _Value:
        own = self.layers[number].options
        if own["kind"] != "average":
            raise self.refuse(number, "NIR has no node for maxima; a mean (AP2) can be written")
        size = own["size"] or x.shape[1]
        stride, pad = own["stride"] or size, own["pad"]
        if len(x.shape) == 1 or (not own["size"] and x.shape[1] != x.shape[2]):
            raise self.refuse(number, "NIR's pools are read by others as squares of images alone")
        node = self.nir.SumPool2d(kernel_size=np.array([size, size]), stride=np.array([stride, stride]), padding=np.array([pad, pad]))
        shape = (x.shape[0], *((side + 2 * pad - size) // stride + 1 for side in x.shape[1:]))
        return _Value((self.put(f"pool{number}", node, x),), shape, x.factor / size ** 2)

    def lif(self, number: int, x: _Value) -> _Value:
        own = dict(self.layers[number].options)
        if own["reset"] != "hard":
            if not self.lossy:
                raise self.refuse(number, f"its reset is {own['reset']}, which NIR cannot say; lossy=True writes it as a hard one, and the kind into "
                                          "the metadata")
            self.remarks.append(f"layer {number}: its {own['reset']} reset is written as a hard one; others than Planaria will give other spikes")
        x = self.whole(x, f"scale{number}")
        tau, rest = float(np.float32(own["tau"])), own["rest"] if own["reset"] == "hard" else 0.0
        still = tau >= NO_LEAK and not own["decay_input"]
        if still and self.portable:
            tau = PORTABLE_NO_LEAK
        gain = 1.0 if own["decay_input"] else tau
        if gain != 1 and self.portable:
            x, gain = self.gained(x, gain, number), 1.0
        full = {"v_threshold": own["threshold"], "v_reset": rest, "r": gain}
        if still and not self.portable:
            kind, full["r"] = self.nir.IF, 1 / self.dt
        else:
            kind, full["tau"], full["v_leak"] = self.nir.LIF, tau * self.dt, rest
        name = self.put(f"lif{number}", kind(**{key: np.full(x.shape, value, np.float32) for key, value in full.items()}), x)
        self.neurons[name] = own
        return _Value((name,), x.shape, 1.0)

    def gained(self, x: _Value, gain: float, number: int) -> _Value:
        """x times a number: in the weights before it, if nothing else reads them."""
        if len(x.nodes) > 1 or x.nodes[0] not in self.alone:
            return self.times(x, gain, 0, f"gain{number}")
        node = self.nodes[x.nodes[0]]
        node.weight, node.bias = (np.float32(gain) * node.weight), (np.float32(gain) * node.bias)
        return x

    def value(self, number: int, given: list[_Value]) -> _Value:
        layer, x = self.layers[number], given[self.layers[number].source + 1]
        if layer.kind in ("conv", "dense"):
            return self.weights(number, x)
        if layer.kind == "add":
            assert layer.addend is not None
            return self.add(number, x, given[layer.addend + 1])
        if layer.kind == "activation" and layer.options["function"] != "x":
            raise self.refuse(number, f"NIR has no node for {layer.options['function']}; it says networks of spiking neurons")
        if layer.kind == "readout":
            self.readout = dict(layer.options)
            return self.whole(x, "scale")
        if layer.kind in ("dropout", "activation"):
            return x
        found: _Value = getattr(self, layer.kind)(number, x)
        return found

    # ---- the whole ---------------------------------------------------------------------------------

    def graph(self) -> Any:
        image = self.network.get("image")
        shape: tuple[int, ...] = (image["channels"], image["height"], image["width"]) if image else (self.network["input"],)
        if shape[1:] == (1, 1):
            shape = shape[:1]
        self.nodes["input"] = self.nir.Input(input_type={"input": np.array(shape)})
        given = [_Value(("input",), shape, 1.0)]
        for number in range(len(self.layers)):
            given.append(self.value(number, given))
        last = self.whole(given[-1], "scale")
        self.put("output", self.nir.Output(output_type={"output": np.array(last.shape)}), last)
        about = self.about(image or {})
        for remark in self.remarks:
            warnings.warn(remark, ConversionWarning, stacklevel=3)
        return self.nir.NIRGraph(nodes=self.nodes, edges=self.edges, metadata={"planaria": json.dumps(about)})

    def about(self, image: dict[str, Any]) -> dict[str, Any]:
        """What the graph itself cannot say, and what it has lost."""
        rules = {own["strict"] for own in self.neurons.values()}
        about = {"version": text(lib.pln_version()), "dt": self.dt, "steps": image.get("steps", 1), "frames": image.get("frames", False),
                 "poisson": image.get("poisson", False), "readout": self.readout.get("kind", "mean"), "votes": self.readout.get("votes", 1),
                 "bytes": "are seen as byte / 255", "norm_folded": any(layer.kind == "norm" for layer in self.layers),
                 "threshold_rule": {frozenset(): None, frozenset([True]): ">", frozenset([False]): ">="}.get(frozenset(rules), "by neuron"),
                 "neurons": self.neurons, "decoder": self.decoder}
        if image.get("normalise"):
            about["normalise"] = image["normalise"]
            self.remarks.append("the graph is fed with what the network's normalise makes of samples: (value - mean) / deviation of each channel, "
                                "which the metadata have")
        if about["poisson"]:
            self.remarks.append("the graph is fed with spikes, which the network makes of samples by Poisson coding")
        if about["readout"] != "mean":
            self.remarks.append(f"the graph gives what goes into the membranes of the read-out '{about['readout']}', which the metadata name")
        return about


def _norm(layer: LayerOf) -> tuple[Array, Array]:
    """What a norm multiplies and adds in evaluation, of each channel."""
    a = {name: values.astype(np.float64) for name, values in layer.arrays.items()}
    gain = a["weight"] * layer.options["scale"] / np.sqrt(a["running_var"] + 1e-5)
    return gain, a["bias"] - gain * a["running_mean"]


def to_nir(model: Model, path: Optional[Any] = None, *, dt: float = 1e-4, portable: bool = False, lossy: bool = False) -> Any:
    """A network as a NIR graph, by the package ``nir``.

    Parameters
    ----------
    model : Model
        Of convolutions, dense layers, norms, neurons with a hard reset, pools of means and sums.
    path : str or Path, optional
        A file to write it to, too.
    dt : float
        Seconds that a time step stands for; 1e-4 is what other frameworks take.
    portable : bool
        Whether what readers understand differently is avoided: gains of neurons are put into weights, which then are rounded, dense
        layers above images are written as convolutions, and a neuron without leak as one with tau of a million steps.
    lossy : bool
        Whether soft and delayed resets, which NIR cannot say, are written as hard ones, with a `ConversionWarning`.

    Returns
    -------
    nir.NIRGraph
        Weights are those of the model to the bit, but for norms, which are put into the weights before them.  The metadata have as
        ``planaria`` what NIR cannot say, as JSON: steps, read-out, the rule at the threshold, resets, surrogates, classes.

    Raises
    ------
    ArgumentError
        NIR cannot say a layer, which the text names.
    ImportError
        The package ``nir`` is not installed.
    """
    if not 0 < dt < 1:
        raise ArgumentError(f"dt is {dt}; it must be above 0 and below 1 second")
    graph = _Writer(model, dt, portable, lossy).graph()
    if path is not None:
        import nir

        nir.write(path, graph)
    return graph
