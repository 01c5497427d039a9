"""Spikes step by step: of Planaria, which gives means over time, from networks that run for 1, 2, ... steps."""

import numpy as np

import planaria

STEPS = 20


def inputs(*shape, seed=0, share=0.4):
    """Spikes [step][...] of zeros and ones, the same for all frameworks."""
    return (np.random.default_rng(seed).random((STEPS, *shape)) < share).astype(np.float32)


def frames_of(x):
    """[step][c][y][x] or [step][n] as one sample of Planaria, [1][step][y][x][c]."""
    x = x.reshape(len(x), *x.shape[1:], *[1] * (4 - x.ndim))
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))[None]


def spikes_of(graph, x, **how):
    """[step][outputs] of what Planaria makes of a graph."""
    sums = [np.zeros(1)]
    for steps in range(1, len(x) + 1):
        model = planaria.from_nir(graph, steps=steps, **how)
        sums.append(model.forward(frames_of(x[:steps]))[0] * steps)
    return np.rint(np.diff([np.broadcast_to(s, sums[-1].shape) for s in sums], axis=0)).astype(int)


def first_difference(a, b):
    """The first step whose spikes differ, None if none does."""
    differs = (np.asarray(a) != np.asarray(b).reshape(np.shape(a))).any(axis=1)
    return int(differs.argmax()) if differs.any() else None
