"""NIR: the same graph and the same input give the same spikes in other frameworks for twenty steps, or the first step that differs is known.

docs/nir.md has these tables with the reasons.
"""

import os
import subprocess
import warnings
from pathlib import Path

import nir
import numpy as np
import pytest
import torch
from spikes import STEPS, first_difference, frames_of, inputs, spikes_of

import planaria

SINABS = os.environ.get("PLN_SINABS_PYTHON", "")
SIDE = Path(__file__).parent / "sinabs_side.py"
X = inputs(10)


def two_dense(scale, bias=0.5):
    torch.manual_seed(0)
    layers = torch.nn.Linear(10, 8), torch.nn.Linear(8, 5)
    for layer in layers:
        layer.weight.data.abs_().mul_(scale)
        layer.bias.data.mul_(bias)
    return layers


# ---- files of others, read by Planaria -------------------------------------------------------------


def of_snntorch(mechanism, delay):
    import snntorch as snn
    from snntorch.export_nir import export_to_nir
    a, b = two_dense(2)
    n = [snn.Leaky(beta=torch.full((k,), 0.5), threshold=torch.ones(k), init_hidden=True, reset_mechanism=mechanism, reset_delay=delay,
                   output=k == 5) for k in (8, 5)]
    net = torch.nn.Sequential(a, n[0], b, n[1])
    spikes = np.array([net(torch.tensor(X[t:t + 1]))[0].numpy()[0] for t in range(STEPS)])
    for neuron in n:
        neuron.reset_mem()
    return export_to_nir(net, torch.zeros(1, 10), ignore_dims=[0]), spikes


def of_spikingjelly(kind):
    from spikingjelly.activation_based import functional, neuron, nir_exchange
    a, b = two_dense(3 if kind == "decay" else 1)
    n = [neuron.IFNode(step_mode="m") if kind == "if" else neuron.LIFNode(tau=2.0, decay_input=kind == "decay", step_mode="m") for _ in range(2)]
    net = torch.nn.Sequential(a, n[0], b, n[1])
    spikes = net(torch.tensor(X[:, None]))[:, 0].numpy()
    functional.reset_net(net)
    return nir_exchange.export_to_nir(net, torch.zeros(STEPS, 1, 10)), spikes


def of_norse(kind):
    import norse.torch as norse
    from norse.torch.utils.export_nir import to_nir
    a, b = two_dense(10 if kind == "lif" else 1)
    n = [norse.LIFBoxCell() if kind == "lif" else norse.IAFCell() for _ in range(2)]
    net, state, spikes = norse.SequentialState(a, n[0], b, n[1]), None, []
    for t in range(STEPS):
        out, state = net(torch.tensor(X[t:t + 1]), state)
        spikes.append(out.numpy()[0])
    return to_nir(net, torch.zeros(1, 10)), np.array(spikes)


def of_rockpool(most):
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFNeuronTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir
    n = [LIFNeuronTorch((k,), max_spikes_per_dt=torch.tensor(most)) for k in (8, 5)]
    net = Sequential(LinearTorch((10, 8), has_bias=True), n[0], LinearTorch((8, 5), has_bias=True), n[1])
    for layer, mine in zip((net[0], net[2]), two_dense(1.5, 0.2)):
        layer.weight.data, layer.bias.data = mine.weight.data.T.clone(), mine.bias.data.clone()
    spikes = net(torch.tensor(X[None]))[0][0].numpy()
    net.reset_state()
    return to_nir(net, torch.zeros(1, 1, 10)), spikes


def of_sinabs(kind, folder):
    if not SINABS:
        pytest.skip("PLN_SINABS_PYTHON names no Python with sinabs")
    np.save(folder / "x.npy", X)
    subprocess.run([SINABS, SIDE, "write", kind, folder / "x.npy", folder / "s.nir", folder / "s.npy"], check=True)
    return str(folder / "s.nir"), np.load(folder / "s.npy")


READ = [
    # framework, what it is built with, arguments of from_nir, first step that differs
    (of_snntorch, ("subtract", True), {"source": "snntorch"}, None),
    (of_snntorch, ("subtract", True), {}, 2),
    (of_snntorch, ("subtract", False), {"source": "snntorch", "reset": "soft"}, 7),
    (of_snntorch, ("zero", True), {"source": "snntorch", "reset": "hard"}, None),
    (of_snntorch, ("zero", False), {"source": "snntorch", "reset": "hard"}, None),
    (of_spikingjelly, ("decay",), {"source": "spikingjelly"}, None),
    (of_spikingjelly, ("no decay",), {"source": "spikingjelly"}, None),
    (of_spikingjelly, ("if",), {"source": "spikingjelly"}, None),
    (of_norse, ("lif",), {}, None),
    (of_norse, ("if",), {"source": "norse"}, None),
    (of_rockpool, (1.0,), {}, None),
    (of_rockpool, (2.0 ** 16,), {}, 1),
    (of_sinabs, ("lif",), {}, None),
    (of_sinabs, ("lif-no-norm",), {"decay_input": False}, None),
    (of_sinabs, ("iaf-single",), {"source": "sinabs"}, None),
    (of_sinabs, ("iaf",), {"source": "sinabs"}, 5),
]


@pytest.mark.parametrize("build, of, how, differs", READ, ids=lambda v: getattr(v, "__name__", str(v)))
def test_files_of_others(build, of, how, differs, tmp_path):
    with torch.no_grad():
        graph, spikes = build(*of, tmp_path) if build is of_sinabs else build(*of)
    if not isinstance(graph, str):
        nir.write(tmp_path / "theirs.nir", graph, compression=None)
        graph = tmp_path / "theirs.nir"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = spikes_of(graph, X, **how)
    assert 5 < spikes.sum() < spikes.size * 2
    assert first_difference(spikes, ours) == differs


# ---- graphs of Planaria, read by others --------------------------------------------------------------


def in_snntorch(graph, x):
    from snntorch.import_nir import import_from_nir
    net = import_from_nir(graph)
    state, spikes = None, []
    for t in range(len(x)):
        out, state = net(torch.tensor(x[t:t + 1]), state)
        spikes.append(out.numpy()[0])
    return np.array(spikes)


def in_spikingjelly(graph, x):
    from spikingjelly.activation_based import functional, nir_exchange
    net = nir_exchange.import_from_nir(graph)
    functional.set_step_mode(net, "s")
    state, spikes = None, []
    for t in range(len(x)):
        given = net(torch.tensor(x[t:t + 1]), state)
        out, state = given if isinstance(given, tuple) else (given, None)
        spikes.append(out.numpy()[0])
    return np.array(spikes)


def in_norse(graph, x):
    from norse.torch.utils.import_nir import from_nir
    net, state, spikes = from_nir(graph, dt=1e-4), None, []
    for t in range(len(x)):
        out, state = net(torch.tensor(x[t:t + 1]), state)
        spikes.append(out.numpy()[0])
    return np.array(spikes)


def in_rockpool(graph, x):
    from rockpool.nn.modules.torch.nir import from_nir
    return from_nir(graph)(torch.tensor(x[None]))[0][0].numpy()


def in_sinabs(graph, x, folder):
    nir.write(folder / "g.nir", graph)
    np.save(folder / "x.npy", x)
    subprocess.run([SINABS, SIDE, "read", folder / "g.nir", folder / "x.npy", folder / "s.npy"], check=True, capture_output=True)
    return np.load(folder / "s.npy")


def network(kind):
    """A network of ours, by a graph, and the input for it."""
    rng = np.random.default_rng(1)
    steps = {"steps": STEPS, "source": "nir", "strict": False}
    full = {key: None for key in ("v_threshold", "v_reset", "r", "tau", "v_leak")}

    def lif(shape, still=False, decay=True):
        values = {"v_threshold": 1, "v_reset": 0, "r": 1 if decay else 2, "tau": 2e-4, "v_leak": 0}
        if still:
            return nir.IF(r=np.full(shape, 1e4, np.float32), v_threshold=np.ones(shape, np.float32), v_reset=np.zeros(shape, np.float32))
        return nir.LIF(**{key: np.full(shape, values[key], np.float32) for key in full})

    def affine(a, b, scale):
        return nir.Affine(weight=(rng.normal(0.15, 0.4, (b, a)) * scale).astype(np.float32), bias=rng.normal(0, 0.05, b).astype(np.float32))

    if kind in ("lif", "no decay", "if"):
        scale = {"lif": 2, "no decay": 1, "if": 0.5}[kind]
        n = [lif((k,), kind == "if", kind == "lif") for k in (8, 5)]
        graph = nir.NIRGraph.from_list(affine(10, 8, scale), n[0], affine(8, 5, scale), n[1])
        return planaria.from_nir(graph, **steps), X
    if kind == "residual":
        nodes = {"input": nir.Input({"input": np.array([10])}), "a": affine(10, 8, 2), "n": lif((8,)), "b": affine(8, 8, 2), "m": lif((8,)),
                 "c": affine(8, 5, 2), "o": lif((5,)), "output": nir.Output({"output": np.array([5])})}
        edges = [("input", "a"), ("a", "n"), ("n", "b"), ("b", "m"), ("n", "m"), ("m", "c"), ("c", "o"), ("o", "output")]
        return planaria.from_nir(nir.NIRGraph(nodes, edges), **steps), X
    conv = nir.Conv2d(input_shape=(6, 6), weight=rng.normal(0.15, 0.5, (3, 1, 3, 3)).astype(np.float32), stride=1, padding=1, dilation=1, groups=1,
                      bias=np.zeros(3, np.float32))
    graph = nir.NIRGraph.from_list(nir.Input({"input": np.array([1, 6, 6])}), conv, lif((3, 6, 6)),
                                   nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
                                   nir.Flatten({"input": np.array([3, 3, 3])}, 0, -1), affine(27, 5, 0.7), lif((5,)))
    return planaria.from_nir(graph, **steps), inputs(1, 6, 6)


EQUAL, FAILS = None, "fails"
WRITTEN = [
    # network, portable, the first step that differs in snntorch, spikingjelly, norse, rockpool, sinabs
    ("lif", False, EQUAL, EQUAL, EQUAL, FAILS, FAILS),
    ("lif", True, EQUAL, EQUAL, EQUAL, FAILS, FAILS),
    ("no decay", False, EQUAL, EQUAL, 2, FAILS, FAILS),
    ("no decay", True, EQUAL, EQUAL, EQUAL, FAILS, FAILS),
    ("if", False, FAILS, EQUAL, EQUAL, FAILS, FAILS),
    ("if", True, EQUAL, EQUAL, EQUAL, FAILS, FAILS),
    ("residual", True, EQUAL, EQUAL, EQUAL, FAILS, FAILS),
    ("images", False, FAILS, EQUAL, FAILS, FAILS, FAILS),
    ("images", True, EQUAL, EQUAL, EQUAL, FAILS, FAILS),
]
READERS = (in_snntorch, in_spikingjelly, in_norse, in_rockpool, in_sinabs)


@pytest.mark.parametrize("kind, portable, reader, differs", [(kind, portable, reader, found) for kind, portable, *all_ in WRITTEN
                                                            for reader, found in zip(READERS, all_)],
                         ids=lambda v: getattr(v, "__name__", str(v)))
def test_graphs_of_ours(kind, portable, reader, differs, tmp_path):
    if reader is in_sinabs and not SINABS:
        pytest.skip("PLN_SINABS_PYTHON names no Python with sinabs")
    model, x = network(kind)
    graph = planaria.to_nir(model, tmp_path / "ours.nir", portable=portable)
    ours = spikes_of(graph, x)
    assert np.allclose(ours.mean(axis=0), model.forward(frames_of(x))[0], atol=1e-6)
    count = int(ours.sum())
    assert 5 < count < 90
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = first_difference(reader(nir.read(tmp_path / "ours.nir"), x, *[tmp_path] * (reader is in_sinabs)), ours)
        except Exception as error:
            print(error)
            found = FAILS
    assert found == differs
