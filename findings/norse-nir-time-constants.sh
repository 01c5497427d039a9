#!/bin/sh
# norse 1.1.0 writes NIR graphs whose time constants are dt (1e-3) times too small: to_nir takes dt / tau_mem_inv for tau, where
# tau is 1 / tau_mem_inv, and from_nir reads 1 / tau.  A neuron with tau 10 ms goes out as one of 10 us and comes back as that: with the
# step of 1 ms it is no longer stable, and gives other spikes for the same input.
#
# Takes some minutes, most of them for PyTorch; wants python3.11 with venv, and PyPI.
# Ends with 1 if what is seen here changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3.11 -m venv packages
packages/bin/pip install -q nir==1.0.8 nirtorch==2.6 norse==1.1.0 torch==2.13.0 2>&1 | grep -v WARNING || true
cat > there_and_back.py <<'END'
import nir
import norse.torch as norse
import torch
from norse.torch.utils.export_nir import to_nir
from norse.torch.utils.import_nir import from_nir

torch.manual_seed(0)
net = norse.SequentialState(torch.nn.Linear(4, 3), norse.LIFBoxCell())
net[0].weight.data.abs_().mul_(20)
graph = to_nir(net, torch.zeros(1, 4), dt=0.001)
lif = next(node for node in graph.nodes.values() if isinstance(node, nir.LIF))
back = from_nir(graph, dt=0.001)


def spikes(network):
    state, count = None, 0
    for step in range(20):
        out, state = network(torch.ones(1, 4), state)
        count += int(out.sum())
    return count


print(f"tau is {1 / net[1].p.tau_mem_inv.item():g} s, in the graph {float(lif.tau):g} s")
print(f"{spikes(net)} spikes before, {spikes(back)} after")
END
packages/bin/python -W ignore there_and_back.py 2> /dev/null | tee seen
grep -qx 'tau is 0.01 s, in the graph 1e-05 s' seen
before=$(sed -n 's/ spikes before.*//p' seen)
after=$(sed -n 's/.*before, \(.*\) after/\1/p' seen)
[ "$before" -ne "$after" ]
