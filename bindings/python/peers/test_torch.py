"""The same weights give the same outputs in PyTorch and SpikingJelly, both ways."""

import numpy as np
import pytest
import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn

import planaria

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.random((32, 8, 8)).astype(np.float32), np.arange(32) % 4
SPIKING = {"train": {"target": "labels", "loss": "cross_entropy", "optimiser": "sgd", "epochs": 2, "batch": 8, "rate": [0.1]}}


def trained(layers, **spiking):
    if isinstance(layers, str):
        return planaria.train({"network": layers, "spiking": {"steps": 4, **spiking}, **SPIKING}, IMAGES, LABELS)
    config = {"layers": layers, "train": {"target": "labels", "loss": "mse", "optimiser": "sgd", "epochs": 2, "batch": 8, "rate": [0.1] * 2}}
    return planaria.train(config, IMAGES, LABELS)


class Block(nn.Module):
    """A residual block, neurons behind the sum."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.sn1 = layer.Conv2d(8, 8, 3, padding=1, bias=False), layer.BatchNorm2d(8), neuron.LIFNode(4 / 3)
        self.conv2, self.bn2, self.sn2 = layer.Conv2d(8, 8, 3, padding=1, bias=False), layer.BatchNorm2d(8), neuron.LIFNode(4 / 3)

    def forward(self, x):
        return self.sn2(self.bn2(self.conv2(self.sn1(self.bn1(self.conv1(x))))) + x)


def spiking(net):
    functional.set_step_mode(net, "m")
    return net, lambda: net(torch.tensor(IMAGES[:, None]).expand(4, -1, -1, -1, -1)).mean(dim=0)


def plain(net):
    return net, lambda: net(torch.tensor(IMAGES[:, None]))


NETS = {
    "mlp": lambda: (trained([{"dropout": 0.2}, {"dense": 20}, {"activation": "relu"}, {"dense": 4}, {"activation": "hardsigm"}]),
                    *plain(nn.Sequential(nn.Flatten(), nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 4), nn.Hardtanh(0, 1)))),
    "cnn": lambda: (trained([{"conv": {"filters": 6, "kernel": 3, "pad": 1}}, {"activation": "relu"}, {"pool": {"kind": "max", "size": 2}}, {"dense": 4},
                             {"activation": "hardsigm"}]),
                    *plain(nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(96, 4), nn.Hardtanh(0, 1)))),
    "spiking": lambda: (trained("8C3-AP2-FC20-FC4"),
                        *spiking(nn.Sequential(layer.Conv2d(1, 8, 3, padding=1), neuron.LIFNode(4 / 3), layer.AvgPool2d(2), layer.Flatten(),
                                               layer.Linear(128, 20), neuron.LIFNode(4 / 3), layer.Linear(20, 4)))),
    "residual": lambda: (trained("8C3-8R3-GAP-FC4", norm="joint", norm_scale=0.5),
                         *spiking(nn.Sequential(layer.Conv2d(1, 8, 3, padding=1, bias=False), layer.BatchNorm2d(8), neuron.LIFNode(4 / 3), Block(),
                                                layer.AvgPool2d(8), layer.Flatten(), layer.Linear(8, 4)))),
}


@pytest.mark.parametrize("name", NETS)
def test_equal_outputs_both_ways(name):
    model, net, run = NETS[name]()
    net.eval()
    ours = model.forward(IMAGES)
    with torch.no_grad():
        net.load_state_dict(planaria.to_torch(model, net))
        assert np.allclose(run().numpy(), ours, atol=1e-5)
        for values in net.parameters():
            values.mul_(1.5)
        functional.reset_net(net)
        theirs = run().numpy()
    back = planaria.from_torch(model, net)
    assert np.allclose(back.forward(IMAGES), theirs, atol=1e-5) and not np.allclose(ours, theirs, atol=1e-5)
    state = net.state_dict()
    assert all(torch.equal(values, state[key]) for key, values in planaria.to_torch(back, net).items() if not key.endswith("num_batches_tracked"))


def test_tensors_are_read_in_place():
    model = trained([{"dense": 20}, {"activation": "relu"}, {"dense": 4}, {"activation": "hardsigm"}])
    X = torch.tensor(IMAGES)
    assert planaria._core.as_samples(X).ctypes.data == X.data_ptr()
    given = model.forward(X)
    assert torch.from_dlpack(given).data_ptr() == given.ctypes.data
    with pytest.raises(planaria.ShapeError, match="PyTorch has 2 tensors"):
        planaria.to_torch(model, nn.Linear(3, 3))
