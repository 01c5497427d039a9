#!/usr/bin/env python3
"""Writes convolution.json: pools that overlap, and one step of a convolutional network without labels, in float64.

    python3 tests/golden/make_convolution.py            (needs numpy)

Plain loops over every place and tap, from theory 1, 2.3 and 5.  Gradients are compared with central differences before
they are written.
"""
import json
from pathlib import Path

import numpy as np

rng = np.random.default_rng(2)        # one for which the checks below hold


def round12(a):
    return json.loads(json.dumps(np.asarray(a, float).tolist()), parse_float=lambda t: float(f"{float(t):.12g}"))


def convolve(x, w, b, pad):
    """x [c][y][x], w [f][c][ky][kx]"""
    filters, channels, size, _ = w.shape
    height, width = (n + 2 * pad - size + 1 for n in x.shape[1:])
    padded = np.zeros((channels, x.shape[1] + 2 * pad, x.shape[2] + 2 * pad))
    padded[:, pad:pad + x.shape[1], pad:pad + x.shape[2]] = x
    y = np.zeros((filters, height, width))
    for f in range(filters):
        for i in range(height):
            for j in range(width):
                y[f, i, j] = b[f] + np.sum(w[f] * padded[:, i:i + size, j:j + size])
    return y


def convolve_back(x, w, dy, pad):
    size = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for f, i, j in np.ndindex(dy.shape):
        for c in range(x.shape[0]):
            for ky in range(size):
                for kx in range(size):
                    y, z = i + ky - pad, j + kx - pad
                    if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
                        dw[f, c, ky, kx] += dy[f, i, j] * x[c, y, z]
                        dx[c, y, z] += dy[f, i, j] * w[f, c, ky, kx]
    return dx, dw, dy.sum((1, 2))


def places(x, size, stride, pad):
    """Each place of a pool with the places of x that it sees."""
    for i in range((x.shape[1] + 2 * pad - size) // stride + 1):
        for j in range((x.shape[2] + 2 * pad - size) // stride + 1):
            yield i, j, [(y, z) for y in range(i * stride - pad, i * stride - pad + size) if 0 <= y < x.shape[1]
                         for z in range(j * stride - pad, j * stride - pad + size) if 0 <= z < x.shape[2]]


def pool(x, kind, size, stride, pad):
    y = np.zeros((x.shape[0], (x.shape[1] + 2 * pad - size) // stride + 1, (x.shape[2] + 2 * pad - size) // stride + 1))
    for c in range(x.shape[0]):
        for i, j, seen in places(x, size, stride, pad):
            values = [x[c, a, b] for a, b in seen]
            y[c, i, j] = max(values) if kind == "max" else sum(values) / size ** 2
    return y


def pool_back(x, dy, kind, size, stride, pad):
    dx = np.zeros_like(x)
    for c in range(x.shape[0]):
        for i, j, seen in places(x, size, stride, pad):
            if kind == "max":
                dx[(c, *max(seen, key=lambda at: x[(c, *at)]))] += dy[c, i, j]
            else:
                for at in seen:
                    dx[(c, *at)] += dy[c, i, j] / size ** 2
    return dx


POOLS = [("average", 4, 2, 1), ("max", 4, 2, 1), ("max", 3, 2, 1), ("average", 3, 1, 1), ("max", 2, 2, 0)]


def pools():
    x = rng.permutation(np.arange(2 * 7 * 6)).reshape(2, 7, 6) / 32 - 1
    out = {"x": round12(x), "cases": []}
    for case in POOLS:
        y = pool(x, *case)
        dy = rng.integers(-8, 9, y.shape) / 8
        out["cases"].append({"kind": case[0], "size": case[1], "stride": case[2], "pad": case[3], "y": round12(y),
                             "dy": round12(dy), "dx": round12(pool_back(x, dy, *case))})
    return out


# ---- one step ---------------------------------------------------------------------

NAMES = ["w1", "b1", "w2", "b2", "w3", "b3"]
GAMMA, WINNERS, RATE, EPSILON = 0.5, 2, 0.01, 1e-8


def forward(p, x):
    a = convolve(x, p["w1"], p["b1"], 2)
    b = np.maximum(a, 0)
    c = pool(b, "average", 4, 2, 1)
    d = convolve(c, p["w2"], p["b2"], 1)
    e = np.maximum(d, 0)
    f = pool(e, "max", 4, 2, 1)
    return a, b, c, d, e, f, p["w3"] @ f.reshape(-1) + p["b3"]


def loss_of(p, images, target):
    return np.mean([(forward(p, x)[-1] - d) ** 2 for x, d in zip(images, target)])


def backward(p, images, target):
    g = {name: np.zeros_like(p[name]) for name in NAMES}
    for x, t in zip(images, target):
        a, b, c, d, e, f, y = forward(p, x)
        dy = 2 * (y - t) / (len(images) * len(y))
        g["w3"] += np.outer(dy, f.reshape(-1))
        g["b3"] += dy
        de = pool_back(e, (p["w3"].T @ dy).reshape(f.shape), "max", 4, 2, 1) * (d > 0)
        dc, dw, db = convolve_back(c, p["w2"], de, 1)
        g["w2"] += dw
        g["b2"] += db
        da = pool_back(b, dc, "average", 4, 2, 1) * (a > 0)
        _, dw, db = convolve_back(x, p["w1"], da, 2)
        g["w1"] += dw
        g["b1"] += db
    return g


def check(p, images, target, g):
    for name in NAMES:
        for at in rng.choice(p[name].size, min(12, p[name].size), replace=False):
            low, high = dict(p), dict(p)
            low[name], high[name] = p[name].copy(), p[name].copy()
            low[name].flat[at] -= 1e-6
            high[name].flat[at] += 1e-6
            slope = (loss_of(high, images, target) - loss_of(low, images, target)) / 2e-6
            assert abs(slope - g[name].flat[at]) < 1e-7, (name, at, slope, g[name].flat[at])


def step():
    channels, height, width, units = 2, 9, 8, 7
    images = rng.integers(0, 256, (3, channels, height, width))
    shapes = {"w1": (3, channels, 5, 5), "b1": (3,), "w2": (4, 3, 3, 3), "b2": (4,), "w3": (units, 4 * 2 * 2), "b3": (units,)}
    p = {name: rng.uniform(-0.5, 0.5, shape).round(3) for name, shape in shapes.items()}
    mask = {name: (rng.random(shapes[name]) < 0.5).astype(float) for name in ("w1", "w2")}
    for name, there in mask.items():
        p[name] *= there
    h = rng.uniform(-0.3, 0.3, units).round(3)
    x = images / 255
    y = np.array([forward(p, image)[-1] for image in x])
    target = np.zeros_like(y)
    for row, scores in zip(target, y - h):
        row[np.argsort(-scores, kind="stable")[:WINNERS]] = 1
    gaps = np.sort(y - h, axis=1)[:, ::-1]
    assert np.min(gaps[:, WINNERS - 1] - gaps[:, WINNERS]) > 0.01
    g = backward(p, x, target)
    check(p, x, target, g)
    for name in mask:
        g[name] *= mask[name]
    after = {name: p[name] - RATE * g[name] / (np.abs(g[name]) + EPSILON) for name in NAMES}
    assert min(np.min(np.abs(g[name][g[name] != 0])) for name in NAMES) > 1e-5
    return {"bytes": images.tolist(), **{name: round12(p[name]) for name in NAMES}, "mask_w1": round12(mask["w1"]),
            "mask_w2": round12(mask["w2"]), "h_before": round12(h), "gamma": GAMMA, "winners": WINNERS, "rate": RATE,
            "y": round12(y), "d": round12(target), "loss": float(f"{np.mean((y - target) ** 2):.12g}"),
            "h_after": round12(h + GAMMA * (target.mean(0) - WINNERS / units)),
            "gradient": {name: round12(g[name]) for name in NAMES}, "after_adam": {name: round12(after[name]) for name in NAMES}}


path = Path(__file__).with_name("convolution.json")
path.write_text(json.dumps({"about": "written by make_convolution.py: float64, 12 digits; images are [channel][y][x]",
                            "pools": pools(), "step": step()}, separators=(",", ":")) + "\n")
