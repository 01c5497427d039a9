"""From a configuration and samples to a model."""

from __future__ import annotations

import time
from typing import Any, Callable, Iterable, Mapping, Optional

import numpy as np

from ._core import ArgumentError, Context, Data, Handle, address
from ._model import Model, write
from ._native import ffi, lib
from ._options import Config, Experiment, change, load_config

Callback = Callable[[dict[str, Any]], Any]

# Outputs that classifiers are given are kept if they take no more bytes.
FEATURES = 2_000_000_000

# Seconds between two looks at Ctrl-C; the batches of one step are doubled until they take so long.
PATIENCE = 0.05


class _Bar:
    """Progress by tqdm, where that is installed and wanted."""

    def __init__(self, wanted: Optional[bool]) -> None:
        self.bar: Any = None
        if wanted is False:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self.bar = tqdm(unit="epoch", disable=None if wanted is None else False)

    def show(self, run: Any) -> None:
        if self.bar is not None:
            all_ = ffi.new("int *")
            done = lib.pln_run_epochs(run, all_)
            if lib.pln_run_part(run) != lib.PLN_PART_CLASSIFIER:
                self.bar.total, self.bar.n = all_[0], round(done, 2)
                self.bar.refresh()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _figures(f: Any, prefix: str = "") -> dict[str, Any]:
    if f.argmax:
        return {prefix + "accuracy": f.accuracy}
    return {prefix + "direct_average": f.association.average, prefix + "direct_max": f.association.max, prefix + "unlearned": f.association.unlearned}


class Training:
    """One training: the experiment, its data, and the model that comes of it."""

    def __init__(self, config: Mapping[str, Any], seed: int, threads: int) -> None:
        if not 0 <= seed < 2 ** 63:
            raise ArgumentError(f"seed is {seed}; it must be 0..{2 ** 63 - 1}")
        self.context = Context(threads)
        self.e = Experiment(self.context, config).pointer
        lib.pln_experiment_settle(self.e)
        self.seed = seed
        self.history: list[dict[str, Any]] = []
        self.associations: list[Any] = []
        self.shares: list[float] = []
        self.head: Optional[Handle] = None
        self.best: Optional[bytes] = None
        self.held: Optional[Handle] = None
        self.classes = 0

    # ---- data -------------------------------------------------------------------------------------

    def take(self, train: Data, test: Optional[Data], names: Optional[list[str]]) -> None:
        """Takes samples; those that the configuration holds out are set aside."""
        self.train = train.handle
        self.test = None if test is None else test.handle
        self.names = names
        if self.e.validation > 0:
            if test is not None:
                raise ArgumentError("evaluate.validation takes the samples to measure on from those for training: leave out test")
            self.test = self._hold("evaluate.validation", self.e.validation, self.e.validation_seed)
        if self.e.selects:
            self.held = self._hold("select.validation", self.e.held_out, self.e.held_out_seed)
            if self.test is None:
                self.test = self.held

    def _hold(self, key: str, share: float, seed: int) -> Handle:
        """A share of the training samples, which are the others from now on."""
        c, index = self.context, self._index()
        held, others = ffi.new("pln_data **"), ffi.new("pln_data **")
        c.call(lib.pln_data_held, c, self.train, ffi.new("char[]", key.encode()), lib.pln_decimal(share), seed, index)
        c.call(lib.pln_data_split, c, self.train, index.pointer.sample, index.pointer.count, held, others)
        self.train = Handle(others[0], lib.pln_data_free, [c])
        return Handle(held[0], lib.pln_data_free, [c])

    def _index(self) -> Handle:
        context = self.context.pointer
        return Handle(ffi.new("pln_index *"), lambda p: lib.pln_index_free(context, p), [self.context])

    # ---- training ----------------------------------------------------------------------------------

    def run(self, callbacks: Iterable[Callback], progress: Optional[bool], start: Optional[Model] = None, named: Optional[Data] = None) -> None:
        """Trains, from the weights of a model if there is one, and reads out, by other samples than those trained on if there are some."""
        c, evaluates = self.context, self.test is not None
        with_, without = self._index(), self._index()
        self.net = c.make("pln_net", lib.pln_net_free, lib.pln_experiment_network, c, self.e, self.train, self.seed)
        if start is not None:
            c.call(lib.pln_net_copy, self.net, c.make("pln_net", lib.pln_net_free, lib.pln_model_parse, c, start._content, len(start._content)))
        c.call(lib.pln_experiment_labels, c, self.e, self.train, self.test, self.seed, None, with_, without)
        sets = [handle for handle in (self.train, self.test, self.held) if handle is not None]
        data = ffi.new("pln_run_data *", {"train": self.train.pointer, "with": with_.pointer, "without": without.pointer})
        if self.test is not None:
            data.test = self.test.pointer
        if self.held is not None:
            data.held = self.held.pointer
        how = ffi.new("pln_run_options *", {"seed": self.seed, "evaluates": evaluates, "features": FEATURES})
        run = c.make("pln_run", lib.pln_run_free, lib.pln_run_new, c, self.e, data, self.net, how, needs=[*sets, with_, without])
        bar = _Bar(progress)
        try:
            finished = self._go(run, list(callbacks), bar)
        finally:
            bar.close()
        run.close()
        if named is not None:
            self.train = named.handle
        if not finished or not evaluates:
            self._read_out()

    def _go(self, run: Handle, callbacks: list[Callback], bar: _Bar) -> bool:
        """From event to event; False if a callback has ended it."""
        event, batches = ffi.new("pln_run_event *"), 1
        while event.kind != lib.PLN_RUN_DONE:
            start = time.perf_counter()
            self.context.call(lib.pln_run_step, run, batches, event)
            if time.perf_counter() - start < PATIENCE and batches < 1 << 20:
                batches *= 2
            bar.show(run.pointer)
            line = self._see(event)
            if line is not None:
                self.history.append(line)
                if any([callback(line) is True for callback in callbacks]):
                    return False
        return True

    def _see(self, v: Any) -> Optional[dict[str, Any]]:
        """The line of an event, or None; models and associations are kept."""
        r = v.report
        if v.kind == lib.PLN_RUN_UNTRAINED:
            return {"epoch": 0, **_figures(v.figures, "untrained_")}
        if v.kind == lib.PLN_RUN_EPOCH:
            network = v.part == lib.PLN_PART_NETWORK
            line = {"epoch" if network else "pretrain_epoch": v.epoch, "train_seconds": r.seconds,
                    "samples_per_second": r.timed / r.seconds if r.seconds > 0 else 0.0, "train_loss": r.loss,
                    "rate_factor": r.rate_factor, "homeostasis": r.homeostasis, "input_active": r.input_active, "delta_active": r.delta_active,
                    "density": r.density}
            if v.compared:
                line["selection_accuracy"] = v.held_out
            return {**line, **(_figures(v.figures, "" if network else "pretrained_") if v.measured else {})}
        if v.kind == lib.PLN_RUN_BEST:
            self.best = write(self.context, self.net, self._decoder())
        if v.kind == lib.PLN_RUN_CLASSIFIER:
            return {"classifier_epoch": v.epoch, "labels": v.share, "linear": v.linear}
        if v.kind == lib.PLN_RUN_READ_OUT:
            if v.association != ffi.NULL:
                self._keep_association(v.association, v.share)
            if v.head != ffi.NULL and v.fraction == 0:
                self._keep_head(v.head)
            return {**_figures(v.figures), "labels": v.share, **({"linear": v.linear} if v.head != ffi.NULL else {})}
        return None

    # ---- what outputs mean ---------------------------------------------------------------------------

    def _keep_association(self, units: Any, share: float) -> None:
        self.associations.append(ffi.unpack(units, lib.pln_net_outputs(self.net.pointer)))
        self.shares.append(share)

    def _keep_head(self, head: Any) -> None:
        """A copy, since that of a run lives as long as its event."""
        c = self.context
        content = write(c, head, ffi.new("pln_decoder *"))
        self.head = c.make("pln_net", lib.pln_net_free, lib.pln_model_parse, c, content, len(content))

    def _read_out(self) -> None:
        """Association and classifier of a network that nothing was measured of, if there are labels."""
        c = self.context
        self.associations, self.shares, self.head = [], [], None
        if lib.pln_experiment_argmax(self.e) or not lib.pln_data_get_info(self.train.pointer).labelled:
            return
        share, index = lib.pln_experiment_fraction(self.e, 0), self._index()
        c.call(lib.pln_data_share, c, self.train, share, self.e.validation_seed, index)
        by, units = index.pointer, ffi.new("int32_t[]", lib.pln_net_outputs(self.net.pointer))
        c.call(lib.pln_associate, c, self.net, self.train, by.sample, by.count, units)
        self._keep_association(units, share)
        if lib.pln_experiment_classifies(self.e):
            self._classify(by)

    def _classify(self, by: Any) -> None:
        c = self.context
        classes, outputs = max(self.classes, lib.pln_data_classes(self.train.pointer)), lib.pln_net_outputs(self.net.pointer)
        fit = ffi.new("pln_fit *", lib.pln_experiment_fit(self.e, lib.PLN_PART_CLASSIFIER, self.seed))
        head = c.make("pln_net", lib.pln_net_free, lib.pln_experiment_head, c, self.e, outputs, classes, self.seed)
        features = None
        if lib.pln_experiment_keeps_features(self.e):
            features = c.make("pln_features", lib.pln_features_free, lib.pln_features_new, c, self.net, self.train, FEATURES)
        trainer = c.make("pln_trainer", lib.pln_trainer_free, lib.pln_trainer_new, c, head, self.net, self.train, by.sample, by.count, fit,
                         needs=[features] if features else [])
        if features is not None and features.pointer != ffi.NULL:
            c.call(lib.pln_trainer_set_features, trainer, features)
        while lib.pln_trainer_epoch(trainer.pointer) < fit.epochs:
            c.call(lib.pln_trainer_step, trainer, 64, None)
        self.head = head

    def _decoder(self) -> Any:
        classes = max(self.classes, lib.pln_data_classes(self.train.pointer))
        argmax = lib.pln_experiment_argmax(self.e)
        outputs = lib.pln_net_outputs(self.net.pointer)
        rows = np.array(self.associations, np.int32).reshape(-1, outputs)
        shares = np.array(self.shares, np.float64)
        names = [ffi.new("char[]", name.encode()) for name in self.names or []]
        decoder = ffi.new("pln_decoder *", {
            "classes": classes, "type": lib.pln_data_get_type(self.train.pointer), "input": lib.pln_data_shape(self.train.pointer),
            "by": lib.PLN_BY_OUTPUTS if argmax else lib.PLN_BY_ASSOCIATION, "associations": len(rows) if classes else 0})
        pointers = (address(shares, "double"), address(rows, "int32_t"), ffi.new("char *[]", names), names)
        decoder.labels, decoder.association = pointers[0], pointers[1]
        decoder.names = pointers[2] if names and len(names) >= classes else ffi.NULL
        decoder.classifier = self.head.pointer if self.head is not None else ffi.NULL
        self.kept_by_decoder = pointers
        return decoder

    def model(self, threads: int) -> Model:
        """What came of it."""
        model = Model(write(self.context, self.net, self._decoder()), threads)
        model.history = self.history
        if self.best is not None:
            model.best = Model(self.best, threads)
        return model


def train(config: Config, X: Any, y: Any = None, *, test: Optional[tuple[Any, Any]] = None, set: Optional[Mapping[str, Any]] = None,
          classes: Optional[Iterable[str]] = None, start: Optional[Model] = None, callbacks: Iterable[Callback] = (), seed: int = 1,
          threads: int = 0, progress: Optional[bool] = None) -> Model:
    """Trains a network: a configuration, samples and a seed give the same model, to the bit, as with the command.

    Parameters
    ----------
    config : str, Path or dict
        A preset by its name, a file of YAML, or nested dicts with the keys of `options`.
    X : array of shape (samples, ...)
        (samples, values), or images (samples, height, width[, channels]), or frames (samples, steps, height, width, channels).
        uint8, seen as byte / 255, or float32, without a copy; others are converted, with a `ConversionWarning`.
    y : array of int of shape (samples,), optional
        Classes from 0 on, -1 for samples without a label; None: no labels.
    test : (X, y), optional
        Samples to measure on; training does not see them.
    set : dict, optional
        Changes of the configuration by their paths: ``{"train.epochs": 5}``.
    classes : iterable of str, optional
        Names of the classes: that of class 0 first.
    start : Model, optional
        Of the same layers, whose weights training begins with; None: drawn by the seed.
    callbacks : iterable of callables
        Called with the line of each event as a dict, the names of which are those of ``metrics.jsonl``: ``epoch``,
        ``train_loss``, ``samples_per_second``, with ``test`` also ``direct_average`` or ``accuracy``, ...  One that returns True
        ends the training there.
    seed : int
        Of all random numbers, 0 or more.
    threads : int
        0: one for each processor it may use.  No result depends on it.
    progress : bool, optional
        A bar by tqdm, if that is installed; None: on a terminal only.

    Returns
    -------
    Model
        With `Model.history`, the lines of all events; ``pandas.DataFrame(model.history)`` is a table of them.

    Raises
    ------
    FormatError
        The configuration has a key that is unknown, twice or missing, or a text that is no value.
    ArgumentError
        A value is out of its range, or there are no labels where some are needed.
    ShapeError
        Samples do not fit the network.
    NotFiniteError
        A sample, or the loss, is not finite.
    KeyboardInterrupt
        Between two batches.
    """
    whole = load_config(config)
    change(whole, set or {})
    training = Training(whole, seed, threads)
    data = Data(training.context, X, y)
    data.remark(stacklevel=2)
    training.take(data, None if test is None else Data(training.context, *test), None if classes is None else list(classes))
    training.run(callbacks, progress, start)
    return training.model(threads)


def prune(config: Config, X: Any, y: Any = None, sparsity: Optional[float] = None, *, start: Optional[Model] = None, epochs: Optional[int] = None,
          method: Optional[str] = None, criterion: Optional[str] = None, regrow: Optional[str] = None, granularity: Optional[str] = None,
          test: Optional[tuple[Any, Any]] = None, set: Optional[Mapping[str, Any]] = None, classes: Optional[Iterable[str]] = None,
          callbacks: Iterable[Callback] = (), seed: int = 1, threads: int = 0, progress: Optional[bool] = None) -> Model:
    """Trains a network and prunes it meanwhile, as ``planaria prune`` does: from the beginning, or from the weights of a model.

    Parameters
    ----------
    config : str, Path or dict
        As for `train`.
    X, y
        As for `train`.
    sparsity : float, optional
        Share of the weights that are left out in the end, 0..1; None: what the configuration's section ``prune`` has.
    start : Model, optional
        Of the same layers: the network that is pruned.
    epochs : int, optional
        That are trained meanwhile; None: what the configuration has.  With 0, which wants ``start``, it is pruned as it is.
    method, criterion, regrow, granularity : str, optional
        Keys of the section: ``planaria.options("prune")`` says what they may be.
    test, set, classes, callbacks, seed, threads, progress
        As for `train`; other keys of the section are ``set={"prune.updates": 4}``.

    Returns
    -------
    Model
        `Model.density` says what is left, `Model.activity` what it costs.

    Raises
    ------
    ArgumentError
        No sparsity is said, or a value is out of its range.

    Examples
    --------
    >>> dense = planaria.train("spiking/mlp-a-mnist", X, y)
    >>> sparse = planaria.prune("spiking/mlp-a-mnist", X, y, 0.9, start=dense, epochs=5)
    """
    whole = load_config(config)
    change(whole, set or {})
    section = whole.setdefault("prune", {})
    if sparsity is None and "sparsity" not in section:
        raise ArgumentError("sparsity is missing: the share of the weights to leave out", "prune.sparsity")
    if epochs == 0 and start is None:
        raise ArgumentError("epochs is 0: there is nothing to prune without a network to start from")
    own = {"sparsity": sparsity, "method": method, "criterion": criterion, "regrow": regrow, "granularity": granularity}
    section.update({key: value for key, value in own.items() if value is not None})
    if epochs == 0 and "regrow" not in section and "method" not in section:
        section["regrow"] = "none"
    if epochs is not None:
        whole.setdefault("train", {})["epochs"] = epochs
        for part in (whole["train"].get("schedule"), section):
            if isinstance(part, dict):
                part.pop("length", None)
    return train(whole, X, y, test=test, classes=classes, start=start, callbacks=callbacks, seed=seed, threads=threads, progress=progress)
