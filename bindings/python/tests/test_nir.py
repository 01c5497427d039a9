"""NIR: graphs give the spikes of NIR's equations, round trips keep weights to the bit, and what cannot be said is refused by name."""

import json
import warnings

import numpy as np
import pytest

import planaria

nir = pytest.importorskip("nir")
STEPS = 20
IMAGES = np.random.default_rng(0).integers(0, 255, (12, 6, 6)).astype(np.uint8)
LABELS = np.arange(12) % 4


def trained(network, **spiking):
    """A network with weights large enough to fire."""
    config = {"network": network, "spiking": {"steps": 4, "threshold": 0.1, **spiking},
              "train": {"target": "labels", "loss": "cross_entropy", "optimiser": "sgd", "epochs": 1, "batch": 4, "rate": [0.01]}}
    model = planaria.train(config, IMAGES, LABELS)
    graph = planaria.to_nir(model, lossy=True)
    for node in graph.nodes.values():
        if hasattr(node, "weight"):
            node.weight = np.float32(20) * node.weight
    return model, planaria.from_nir(graph)


def lif(shape, tau=2e-4, r=1.0, threshold=1.0, rest=0.0, leak=None):
    values = {"tau": tau, "r": r, "v_threshold": threshold, "v_reset": rest, "v_leak": rest if leak is None else leak}
    return nir.LIF(**{key: np.broadcast_to(np.float32(value), shape).copy() for key, value in values.items()})


def affine(a, b, scale=1.0):
    rng = np.random.default_rng(a * 100 + b)
    return nir.Affine(weight=(rng.normal(0.3, 0.5, (b, a)) * scale).astype(np.float32), bias=rng.normal(0, 0.1, b).astype(np.float32))


def spikes_of(graph, x, **how):
    """[step][neuron], from networks that run for 1, 2, ... steps."""
    sums = [np.zeros(1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for steps in range(1, len(x) + 1):
            sums.append(planaria.from_nir(graph, steps=steps, **how).forward(x[None, :steps, None, None, :])[0] * steps)
    return np.rint(np.diff([np.broadcast_to(s, sums[-1].shape) for s in sums], axis=0)).astype(int)


def reference(x, layers):
    """NIR's equations by Euler steps of 1e-4 s: v += dt/tau (v_leak - v + r x); above the threshold a spike, and v = v_reset."""
    for dense, neuron in layers:
        v, found = np.float64(neuron.v_reset), []
        for now in x @ dense.weight.T + dense.bias:
            if hasattr(neuron, "tau"):
                v = v + 1e-4 / neuron.tau * (neuron.v_leak - v + neuron.r * now)
            else:
                v = v + (1e-4 * neuron.r if neuron.r[0] > 1 else 1) * now
            found.append(v > neuron.v_threshold)
            v = np.where(found[-1], neuron.v_reset, v)
        x = np.float32(found)
    return x.astype(int)


def ifs(n, r):
    return nir.IF(r=np.full(n, r, np.float32), v_threshold=np.ones(n, np.float32), v_reset=np.zeros(n, np.float32))


@pytest.mark.parametrize("scale, neurons", [(4, lambda n: lif(n)), (2, lambda n: lif(n, r=2)), (5, lambda n: lif(n, r=0.7)),
                                            (3, lambda n: lif(n, rest=0.25)), (1, lambda n: ifs(n, 1)), (1, lambda n: ifs(n, 1e4))])
def test_spikes_are_those_of_the_equations(scale, neurons):
    x = (np.random.default_rng(3).random((STEPS, 10)) < 0.4).astype(np.float32)
    layers = [(affine(10, 8, scale), neurons(8)), (affine(8, 5, scale), neurons(5))]
    graph = nir.NIRGraph.from_list([node for layer in layers for node in layer])
    ours, theirs = spikes_of(graph, x), reference(x, layers)
    assert 5 < theirs.sum() < 95 and np.array_equal(ours, theirs)


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("network, spiking", [
    ("4C3-AP2-FC8", {"votes": 2}), ("4C3-4R3-GAP-FC4", {"norm": "joint"}), ("4C3-4P3-AP3-FC4", {"norm": "step", "decay_input": False, "tau": 2}),
    ("FC9-FC4", {"output_spikes": True, "strict": True}), ("4C3/2-DO20-FC4", {"surrogate": "triangle"})])
def test_round_trips_keep_weights_and_answers(tmp_path, network, spiking, portable):
    _, model = trained(network, **spiking)
    graph = planaria.to_nir(model, tmp_path / "x.nir", portable=portable)
    back = planaria.from_nir(tmp_path / "x.nir")
    again = planaria.to_nir(back, portable=portable)
    assert any(layer["firing_rate"] > 0.05 for layer in model.activity(IMAGES) if layer["kind"] == "lif")
    assert np.allclose(model.forward(IMAGES), back.forward(IMAGES), atol=1e-5)
    ours, theirs = ([node for node in g.nodes.values() if hasattr(node, "weight")] for g in (graph, again))
    assert all(np.array_equal(a.weight, b.weight) and np.array_equal(a.bias, b.bias) for a, b in zip(ours, theirs, strict=True))
    if not portable:
        ours, theirs = ([v for v in m.parameters().values() if v.ndim > 1] for m in (model, back))
        assert all(np.array_equal(a, b.reshape(a.shape)) for a, b in zip(ours, theirs)) and back.predict(IMAGES).dtype == model.predict(IMAGES).dtype


def test_norms_are_put_into_weights():
    model, _ = trained("4C3-4R3-GAP-FC4", norm="joint")
    graph = planaria.to_nir(model)
    assert json.loads(graph.metadata["planaria"])["norm_folded"]
    assert np.allclose(planaria.from_nir(graph).forward(IMAGES), model.forward(IMAGES), atol=1e-5)
    assert {type(node).__name__ for node in graph.nodes.values()} == {"Input", "Conv2d", "LIF", "SumPool2d", "Flatten", "Affine", "Output"}


def test_metadata_say_what_the_graph_cannot():
    model, back = trained("4C3-AP2-FC8", votes=2, tau=3, surrogate="sigmoid", sharpness=5, strict=True)
    graph = planaria.to_nir(model, dt=1e-3)
    about = json.loads(graph.metadata["planaria"])
    neuron = about["neurons"]["lif1"]
    assert (about["dt"], about["steps"], about["votes"], about["readout"], about["threshold_rule"]) == (1e-3, 4, 2, "mean", ">")
    assert (neuron["tau"], neuron["reset"], neuron["surrogate"], neuron["sharpness"]) == (3, "hard", "sigmoid", 5)
    assert graph.nodes["lif1"].tau[0, 0, 0] == np.float32(3e-3) and list(back.classes) == [0, 1, 2, 3]
    assert '"surrogate": "sigmoid"' in json.dumps(planaria._network.metadata_of(planaria.from_nir(graph)._content))


@pytest.mark.parametrize("network, spiking, sentence", [
    ("4C3-MP2-FC4", {}, "layer 2 .pool.: NIR has no node for maxima"), ("FC9-FC4", {"reset": "soft"}, "layer 1 .lif.: its reset is soft")])
def test_what_cannot_be_said_is_refused(network, spiking, sentence):
    with pytest.raises(planaria.ArgumentError, match=sentence):
        config = {"network": network, "spiking": {"steps": 4, **spiking},
                  "train": {"target": "labels", "loss": "cross_entropy", "optimiser": "sgd", "epochs": 1, "batch": 4, "rate": [0.01]}}
        planaria.to_nir(planaria.train(config, IMAGES, LABELS))


def test_others_are_refused(digits, quick):
    with pytest.raises(planaria.ArgumentError, match="NIR has no node for hardsigm"):
        planaria.to_nir(planaria.train("unsup-bp-1layer", *digits, set=quick))


def test_a_lossy_reset_is_warned_of():
    config = {"network": "FC9-FC4", "spiking": {"steps": 4, "reset": "soft"},
              "train": {"target": "labels", "loss": "cross_entropy", "optimiser": "sgd", "epochs": 1, "batch": 4, "rate": [0.01]}}
    model = planaria.train(config, IMAGES, LABELS)
    with pytest.warns(planaria.ConversionWarning, match="soft reset is written as a hard one"):
        graph = planaria.to_nir(model, lossy=True)
    assert np.array_equal(planaria.from_nir(graph).forward(IMAGES), model.forward(IMAGES))


def conv(**changes):
    keys = {"input_shape": (6, 6), "weight": np.ones((2, 1, 3, 3), np.float32), "stride": 1, "padding": 0, "dilation": 1, "groups": 1,
            "bias": np.zeros(2, np.float32), **changes}
    return nir.Conv2d(**keys)


def cuba():
    return nir.CubaLIF(**{key: np.ones(5, np.float32) for key in ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "w_in")})


@pytest.mark.parametrize("nodes, sentence", [
    ([affine(10, 5), cuba()], "cubalif is a CubaLIF"), ([affine(10, 5), lif(5, leak=0.5)], "lif: v_leak is 0.5, v_reset 0"),
    ([affine(10, 5), lif(5, tau=[2e-4, 2e-4, 3e-4, 2e-4, 2e-4])], "lif: tau is from 0.0002 to 0.0003"),
    ([affine(10, 5), lif(5, tau=1e-4)], "lif: tau is 1 time steps"), ([affine(10, 5), lif(5, threshold=np.nan)], "v_threshold is not a number"),
    ([affine(10, 5), nir.Threshold(np.ones(5))], "is a Threshold"), ([affine(10, 5), nir.Scale(np.arange(5.0))], "multiplies by numbers from 0 to 4"),
    ([conv(groups=2)], "groups 2"), ([conv(dilation=2)], "dilation 2"), ([conv(stride=(1, 2))], "stride of 1 x 2"),
    ([conv(weight=np.ones((2, 1, 3, 2), np.float32))], "kernel of 3 x 2")])
def test_graphs_that_planaria_cannot_say(nodes, sentence):
    graph = nir.NIRGraph.from_list(nodes) if "groups" not in sentence and "kernel" not in sentence else None
    if graph is None:
        names = {"input": nir.Input({"input": np.array([1, 6, 6])}), "conv": nodes[0], "output": nir.Output({"output": np.array([2, 4, 4])})}
        graph = nir.NIRGraph(names, [("input", "conv"), ("conv", "output")], type_check=False)
    with pytest.raises(planaria.FormatError, match=sentence):
        planaria.from_nir(graph, steps=2, source="nir")


def test_circles_files_and_arguments(tmp_path):
    names = {"input": nir.Input({"input": np.array([5])}), "a": affine(5, 5), "n": lif(5), "output": nir.Output({"output": np.array([5])})}
    edges = [("input", "a"), ("a", "n"), ("n", "a"), ("n", "output")]
    with pytest.raises(planaria.FormatError, match="a reads, round a circle, what it gives"):
        planaria.from_nir(nir.NIRGraph(names, edges), steps=2)
    graph = nir.NIRGraph(names, [edge for edge in edges if edge != ("n", "a")])
    with pytest.raises(planaria.ArgumentError, match="steps is missing"):
        planaria.from_nir(graph)
    with pytest.raises(planaria.ArgumentError, match="source is 'brian'"):
        planaria.from_nir(graph, steps=2, source="brian")
    with pytest.raises(FileNotFoundError):
        planaria.from_nir(tmp_path / "nothing.nir", steps=2)
    (tmp_path / "broken.nir").write_bytes(b"no HDF5")
    with pytest.raises(planaria.FormatError, match="broken.nir: this is no file of NIR"):
        planaria.from_nir(tmp_path / "broken.nir", steps=2)
    assert planaria.from_nir(graph, steps=3, classes=list("abcde")).classes[1] == "b"


@pytest.mark.parametrize("source, tau, r, becomes", [
    ("sinabs", 4.0, 1.0, {"tau": 1 / (1 - np.exp(-0.25)), "decay_input": True, "reset": "soft", "strict": False}),
    ("norse", 1e-5, 1.0, {"tau": 10, "decay_input": True, "reset": "hard", "strict": True}),
    ("rockpool", 0.02, 20 * np.exp(-0.05), {"tau": 1 / (1 - np.exp(-0.05)), "decay_input": False, "reset": "soft", "strict": False})])
def test_conventions_are_recognised(source, tau, r, becomes):
    graph = nir.NIRGraph.from_list(affine(10, 5), lif(5, tau=tau, r=r))
    with pytest.warns(planaria.ConversionWarning, match=f"read as a file of {source}, since "):
        model = planaria.from_nir(graph, steps=2)
    layers = planaria._network.metadata_of(model._content)["planaria.network"]["layers"]
    assert {key: layers[1]["lif"][key] for key in becomes} == {**becomes, "tau": pytest.approx(becomes["tau"], rel=1e-5)}


def test_r_that_is_tau_is_warned_of():
    graph = nir.NIRGraph.from_list(affine(10, 5), lif(5, r=2))
    with pytest.warns(planaria.ConversionWarning, match="as snnTorch writes it"):
        hard = planaria.from_nir(graph, steps=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        delayed = planaria.from_nir(graph, steps=2, source="snntorch")
    resets = [planaria._network.metadata_of(m._content)["planaria.network"]["layers"][1]["lif"]["reset"] for m in (hard, delayed)]
    assert resets == ["hard", "delayed"]


def test_sums_pools_and_graphs_within_graphs():
    rng = np.random.default_rng(5)
    first = nir.Conv2d((6, 6), rng.normal(0, 1, (3, 1, 3, 3)).astype(np.float32), 1, "same", 1, 1, np.zeros(3, np.float32))
    second = nir.Conv2d((6, 6), rng.normal(0, 1, (3, 3, 1, 1)).astype(np.float32), (1, 1), (0, 0), (1, 1), 1, np.ones(3, np.float32))
    inner = nir.NIRGraph({"in": nir.Input({"input": np.array([3, 6, 6])}), "c": second, "out": nir.Output({"output": np.array([3, 6, 6])})},
                         [("in", "c"), ("c", "out")])
    last = affine(3, 2)
    nodes = {"x": nir.Input({"input": np.array([1, 6, 6])}), "first": first, "inner": inner,
             "pool": nir.SumPool2d(np.array([6, 6]), np.array([6, 6]), np.array([0, 0])), "avg": nir.AvgPool2d(np.array([1, 1]), np.array([1, 1]), np.array([0, 0])),
             "half": nir.Scale(np.float32([0.5])), "flat": nir.Flatten({"input": np.array([3, 1, 1])}, 0, -1), "last": last,
             "y": nir.Output({"output": np.array([2])})}
    edges = [("x", "first"), ("first", "inner"), ("first", "pool"), ("inner", "pool"), ("pool", "avg"), ("avg", "half"), ("half", "flat"), ("flat", "last"),
             ("last", "y")]
    model = planaria.from_nir(nir.NIRGraph(nodes, edges, type_check=False), steps=1)
    x = IMAGES.astype(np.float32) / 255
    maps = np.zeros((12, 3, 6, 6))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    for dy in range(3):
        for dx in range(3):
            maps += first.weight[:, 0, dy, dx][None, :, None, None] * padded[:, None, dy:dy + 6, dx:dx + 6]
    both = maps + np.einsum("oi,niyx->noyx", second.weight[:, :, 0, 0], maps) + 1
    expected = (both.sum(axis=(2, 3)) * 0.5) @ last.weight.T + last.bias
    assert np.allclose(model.forward(x), expected, rtol=1e-4, atol=1e-3)
