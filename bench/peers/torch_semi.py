"""PyTorch peer: semi-supervised 784-5000-10 by back-propagation (theory 5.3), one JSON line per epoch.

Pre-training on the labelled samples, then per epoch an unlabelled pass with the self-defined target
and a labelled pass, each with its own Adam. Data preloaded, fused optimiser, no logging in the loop.

    python3 torch_semi.py --data DIR --labels 100 --epochs 1
"""
import argparse, json, time
import torch, torch.nn as nn
import idx

PRESET = {100: (0.0006, 0.0044, 0.1), 300: (0.0005, 0.004, 0.1), 600: (0.0001, 0.0025, 0.003),
          1000: (0.00024, 0.0032, 0.001), 3000: (0.0006, 0.0008, 0.0)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True)
    p.add_argument("--labels", type=int, default=100, choices=PRESET)
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--total-epochs", type=int, default=400)
    p.add_argument("--pre-epochs", type=int, default=200)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--limit", type=int, default=0, help="use only the first N training samples")
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    x, y, xe, ye = idx.load(a.data)
    if a.limit:
        x, y = x[:a.limit], y[:a.limit]
    lr0, lr1, gamma = PRESET[a.labels]

    labelled = torch.zeros(len(x), dtype=torch.bool)       # equal numbers a class, as near as 100/10
    for c in range(10):
        own = torch.nonzero(y == c).flatten()
        labelled[own[torch.randperm(len(own))[:a.labels // 10]]] = True
    xl, yl, xu = x[labelled], y[labelled], x[~labelled]

    net = nn.Sequential(nn.Dropout(0.3), nn.Linear(784, 5000), nn.ReLU(), nn.Dropout(0.5),
                        nn.Linear(5000, 10), nn.Sigmoid())
    for m in net:
        if isinstance(m, nn.Linear):
            nn.init.xavier_uniform_(m.weight, gain=0.5); nn.init.zeros_(m.bias)

    def adam(r0, r1):
        return torch.optim.Adam([dict(params=net[1].parameters(), lr=r0),
                                 dict(params=net[4].parameters(), lr=r1)], fused=True)

    def step(opt, xb, target):
        opt.zero_grad(set_to_none=True)
        out = net(xb)
        nn.functional.cross_entropy(out, target(out)).backward()
        opt.step()

    def supervised(opt):
        net.train()
        order = torch.randperm(len(xl))
        for b in order.split(32):
            step(opt, xl[b], lambda out: yl[b])

    def test():
        net.eval()
        with torch.no_grad():
            return 100 * (torch.cat([net(b) for b in xe.split(1000)]).argmax(1) == ye).float().mean().item()

    pre = adam(0.001, 0.003)
    decay = torch.optim.lr_scheduler.ExponentialLR(pre, 0.98)
    for _ in range(a.pre_epochs):
        supervised(pre)
        decay.step()
    start_acc = test()

    opt_u, opt_l = adam(lr0, lr1), adam(lr0, lr1)
    sched_u = torch.optim.lr_scheduler.LinearLR(opt_u, 0.001, 0.18, a.total_epochs)
    sched_l = torch.optim.lr_scheduler.LinearLR(opt_l, 0.72, 0.05, max(1, a.total_epochs - 50))
    for epoch in range(a.epochs):
        homeo = torch.zeros(10)

        def winner(out):
            nonlocal homeo
            with torch.no_grad():
                d = nn.functional.one_hot((out - homeo).argmax(1), 10).float()
                homeo = homeo + gamma * (d.mean(0) - 0.1)
            return d

        start = time.perf_counter()
        net.train()
        for b in torch.randperm(len(xu)).split(256):
            step(opt_u, xu[b], winner)
        sched_u.step()
        supervised(opt_l)
        sched_l.step()
        seconds = time.perf_counter() - start
        print(json.dumps(dict(peer="torch " + torch.__version__, rule="semi-bp", labels=a.labels, epoch=epoch + 1,
                              train_seconds=round(seconds, 3), samples_per_second=round(len(x) / seconds, 1),
                              acc_pretrained=round(start_acc, 2), acc=round(test(), 2))), flush=True)


main()
