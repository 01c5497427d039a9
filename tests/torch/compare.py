#!/usr/bin/env python3
"""One training step of convolutional networks, spiking ones by SpikingJelly: the same loss, gradients, statistics?

    compare.py STEP [NET ...]      STEP: the program torch_step

Weights, images and labels are the same; the network is written as a model file, takes one step of
plain descent in STEP, and comes back, so that gradients are differences of weights over the rate.
A potential within rounding of the threshold may fire in one program and not in the other.  Such
spikes are counted and shown, and PyTorch then goes on with the spikes of the other side; what remains
must agree.  Where neurons are pooled, only the pooled values are known: should these differ, the
next seed is taken.  A network without spikes has none of this and agrees to 1e-5.

Exit 77: PyTorch or SpikingJelly is not there.
"""
import json, os, struct, subprocess, sys, tempfile

try:
    import torch
    from spikingjelly.activation_based import functional, neuron
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

BOUND = 1e-4            # of gradients, relative to the largest of their tensor
WITHOUT_SPIKES = 1e-5
NEAR = 1e-4             # a spike may differ if its potential is that near to the threshold
RATE = 64.0             # weights near 1 round to 6e-8, which counts 1/RATE times in a gradient
LIF = dict(tau=4 / 3, decay_input=True, threshold=1.0, rest=0.0, reset="hard", detach=True, strict=False,
           surrogate="atan", sharpness=2.0)


class Net:
    """Layers as planaria numbers them, each with what PyTorch needs to compute it."""

    def __init__(self, steps, channels, side, norm):        # norm None: no spikes
        self.steps, self.channels, self.side, self.norm = steps, channels, side, norm
        self.layers, self.json, self.shape = [], [], {-1: (channels, side)}

    def last(self):
        return len(self.layers) - 1

    def begin(self, at):
        if at is None or at == self.last():
            return self.last()
        self.json.append({"branch": at})
        return at

    def put(self, layer, channels, side):
        self.layers.append(layer)
        self.shape[self.last()] = (channels, side)
        return self.last()

    def conv(self, filters, kernel, stride=1, at=None, bias=False):
        at = self.begin(at)
        channels, side = self.shape[at]
        pad = kernel // 2
        self.json.append({"conv": filters, "kernel": kernel, "stride": stride, "pad": pad})
        weight = torch.randn(filters, channels, kernel, kernel) * (2 / (channels * kernel * kernel)) ** 0.5
        learns = [weight, 0.1 * torch.randn(filters)] if bias else [weight]
        return self.put(dict(kind="conv", x=at, stride=stride, pad=pad, learns=learns), filters,
                        (side + 2 * pad - kernel) // stride + 1)

    def dense(self, units, bias, gain=1.0):
        channels, side = self.shape[self.last()]
        inputs = channels * side * side
        self.json.append({"dense": units})
        learns = [gain * torch.randn(units, inputs) * (2 / inputs) ** 0.5]
        if bias:
            learns.append(0.1 * torch.randn(units))
        return self.put(dict(kind="dense", x=self.last(), learns=learns), units, 1)

    def cell(self, norm=True, add=None, fires=True, pool=0):
        x = self.last()
        channels, side = self.shape[x]
        layer = dict(kind="cell", x=x, add=add, fires=fires, pool=pool, norm=norm, learns=[], kept=[])
        if norm:
            self.json.append({"norm": self.norm, "scale": 1.0})
            layer["learns"] = [0.8 + 0.4 * torch.rand(channels), 0.4 * torch.rand(channels)]
            layer["kept"] = [0.1 * torch.randn(channels), 0.5 + torch.rand(channels)]
        if add is not None:
            self.json.append({"add": add})
        if fires:
            self.json.append({"lif": LIF})
        if pool:
            self.json.append({"pool": "average", "size": pool})
        return self.put(layer, channels, side // pool if pool else side)

    def units(self, pool=None):
        """relu, and a pool of 4x4 that overlaps"""
        channels, side = self.shape[self.last()]
        self.json.append({"activation": "relu"})
        if pool:
            self.json.append({"pool": pool, "size": 4, "stride": 2, "pad": 1})
        return self.put(dict(kind="units", x=self.last(), pool=pool, learns=[]), channels, side // 2 if pool else side)

    def tensors(self):
        """(name, tensor) of all parameters, learned ones first in each layer."""
        place = 0
        for layer in self.layers:
            for i, t in enumerate(layer["learns"]):
                yield "%d.%s" % (place, ("weight", "bias")[i]), t
            for i, t in enumerate(layer.get("kept", [])):
                yield "%d.%s" % (place, ("running_mean", "running_var")[i]), t
            place += len(layer["learns"]) > 0

    # ---- model files: safetensors, by hand ----

    def write(self, path):
        network = dict(input=self.channels * self.side ** 2, layers=self.json + ([{"readout": "mean", "votes": 1}] if self.norm else []),
                       image=dict(steps=self.steps, channels=self.channels, height=self.side, width=self.side, frames=False))
        header, blob = {"__metadata__": {"planaria.network": json.dumps(network)}}, b""
        for name, t in self.tensors():
            data = t.detach().contiguous().numpy().astype("<f4").tobytes()
            header[name] = dict(dtype="F32", shape=list(t.shape), data_offsets=[len(blob), len(blob) + len(data)])
            blob += data
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + blob)

    def read(self, path):
        data = open(path, "rb").read()
        size = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + size])
        found = {}
        for name, t in self.tensors():
            first, last = header[name]["data_offsets"]
            found[name] = torch.frombuffer(bytearray(data[8 + size + first:8 + size + last]),
                                           dtype=torch.float32).reshape(t.shape)
        return found

    # ---- the same by PyTorch and SpikingJelly ----

    def forward(self, x, spikes):
        """Logits of still images x [N, C, H, W]; spikes: of the other side, for each firing layer."""
        values, self.given, self.flips = {-1: x.expand(self.steps, *x.shape)}, [], []
        for number, layer in enumerate(self.layers):
            y = values[layer["x"]]
            if layer["kind"] == "conv":
                bias = (layer["learns"] + [None])[1]
                y = torch.nn.functional.conv2d(y.flatten(0, 1), layer["learns"][0], bias, layer["stride"], layer["pad"])
                y = y.unflatten(0, (self.steps, -1))
            elif layer["kind"] == "units":
                y = torch.relu(y.flatten(0, 1))
                pool = dict(average=torch.nn.functional.avg_pool2d, max=torch.nn.functional.max_pool2d).get(layer["pool"])
                y = (pool(y, 4, 2, 1) if pool else y).unflatten(0, (self.steps, -1))
            elif layer["kind"] == "dense":
                y = torch.nn.functional.linear(y.flatten(2), *layer["learns"])[..., None, None]
            else:
                y = self.compute_cell(layer, y, values, spikes[len(self.given)] if spikes and layer["fires"] else None)
            values[number] = y
        return values[self.last()].flatten(2).mean(0)

    def compute_cell(self, layer, y, values, theirs):
        if layer["norm"]:
            groups = [y.flatten(0, 1)] if self.norm == "joint" else list(y)
            y = torch.cat([torch.nn.functional.batch_norm(g, *layer["kept"], *layer["learns"], True, 0.1, 1e-5) for g in groups])
            y = y.unflatten(0, (self.steps, -1))
        if layer["add"] is not None:
            y = y + values[layer["add"]]
        if not layer["fires"]:
            return y
        fire = Fire(None if layer["pool"] else theirs, self.flips)
        node = neuron.LIFNode(tau=LIF["tau"], decay_input=True, v_threshold=1.0, v_reset=0.0, detach_reset=True,
                              surrogate_function=fire, step_mode="m")
        y = node(y)
        functional.reset_net(node)
        if layer["pool"]:
            y = torch.nn.functional.avg_pool2d(y.flatten(0, 1), layer["pool"]).unflatten(0, (self.steps, -1))
        self.given.append(y.detach())
        return y


class Fire:
    """The step of SpikingJelly with its ATan surrogate, or given spikes with the same gradient."""

    def __init__(self, theirs, flips):
        self.theirs, self.flips, self.t, self.spiking = theirs, flips, 0, True

    def __call__(self, x):
        ours = (x >= 0).to(x)
        if self.theirs is not None:
            theirs = self.theirs[self.t].reshape(x.shape)
            self.flips += x[theirs != ours].abs().tolist()
            ours = theirs
        self.t += 1
        return Given.apply(x, ours)


class Given(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, spike):
        ctx.save_for_backward(x)
        return spike.clone()

    @staticmethod
    def backward(ctx, grad):
        from spikingjelly.activation_based import surrogate
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            leaf = x.detach().requires_grad_(True)
            surrogate.ATan(alpha=2.0)(leaf).backward(grad)
        return leaf.grad, None


def sv5():
    net = Net(4, 1, 28, "joint")
    net.conv(8, 3), net.cell(pool=2)
    net.conv(16, 3), net.cell()
    net.conv(16, 3), net.cell(pool=2)
    net.dense(256, False), net.cell()
    net.dense(10, True)
    return net, 8


def resnet19():
    net = Net(2, 3, 32, "step")
    net.conv(64, 3)
    at = net.cell()
    for filters, blocks in ((128, 3), (256, 3), (512, 2)):
        for b in range(blocks):
            shortcut, start = at, at
            if b == 0:
                net.conv(filters, 1, 2)
                shortcut = net.cell(fires=False)
            net.conv(filters, 3, 2 if b == 0 else 1, at=start)
            net.cell()
            net.conv(filters, 3)
            at = net.cell(add=shortcut, pool=4 if (filters, b) == (512, 1) else 0)
    net.dense(256, True, 2.0), net.cell(norm=False)
    net.dense(10, True)
    return net, 3


def cnn():
    net = Net(1, 1, 28, None)
    net.conv(32, 5, bias=True), net.units("average")
    net.conv(128, 3, bias=True), net.units("max")
    net.dense(300, True), net.units()
    net.dense(10, True)
    return net, 16


NETS = {"sv5-28": sv5, "resnet-19": resnet19, "cnn": cnn}


def run(name, step, seed, folder):
    """Whether the step agrees; None if pooled spikes differ."""
    torch.manual_seed(seed)
    net, samples = NETS[name]()
    pixels = torch.randint(0, 256, (samples, net.side, net.side, net.channels), dtype=torch.uint8)
    labels = torch.arange(samples, dtype=torch.uint8) % 10
    path = lambda file: os.path.join(folder, file)
    net.write(path("model"))
    open(path("bytes"), "wb").write(pixels.numpy().tobytes())
    open(path("labels"), "wb").write(labels.numpy().tobytes())
    their_loss = float(subprocess.run([step] + [path(f) for f in ("model", "bytes", "labels")] + [str(RATE), path("out"), path("spikes")],
                                      check=True, capture_output=True, text=True).stdout)
    theirs, given = net.read(path("out")), open(path("spikes"), "rb").read()
    blob = torch.frombuffer(bytearray(given), dtype=torch.float32) if given else torch.empty(0)
    spikes, at = [], 0
    for number, layer in enumerate(net.layers):
        if layer["kind"] == "cell" and layer["fires"]:
            channels, side = net.shape[number]
            n = net.steps * samples * channels * side * side
            spikes.append(blob[at:at + n].reshape(net.steps, samples, channels, side, side))
            at += n
    assert at == blob.numel()

    before = {k: t.clone() for k, t in net.tensors()}
    learned = [t.requires_grad_(True) for layer in net.layers for t in layer["learns"]]
    logits = net.forward(pixels.permute(0, 3, 1, 2).float() * (1 / 255), spikes)
    loss = torch.nn.functional.cross_entropy(logits, labels.long())
    loss.backward()
    for ours, other in zip(net.given, spikes):
        if not torch.allclose(ours, other, atol=1e-6):
            print(f"{name}, seed {seed}: {int((ours != other).sum())} pooled values differ")
            return None
    fires = f", firing rate {sum(float(s.mean()) for s in spikes) / len(spikes):.3f}" if spikes else ""
    print(f"{name}, seed {seed}: T {net.steps}, {samples} images, {sum(t.numel() for t in learned)} weights{fires}")
    print(f"  loss {their_loss:.7f} and {loss.item():.7f}")
    if net.flips:
        print(f"  {len(net.flips)} of {blob.numel()} spikes differ; potentials at most {max(net.flips):.1e} from the threshold")
    bound = BOUND if spikes else WITHOUT_SPIKES
    good = abs(their_loss - loss.item()) <= bound * loss.item() and all(f <= NEAR for f in net.flips)
    worst = dict(gradient=(0, ""), statistic=(0, ""))
    for key, t in net.tensors():
        kept = "running" in key
        ours = t if kept else t.grad
        other = theirs[key] if kept else (before[key] - theirs[key]) / RATE
        off = float((ours - other).abs().max() / ours.abs().max().clamp_min(1e-12))
        kind = "statistic" if kept else "gradient"
        worst[kind] = max(worst[kind], (off, key))
        if not off <= bound:
            print(f"  {key}: {off:.1e} of the largest, {float(ours.abs().max()):.3g}")
            good = False
    for kind, (off, key) in worst.items():
        if key:
            print(f"  {kind}s differ by up to {off:.1e} of the largest in their tensor ({key})")
    return good


def main():
    step, names = sys.argv[1], sys.argv[2:] or list(NETS)
    torch.set_num_threads(1)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for seed in range(5):
                result = run(name, step, seed, folder)
                if result is not None:
                    break
            good = good and bool(result)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
