"""PyTorch peer: a convolutional net trained without labels by the self-defined target (docs/theory.md).

conv 5x5 - relu - pool 4x4/2 - conv 3x3 - relu - pool 4x4/2 - dropout - dense, Adam, MSE, one winner; a fixed random
mask on the convolutions. --supervised: with labels instead, maximum pools, two dense layers, cross-entropy, no mask. Written the
way a careful PyTorch user would: data preloaded as one tensor, channels last, Adam fused. One JSON line per epoch;
"samples_per_second" is of the training loop alone.

    python3 torch_cnn.py --data DIR --net mnist --limit 3200
    python3 torch_cnn.py --data DIR --net mnist --supervised --batch 256 --limit 6400
    python3 torch_cnn.py --net svhn --limit 3200          # random images of SVHN's size
"""
import argparse, json, time
import torch, torch.nn as nn, torch.nn.functional as f
import idx

PRESET = {"mnist": dict(c=[1, 32, 128], side=28, out=2000, pool="av", lr=[2e-6, 2e-6, 1e-4], drop=[0.2, 0.3], prune=0.5),
          "fashion": dict(c=[1, 32, 128], side=28, out=3000, pool="max", lr=[5e-7, 2.5e-8, 2.5e-6], drop=[0.2, 0.8], prune=0.5),
          "svhn": dict(c=[3, 32, 128], side=32, out=3000, pool="max", lr=[5.8e-9, 4.4e-9, 1.5e-7], drop=[0.19, 0.25], prune=0.11)}


# With labels: rates of all four layers, dropout in front of each dense layer.
SUPERVISED = {"mnist": dict(lr=[0.06, 0.003, 2e-5, 0.0006], drop=[0.2, 0.6]), "fashion": dict(lr=[0.0002, 0.005, 0.0007, 0.0003], drop=[0.3, 0.3]),
              "svhn": dict(lr=[0.00023, 0.00024, 0.0001, 0.00023], drop=[0.35, 0.35])}


class Net(nn.Module):
    def __init__(self, p, head=False):
        super().__init__()
        c, side = p["c"], p["side"] // 4
        self.conv1, self.conv2 = nn.Conv2d(c[0], c[1], 5, padding=2), nn.Conv2d(c[1], c[2], 3, padding=1)
        self.dense = nn.Linear(c[2] * side * side, p["out"])
        self.pool = (lambda x: f.avg_pool2d(x, 4, 2, 1)) if p["pool"] == "av" else (lambda x: f.max_pool2d(x, 4, 2, 1))
        self.head, self.drop = nn.Linear(p["out"], 10) if head else None, p["drop"]

    def forward(self, x):
        x = self.pool(f.relu(self.conv1(x)))
        x = self.pool(f.relu(self.conv2(x)))
        x = self.dense(f.dropout(x.flatten(1), self.drop[0], self.training))
        return self.head(f.dropout(f.relu(x), self.drop[1], self.training)) if self.head else x


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--data")
    a.add_argument("--net", default="mnist", choices=PRESET)
    a.add_argument("--epochs", type=int, default=1)
    a.add_argument("--batch", type=int, default=16)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--limit", type=int, default=0)
    a.add_argument("--contiguous", action="store_true", help="the other memory layout")
    a.add_argument("--supervised", action="store_true", help="with labels and a second dense layer")
    a = a.parse_args()
    p = dict(PRESET[a.net], **(dict(SUPERVISED[a.net], out=3000, pool="max", prune=0) if a.supervised else {}))
    torch.manual_seed(a.seed); torch.set_num_threads(a.threads); torch.set_flush_denormal(True)
    x = idx.load(a.data)[0].view(-1, 1, p["side"], p["side"]) if a.data else torch.rand(a.limit or 3200, p["c"][0], p["side"], p["side"])
    labels = idx.load(a.data)[1] if a.data else torch.randint(10, (len(x),))
    if a.limit:
        x, labels = x[:a.limit], labels[:a.limit]
    layout = torch.contiguous_format if a.contiguous else torch.channels_last
    net, x = Net(p, a.supervised).to(memory_format=layout), x.contiguous(memory_format=layout)
    masks = []
    for m in (net.conv1, net.conv2) if p["prune"] else ():
        n = m.weight.numel()
        keep = torch.ones(n); keep[torch.randperm(n)[:round(p["prune"] * n)]] = 0
        masks.append(keep.view_as(m.weight).contiguous(memory_format=layout)); m.weight.data *= masks[-1]
    opt = torch.optim.Adam([dict(params=m.parameters(), lr=lr) for m, lr in zip([net.conv1, net.conv2, net.dense] + [net.head] * a.supervised, p["lr"])], fused=True)
    n, keep, gamma = p["out"], 1 - p["drop"][1], 1.0
    for epoch in range(a.epochs):
        net.train(); homeo = torch.zeros(n); order = torch.randperm(len(x)); start = time.perf_counter()
        for at in range(0, len(x), a.batch):
            xb = x[order[at:at + a.batch]]
            opt.zero_grad(set_to_none=True)
            if a.supervised:
                f.cross_entropy(net(xb), labels[order[at:at + a.batch]]).backward()
                opt.step()
                continue
            mask = (torch.rand(len(xb), n) < keep).float()
            out = net(xb) * mask
            with torch.no_grad():
                target = torch.zeros_like(out).scatter_(1, torch.topk(out - homeo, 1).indices, 1.0) * mask
                homeo += gamma * (target.mean(0) - keep / n)
            f.mse_loss(out, target).backward()
            for m, k in zip((net.conv1, net.conv2), masks):
                m.weight.grad *= k
            opt.step()
        seconds = time.perf_counter() - start
        print(json.dumps(dict(peer="torch " + torch.__version__, net=a.net, epoch=epoch + 1, train_seconds=round(seconds, 3),
                              samples_per_second=round(len(x) / seconds, 1))), flush=True)


main()
