"""Weights in the form of a state dict, and DLPack; with PyTorch itself bindings/python/peers/test_torch.py."""

import numpy as np
import pytest

import planaria

CONFIG = {"network": "4C3-AP2-FC4", "spiking": {"steps": 2, "norm": "joint", "norm_scale": 0.5},
          "train": {"target": "labels", "loss": "cross_entropy", "optimiser": "sgd", "epochs": 1, "batch": 8, "rate": [0.1]}}


class Foreign:
    """What offers its memory by DLPack alone, as tensors of other packages do."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __dlpack__(self, **how):
        return self.values.__dlpack__(**how)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def test_samples_and_labels_by_dlpack(digits, floats, quick):
    model = planaria.train("unsup-bp-1layer", Foreign(floats), Foreign(digits[1]), set=quick)
    assert model._content == planaria.train("unsup-bp-1layer", floats, digits[1], set=quick)._content
    assert np.array_equal(model.forward(Foreign(floats)), model.forward(floats))
    assert planaria._core.as_samples(Foreign(floats)).ctypes.data == floats.ctypes.data
    assert np.array_equal(np.from_dlpack(model.forward(floats)), model.forward(floats))


def test_weights_of_another_network_of_the_same_shape(digits):
    X, y = digits[0].reshape(-1, 8, 8)[:64], digits[1][:64] % 4
    ours, other = (planaria.train(CONFIG, X, y, seed=seed) for seed in (1, 2))
    state = {f"layers.{name}": Foreign(values) for name, values in planaria._torch._own(other).items()}
    state["layers.1.num_batches_tracked"] = np.array(3)
    back = planaria.from_torch(ours, state)
    assert np.array_equal(back.forward(X), other.forward(X)) and not np.array_equal(ours.forward(X), other.forward(X))
    assert np.array_equal(back.predict(X), other.predict(X))
    with pytest.raises(planaria.ShapeError, match="PyTorch has 1 tensors, the network 7: 0.weight, 1.weight"):
        planaria.from_torch(ours, {"0.weight": np.zeros((4, 1, 3, 3))})
    with pytest.raises(planaria.ShapeError, match=r"layers.0.weight of PyTorch is \[4\], 0.weight of the network \[4, 1, 3, 3\]"):
        planaria.from_torch(ours, {**state, "layers.0.weight": np.zeros(4)})
    with pytest.raises(planaria.NotFiniteError, match="layers.1.weight of PyTorch"):
        planaria.from_torch(ours, {**state, "layers.1.weight": np.full(4, np.nan)})


def test_associations_belong_to_the_weights_of_before(digits, quick):
    model = planaria.train("unsup-bp-1layer", *digits, set=quick)
    back = planaria.from_torch(model, model.parameters())
    assert np.array_equal(back.forward(digits[0]), model.forward(digits[0])) and len(back.classes) == 0
