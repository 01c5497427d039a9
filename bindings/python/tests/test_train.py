"""Training: the same bits as by the library alone, callbacks, threads, Ctrl-C, and samples of all types."""

import signal
import threading
import time

import numpy as np
import pytest

import planaria
from planaria._core import Context, Data


def test_label_free_with_a_test_set(digits, quick):
    X, y = digits
    seen = []
    model = planaria.train("unsup-bp-1layer", X[:400], y[:400], test=(X[400:], y[400:]), set=quick, callbacks=[seen.append])
    assert seen == model.history
    untrained, last = seen[0], seen[-1]
    assert untrained["epoch"] == 0 and [line["epoch"] for line in seen if "epoch" in line] == [0, 1, 2, 3]
    assert last["labels"] == 1 and last["linear"] > 0.5 and last["direct_average"] > untrained["untrained_direct_average"]
    assert last["direct_average"] == (model.predict(X[400:]) == y[400:]).mean()
    assert model.has_classifier and last["linear"] == pytest.approx((model.predict(X[400:], by="classifier") == y[400:]).mean(), abs=0.01)
    assert model.labels == (1.0,) and model.by == "association" and list(model.classes) == list(range(10))


def test_measuring_changes_nothing(digits, quick):
    X, y = digits
    plain = planaria.train("unsup-bp-1layer", X, y, set=quick)
    measured = planaria.train("unsup-bp-1layer", X, y, set=quick, test=(X[:50], y[:50]))
    assert plain._content == measured._content


@pytest.mark.parametrize("preset", ["unsup-bp-1layer", "unsup-ep-1layer"])
def test_same_bits_for_any_number_of_threads(digits, quick, preset):
    quick["train.rate"] = [1]
    one, three = (planaria.train(preset, *digits, set=quick, threads=threads, seed=7) for threads in (1, 3))
    other = planaria.train(preset, *digits, set=quick, seed=8)
    assert one._content == three._content != other._content


def test_few_labels_take_part(digits):
    X, y = digits
    few = np.where(np.arange(len(y)) % 10 == 0, y, -1)
    changes = {"layers.1.dense": 60, "layers.3.dropout": 0.1, "train.epochs": 4, "semi.schedule.length": 4, "semi.pretrain.epochs": 40,
               "semi.pretrain.rate": [0.01], "semi.labels": 0, "evaluate.at": []}
    model = planaria.train("planaria/semi-bp-100", X, few, set=changes)
    assert model.by == "outputs" and (model.predict(X) == y).mean() > 0.6
    assert model.history[0] == {**model.history[0], "pretrain_epoch": 1}


def test_held_out_samples_choose_the_best(digits):
    X, y = digits[0].reshape(-1, 8, 8), digits[1]
    model = planaria.train("mlp-a-mnist", X, y, set={"network": "FC30-FC10", "train.epochs": 2}, classes=[f"digit {c}" for c in range(10)])
    assert model.best is not None and model.best.classes[3] == "digit 3" and "selection_accuracy" in model.history[1]
    assert set(model.predict(X[:20])) <= set(model.classes)


SPIKING = {"network": "FC40-FC10", "spiking": {"steps": 4, "normalise": True},
           "train": {"target": "labels", "loss": "cross_entropy", "optimiser": "sgd", "momentum": 0.9, "epochs": 12, "batch": 16, "rate": [0.05]}}


def test_pruning_from_the_beginning_and_from_a_model(digits):
    X, y = digits[0].reshape(-1, 8, 8), digits[1]
    dense = planaria.train(SPIKING, X, y)
    meanwhile = planaria.prune(SPIKING, X, y, 0.75, seed=2)
    further = planaria.prune(SPIKING, X, y, 0.75, start=dense, epochs=3, criterion="magnitude", set={"prune.updates": 4})
    as_it_is = planaria.prune(SPIKING, X, y, 0.75, start=dense, epochs=0)
    assert dense.density == 1 and [m.density for m in (meanwhile, further, as_it_is)] == pytest.approx([0.25] * 3, abs=1e-3)
    kept = as_it_is.parameters()["0.weight"]
    assert np.array_equal(kept[kept != 0], dense.parameters()["0.weight"][kept != 0]) and len(further.history) == 3
    assert (further.predict(X) == y).mean() > 0.6 and planaria.Model(further._content).density == further.density
    with pytest.raises(planaria.ArgumentError, match="sparsity is missing"):
        planaria.prune(SPIKING, X, y)
    with pytest.raises(planaria.ArgumentError, match="nothing to prune"):
        planaria.prune(SPIKING, X, y, 0.5, epochs=0)
    with pytest.raises(planaria.ArgumentError, match="prune.sparsity is 2"):
        planaria.prune(SPIKING, X, y, 2)


def test_training_goes_on_from_a_model(digits, quick):
    X, y = digits
    first = planaria.train("unsup-bp-1layer", X, y, set=quick)
    further = planaria.train("unsup-bp-1layer", X, y, set={**quick, "train.epochs": 1, "train.rate": [1e-9]}, start=first)
    assert np.allclose(further.parameters()["0.weight"], first.parameters()["0.weight"], atol=1e-6)
    with pytest.raises(planaria.ShapeError):
        planaria.train("unsup-bp-1layer", X, y, set={**quick, "layers.1.dense": 50}, start=first)


def test_a_callback_ends_it(digits, quick):
    model = planaria.train("unsup-bp-1layer", *digits, set=quick, callbacks=[lambda line: line.get("epoch") == 1])
    assert len(model.history) == 1 and model.by == "association" and model.labels == (1.0,)


LONG = {"train.epochs": 100000, "layers.1.dense": 60, "evaluate.at": []}


def test_ctrl_c_between_batches(digits):
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    start = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            planaria.train("unsup-bp-1layer", *digits, set=LONG)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.perf_counter() - start < 5


def test_other_threads_run_meanwhile(digits):
    """The interpreter's lock is released: this thread sleeps in short pieces while the other trains in long steps."""
    done = threading.Event()
    thread = threading.Thread(target=lambda: planaria.train("unsup-bp-1layer", *digits, set={**LONG, "layers.1.dense": 2000},
                                                            callbacks=[lambda line: done.is_set()]))
    thread.start()
    time.sleep(0.2)
    longest = 0.0
    for _ in range(30):
        start = time.perf_counter()
        time.sleep(0.001)
        longest = max(longest, time.perf_counter() - start)
    done.set()
    thread.join()
    assert longest < 2


def test_no_copy_of_bytes_and_floats(digits, floats):
    context = Context(1)
    assert Data(context, digits[0]).X is digits[0] and Data(context, floats).X is floats
    frozen = floats.copy()
    frozen.setflags(write=False)
    assert Data(context, frozen).X is frozen


@pytest.mark.parametrize("kind, becomes", [(np.float64, np.float32), (np.float16, np.float32), (np.int64, np.uint8), (bool, np.uint8), (">f4", np.float32)])
def test_others_are_converted_with_a_word(floats, kind, becomes):
    X = (floats > 0.5).astype(kind)
    if kind == ">f4":
        data = Data(Context(1), X)
    else:
        with pytest.warns(planaria.ConversionWarning, match=f"were converted to {np.dtype(becomes)}"):
            data = Data(Context(1), X)
    assert data.X.dtype == becomes and data.X.flags.c_contiguous
    assert np.array_equal(data.X, X.astype(becomes) * (255 if kind is bool else 1))


def test_what_is_no_sample(digits, quick):
    X, y = digits
    for wrong, error, sentence in [
            (X[0], planaria.ShapeError, "1 dimensions"), (X.astype(str), planaria.ArgumentError, "must be numbers"),
            (X.astype(int) * 2, planaria.ArgumentError, "integers are taken as bytes"), (X[:0], planaria.ArgumentError, "0 samples"),
            (np.full((9, 4), np.nan, np.float32), planaria.NotFiniteError, "sample 0")]:
        with pytest.raises(error, match=sentence):
            planaria.train("unsup-bp-1layer", wrong, set=quick)
    for labels, error in [(y[:5], planaria.ShapeError), (y / 2, planaria.ArgumentError), (y - 2, planaria.ArgumentError), (y + 1000, planaria.ArgumentError)]:
        with pytest.raises(error, match="labels"):
            planaria.train("unsup-bp-1layer", X, labels, set=quick)
    with pytest.raises(planaria.ArgumentError, match="seed"):
        planaria.train("unsup-bp-1layer", X, y, set=quick, seed=-1)
    with pytest.raises(planaria.ArgumentError, match="threads"):
        planaria.train("unsup-bp-1layer", X, y, set=quick, threads=1000)


def test_remarks_are_warnings(digits, quick):
    with pytest.warns(planaria.DataWarning, match="255"):
        planaria.train("unsup-bp-1layer", digits[0].astype(np.float32), digits[1], set={**quick, "train.rate": [0.001]})


def test_a_bar_where_it_is_wanted(digits, quick, capfd):
    pytest.importorskip("tqdm")
    planaria.train("unsup-bp-1layer", *digits, set=quick, progress=True)
    assert capfd.readouterr().err.rstrip().split("\r")[-1].startswith("100%")
    planaria.train("unsup-bp-1layer", *digits, set=quick)
    planaria.train("unsup-bp-1layer", *digits, set=quick, progress=False)
    assert "%" not in capfd.readouterr().err
