"""Trained networks, and what their outputs mean."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional, Sequence, Union

import numpy as np

from ._core import Array, ArgumentError, Context, Data, FormatError, Handle, address, text
from ._native import ffi, lib

# Samples between two looks at Ctrl-C.
SLICE = 512

BY = tuple(text(lib.pln_by_name(by)) for by in (lib.PLN_BY_ASSOCIATION, lib.PLN_BY_UNIT, lib.PLN_BY_CLASSIFIER, lib.PLN_BY_OUTPUTS))


class Layer(NamedTuple):
    """One layer of a network.

    Attributes
    ----------
    kind : str
        ``"dense"``, ``"conv"``, ...
    inputs, outputs : int
        Values that it takes and gives for a sample and a step.
    parameters : int
        Numbers in its tensors.
    shape : tuple of int
        (channels, height, width) of what it gives, in networks of images; else (outputs,).
    """

    kind: str
    inputs: int
    outputs: int
    parameters: int
    shape: tuple[int, ...]


class Model:
    """A trained network, and what its outputs mean; made by `load` and `train`.

    What it says of a sample depends on nothing but the sample: not on the others, nor on the number of threads.
    Several threads may use one model, which takes them one after the other; it can be pickled.

    Attributes
    ----------
    history : list of dict
        What its training went through, as `train` says; empty for one that was loaded.
    best : Model or None
        With a section ``select``: the network of the epoch that the samples held out chose.
    """

    history: list[dict[str, Any]]
    best: Optional["Model"]

    def __init__(self, content: bytes, threads: int = 0) -> None:
        self._content = content
        self._threads = threads
        self._context = Context(threads)
        c = self._context
        self._model = c.make("pln_model", lib.pln_model_free, lib.pln_model_open_bytes, c, content, len(content))
        self._predictor = c.make("pln_predictor", lib.pln_predictor_free, lib.pln_predictor_new, c, self._model)
        self._net = lib.pln_model_net(self._model.pointer)
        self._decoder = lib.pln_model_decoder(self._model.pointer)
        self.history = []
        self.best = None

    def __getstate__(self) -> dict[str, Any]:
        return {"content": self._content, "threads": self._threads, "history": self.history, "best": self.best}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Model.__init__(self, state["content"], state["threads"])
        self.history, self.best = state["history"], state["best"]

    def __repr__(self) -> str:
        layers = "-".join([str(self.layers[0].inputs)] + [str(layer.outputs) for layer in self.layers if layer.parameters])
        return f"<planaria.Model {layers}, {self._decoder.classes} classes by {self.by}>"

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def classes(self) -> Array:
        """The classes: their names, or numbers from 0 on; empty if nothing is known of them."""
        names = self._decoder.names
        numbers = range(self._decoder.classes)
        return np.arange(len(numbers)) if names == ffi.NULL else np.array([text(names[c]) for c in numbers], dtype=object)

    @property
    def by(self) -> str:
        """How classes are read out unless another way is asked for: "association", "unit", "classifier" or "outputs"."""
        return text(lib.pln_by_name(self._decoder.by))

    @property
    def labels(self) -> tuple[float, ...]:
        """The share of the training labels that each association was made by."""
        return tuple(self._decoder.labels[i] for i in range(self._decoder.associations))

    @property
    def has_classifier(self) -> bool:
        """Whether it has a linear classifier on its outputs."""
        return bool(self._decoder.classifier != ffi.NULL)

    @property
    def layers(self) -> list[Layer]:
        """The layers, from the input to the output."""
        found = []
        for i in range(lib.pln_net_layers(self._net)):
            layer = lib.pln_net_layer(self._net, i)
            shape = (layer.channels, layer.height, layer.width) if layer.channels else (layer.outputs,)
            found.append(Layer(text(layer.name), layer.inputs, layer.outputs, layer.parameters, shape))
        return found

    def parameters(self) -> dict[str, Array]:
        """Copies of weights, biases and statistics by their names, such as ``"0.weight"`` of shape (outputs, inputs)."""
        found: dict[str, Array] = {}
        with self._context.lock:
            net = self._whole()
            for i in range(lib.pln_net_parameters(net.pointer)):
                info = lib.pln_net_parameter(net.pointer, i)
                values = np.empty([info.dim[d] for d in range(info.rank)], np.float32)
                memory = address(values, "float")
                tensor = ffi.new("pln_tensor *", {"data": memory, "rank": info.rank, "dim": list(values.shape)})
                self._context.call(lib.pln_net_get, net, i, tensor)
                found[text(info.name)] = values
        return found

    @property
    def density(self) -> float:
        """The share of the weights that pruning has left; 1 where nothing was pruned."""
        with self._context.lock:
            net = self._whole()
            present = numbers = 0
            for i in range(lib.pln_net_parameters(net.pointer)):
                info = ffi.new("pln_parameter_info *", lib.pln_net_parameter(net.pointer, i))
                if lib.pln_parameter_competes(info):
                    present += lib.pln_net_present(net.pointer, i)
                    numbers += math.prod(info.dim[d] for d in range(info.rank))
        return present / numbers

    def _whole(self) -> Handle:
        """A network of its own: that of the model is only read, and holds its weights in another form."""
        return self._context.make("pln_net", lib.pln_net_free, lib.pln_model_parse, self._context, self._content, len(self._content))

    # ---- what it says of samples -------------------------------------------------------------------

    def _ask(self, X: Any, function: Callable[..., int], arguments: Callable[[int, int], Sequence[Any]]) -> None:
        """Calls with slices of the samples; arguments(first, end) are what follows data, index and count."""
        with self._context.lock:
            data = Data(self._context, X)
            for first in range(0, len(data), SLICE):
                index = np.arange(first, min(first + SLICE, len(data)), dtype=np.intc)
                self._context.call(function, self._predictor, data.handle, address(index, "int"), len(index), *arguments(first, first + len(index)))
            data.handle.close()

    def forward(self, X: Any) -> Array:
        """What the network gives for samples.

        Parameters
        ----------
        X : array of shape (samples, ...)
            uint8, seen as byte / 255, or float32, without a copy; other types are converted, with a `ConversionWarning`.

        Returns
        -------
        float32 array of shape (samples, outputs)
            Of spiking networks the read-out over time.

        Raises
        ------
        ShapeError
            A sample has another number of values than the network takes.
        NotFiniteError
            A value is not finite.
        """
        return self.features(X, -1)

    def features(self, X: Any, layer: int) -> Array:
        """What a layer gives for samples; images as (channel, y, x), the mean over time steps.

        Parameters
        ----------
        X : array of shape (samples, ...)
            As for `forward`.
        layer : int
            Its place in `layers`; -1: the last.

        Returns
        -------
        float32 array of shape (samples, values)

        Raises
        ------
        ArgumentError
            There is no such layer, or what it gives is used up at once by the layer behind it.
        """
        given = np.empty((len(X), lib.pln_predictor_features(self._predictor.pointer, layer)), np.float32)
        self._ask(X, lib.pln_predict_features, lambda first, end: (layer, address(given[first:end], "float")))
        return given

    def _way(self, by: Optional[str], association: int) -> Any:
        if by is not None and by not in BY:
            raise ArgumentError(f"by is {by!r}; it must be one of {', '.join(BY)}")
        return ffi.new("pln_read_out *", {"by": BY.index(by or self.by), "association": association})

    def predict_numbers(self, X: Any, by: Optional[str] = None, association: int = 0) -> Array:
        """As `predict`, as numbers of classes: an int array of shape (samples,), -1 for none."""
        how = self._way(by, association)
        said = ffi.new("pln_prediction[]", len(X))
        self._ask(X, lib.pln_predict, lambda first, end: (how, 1, said + first))
        return np.array([p.best for p in said], dtype=np.intp)

    def predict(self, X: Any, by: Optional[str] = None, association: int = 0) -> Array:
        """The class of each sample.

        Parameters
        ----------
        X : array of shape (samples, ...)
            As for `forward`.
        by : str, optional
            Another way to read out than `by`: ``"association"`` (the class whose units have the largest mean), ``"unit"`` (that
            of the most active unit), ``"classifier"`` or ``"outputs"`` (that of the largest output).
        association : int
            Which of those that `labels` lists.

        Returns
        -------
        array of shape (samples,)
            Of `classes`; where the most active unit stands for no class, -1, or None where classes have names.

        Raises
        ------
        StateError
            The model has no classes, no such association or no classifier.
        """
        numbers = self.predict_numbers(X, by, association)
        return numbers if self._decoder.names == ffi.NULL else np.array([*self.classes, None], dtype=object)[numbers]

    def scores(self, X: Any, by: Optional[str] = None, association: int = 0) -> Array:
        """What every class scores for each sample: a mean or largest output, not a probability.

        Parameters and errors are those of `predict`.

        Returns
        -------
        float32 array of shape (samples, classes)
        """
        how = self._way(by, association)
        scores = np.empty((len(X), self._decoder.classes), np.float32)
        self._ask(X, lib.pln_predict_scores, lambda first, end: (how, address(scores[first:end], "float")))
        return scores

    def activity(self, X: Any) -> list[dict[str, Any]]:
        """How much each layer of a spiking network does for a sample, on the average.

        Parameters
        ----------
        X : array of shape (samples, ...)
            As for `forward`.

        Returns
        -------
        list of dict
            For each of `layers`: ``kind``, ``firing_rate`` (share of neurons and steps that spike), ``silent`` (share of
            channels that never do), ``input_active``, ``macs``, ``sops`` (synaptic operations), ``energy`` (picojoule at 45 nm),
            ``weights``, ``active_weights``.  Theory 12.7.

        Raises
        ------
        StateError
            The network has no maps: it does not spike.
        """
        c = self._context
        with c.lock:
            net, data = self._whole(), Data(c, X)
            each = ffi.new("pln_activity[]", lib.pln_net_layers(net.pointer))
            c.call(lib.pln_evaluate_activity, c, net, data.handle, None, len(data), each)
        names = [name for name, _ in ffi.typeof("pln_activity").fields]
        return [{"kind": layer.kind, **{name: getattr(a, name) for name in names}} for layer, a in zip(self.layers, each)]

    def save(self, path: Union[str, Path]) -> None:
        """Writes the model to a safetensors file, which `load` and the command read.

        Raises
        ------
        OSError
            It cannot be written.
        """
        Path(path).write_bytes(self._content)


def write(context: Context, net: Any, decoder: Any) -> bytes:
    """The bytes of a model file."""
    folder = tempfile.mkdtemp(prefix="planaria")
    path = os.path.join(folder, "model.safetensors")
    try:
        if decoder.classes:
            context.call(lib.pln_model_write, net, decoder, os.fsencode(path), None)
        else:
            context.call(lib.pln_model_save, net, os.fsencode(path), None)
        return Path(path).read_bytes()
    finally:
        if os.path.exists(path):
            os.remove(path)
        os.rmdir(folder)


def load(path: Union[str, Path], threads: int = 0) -> Model:
    """Opens a model.

    Parameters
    ----------
    path : str or Path
        A model file, or the folder of a run, whose ``model.safetensors`` is taken.
    threads : int
        That it computes with; 0: one for each processor it may use.  No result depends on it.

    Returns
    -------
    Model

    Raises
    ------
    OSError
        The file cannot be read.
    FormatError
        It is no sound model; the text says what is wrong and where.
    """
    at = Path(path)
    file = at / "model.safetensors" if at.is_dir() else at
    try:
        return Model(file.read_bytes(), threads)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from None
