"""What sinabs makes of networks and files; it needs a nir older than the others', so an environment of its own.

    python sinabs_side.py write KIND X.npy OUT.nir SPIKES.npy
    python sinabs_side.py read IN.nir X.npy SPIKES.npy
"""

import sys

import nir
import numpy as np
import sinabs.layers as sl
import torch
from sinabs.nir import from_nir, to_nir


def network(kind, steps):
    torch.manual_seed(0)
    a, b = torch.nn.Linear(10, 8), torch.nn.Linear(8, 5)
    for layer in (a, b):
        layer.weight.data.abs_()
        layer.bias.data.mul_(0.3)
    if kind.startswith("iaf"):
        def neurons():
            return sl.IAFSqueeze(batch_size=1, num_timesteps=steps, spike_fn=single if kind == "iaf-single" else sl.iaf.MultiSpike)
    else:
        def neurons():
            return sl.LIFSqueeze(tau_mem=4.0, batch_size=1, num_timesteps=steps, norm_input=kind != "lif-no-norm", spike_fn=single)
        for layer in (a, b):
            layer.weight.data.mul_(4 if kind == "lif" else 1)
    return torch.nn.Sequential(a, neurons(), b, neurons())


from sinabs.activation import SingleSpike as single  # noqa: E402

way, *rest = sys.argv[1:]
x = np.load(rest[1])
with torch.no_grad():
    if way == "write":
        net = network(rest[0], len(x))
        spikes = net(torch.tensor(x)).numpy()
        nir.write(rest[2], to_nir(net, torch.tensor(x)))
        np.save(rest[3], spikes)
    else:
        net = from_nir(nir.read(rest[0]), batch_size=1, num_timesteps=len(x))
        given = net(torch.tensor(x))
        np.save(rest[2], (given[0] if isinstance(given, tuple) else given).numpy())
