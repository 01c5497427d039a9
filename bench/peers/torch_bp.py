"""PyTorch peer: unsupervised back-propagation with the self-defined target.

The same algorithm and settings as docs/theory.md, written the way a careful
PyTorch user would: data preloaded as one tensor, no data-loader workers, no logging in the
loop. One JSON line per epoch; "train_seconds" is the training loop alone.

    python3 torch_bp.py --data DIR --layers 784-2000 --epochs 2 --seed 0

--by-hand: without autograd, gradients written out and added into the weights by one matrix product
each: the fastest that we could make dense PyTorch (1.3 to 2 times the plain form; compiling the
element-wise part gained nothing).
"""
import argparse, json, time
import torch, torch.nn as nn
import idx, readout

PRESET = {"784-2000": dict(lr=[8.0], gamma=0.4, k=6, drop=[0.3, 0.2]),
          "784-2000-2000": dict(lr=[2.5, 5.0], gamma=0.5, k=5, drop=[0.3, 0.2, 0.2])}


def step_by_hand(net, xb, mask, winners, drop, lr):
    """One SGD step; the layers' own weights, no autograd, no gradient buffers."""
    lin = [m for m in net if isinstance(m, nn.Linear)]
    inputs, keeps = [], []
    h = xb
    for i, m in enumerate(lin):
        scale = (torch.rand(h.shape) >= drop[i]).float().mul_(1 / (1 - drop[i]))
        if i:
            scale *= h > 0
        h = h * scale
        inputs.append(h); keeps.append(scale)
        h = torch.addmm(m.bias, h, m.weight.t())
    out = h.clamp(0, 1) * mask
    delta = (out - winners(out)) * mask * ((h >= 0) & (h <= 1))
    for i in reversed(range(len(lin))):
        below = (delta @ lin[i].weight) * keeps[i] if i else None
        step = -2 * lr[i] / mask.numel()
        lin[i].weight.addmm_(delta.t(), inputs[i], alpha=step)
        lin[i].bias.add_(delta.sum(0), alpha=step)
        delta = below


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True)
    p.add_argument("--layers", default="784-2000", choices=PRESET)
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--total-epochs", type=int, default=200, help="length of the linear schedule")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--limit", type=int, default=0, help="use only the first N training samples")
    p.add_argument("--no-eval", action="store_true")
    p.add_argument("--by-hand", action="store_true")
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    cfg, size = PRESET[a.layers], [int(n) for n in a.layers.split("-")]
    x, y, xe, ye = idx.load(a.data)
    if a.limit:
        x, y = x[:a.limit], y[:a.limit]

    parts, groups = [], []
    for i in range(len(size) - 1):
        lin = nn.Linear(size[i], size[i + 1])
        nn.init.xavier_uniform_(lin.weight, gain=0.5)
        nn.init.zeros_(lin.bias)
        if i:
            parts.append(nn.ReLU())
        parts += [nn.Dropout(cfg["drop"][i]), lin]
        groups.append(dict(params=lin.parameters(), lr=cfg["lr"][i]))
    net = nn.Sequential(*parts, nn.Hardtanh(0.0, 1.0))
    opt = torch.optim.SGD(groups, lr=0.1)
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 5e-4, a.total_epochs)
    opt.step()                                             # nothing to do yet; keeps the scheduler quiet by hand
    keep, k, n_out = 1 - cfg["drop"][-1], cfg["k"], size[-1]

    for epoch in range(a.epochs):
        net.train()
        homeo = torch.zeros(n_out)
        order = torch.randperm(len(x))
        start = time.perf_counter()
        for at in range(0, len(x) - a.batch + 1, a.batch):
            mask = (torch.rand(a.batch, n_out) < keep).float()
            xb = x[order[at:at + a.batch]]

            def winners(out):
                nonlocal homeo
                target = torch.zeros_like(out).scatter_(1, torch.topk(out - homeo, k).indices, 1.0) * mask
                homeo = homeo + cfg["gamma"] * (target.mean(0) - keep * k / n_out)
                return target

            if a.by_hand:
                with torch.no_grad():
                    step_by_hand(net, xb, mask, winners, cfg["drop"], [g["lr"] for g in opt.param_groups])
            else:
                opt.zero_grad(set_to_none=True)
                out = net(xb) * mask
                with torch.no_grad():
                    target = winners(out)
                nn.functional.mse_loss(out, target).backward()
                opt.step()
        seconds = time.perf_counter() - start
        sched.step()
        line = dict(peer="torch " + torch.__version__ + (" by hand" if a.by_hand else ""), rule="bp", layers=a.layers, epoch=epoch + 1,
                    train_seconds=round(seconds, 3), samples_per_second=round(len(x) / seconds, 1))
        if not a.no_eval:
            net.eval()
            with torch.no_grad():
                run = lambda d: torch.cat([net(b) for b in d.split(1000)])
                line["acc_average"], line["acc_max"] = map(lambda v: round(100 * v, 2),
                    readout.direct_association(run(x), y, run(xe), ye))
        print(json.dumps(line), flush=True)


main()
