"""What the neurons of NIR files mean: the equations are the same, what frameworks write into them is not."""

from __future__ import annotations

import math
from typing import Any, Mapping, NamedTuple, Optional

import numpy as np

from ._core import FormatError
from ._options import options

# 1 - 1/tau is 1 in float32: a neuron that leaks nothing.
STILL = 1e8

# How far numbers may be apart that say the same in float32.
NEAR = 1e-5


class Dynamics(NamedTuple):
    """One layer of neurons: options of Planaria's lif, and what its input is multiplied by before."""

    options: dict[str, Any]
    gain: float


class _Source(NamedTuple):
    dt: float
    reset: str
    strict: bool
    words: str


CONVENTIONS = {
    "nir": _Source(1e-4, "hard", True, "as NIR's equations have it"),
    "planaria": _Source(1e-4, "hard", False, ""),
    "snntorch": _Source(1e-4, "delayed", True, "the threshold is subtracted one step later (reset_mechanism 'subtract' with its delay)"),
    "spikingjelly": _Source(1e-4, "hard", False, "it writes no other than hard resets"),
    "norse": _Source(1e-3, "hard", True, "time constants are written dt times too small, and r is not looked at"),
    "sinabs": _Source(1.0, "soft", False, "time constants are steps, decay is exp(-1/tau), the threshold is subtracted"),
    "rockpool": _Source(1e-3, "soft", False, "decay is exp(-dt/tau), r says dt, the threshold is subtracted"),
}


def _one(name: str, node: Any, key: str) -> float:
    """The one value that all neurons of a node have."""
    values = np.asarray(getattr(node, key), np.float64).reshape(-1)
    if not values.size or np.isnan(values).any():
        raise FormatError(f"NIR: {name}: {key} is not a number")
    low, high = float(values.min()), float(values.max())
    if high - low > NEAR * max(abs(low), abs(high)) if math.isfinite(high) else low != high:
        raise FormatError(f"NIR: {name}: {key} is from {low:g} to {high:g}; Planaria's neurons have one for a layer")
    return float(values[0])


def _near(a: float, b: float) -> bool:
    return a == b or math.isclose(a, b, rel_tol=NEAR)


def _rockpool_step(r: float) -> float:
    """x = dt / tau of r = exp(-x) / x, by Newton's method on x + ln x = -ln r, which is concave."""
    x = 1.0 if r < 1 else 1 / (1 + r)
    for _ in range(50):
        x = max(x * 1e-3, x - (x + math.log(x) + math.log(r)) * x / (x + 1))
    return x


def recognise(neurons: Mapping[str, Any]) -> tuple[str, str]:
    """The source that values of neurons give away, and what gives it away."""
    lifs = {name: node for name, node in neurons.items() if type(node).__name__ == "LIF"}
    values = [(np.asarray(node.tau, np.float64), np.asarray(node.r, np.float64)) for node in lifs.values()]
    if not values:
        return "nir", ""
    if all((tau >= 1).all() and np.isfinite(tau).all() for tau, _ in values):
        return "sinabs", "every tau is 1 or more"
    if all((tau < 1e-4).all() for tau, _ in values):
        return "norse", "every tau is below 1e-4"
    x = [1e-3 / tau for tau, _ in values]
    if all(np.allclose(r, np.exp(-step) / step, rtol=NEAR) for step, (_, r) in zip(x, values)):
        return "rockpool", "r is tau exp(-dt/tau) / dt with a dt of 1e-3"
    return "nir", ""


class Convention:
    """How the neurons of one graph are read.

    What is None is as the metadata have it for a node, or else as the source has it.
    """

    def __init__(self, name: str, about: Mapping[str, Any], dt: float, reset: Optional[str], strict: Optional[bool],
                 decay_input: Optional[bool]) -> None:
        self.name, self.dt, self.decay_input = name, dt, decay_input
        self.stated = {key: value for key, value in (("reset", reset), ("strict", strict)) if value is not None}
        self.usual = {"reset": CONVENTIONS[name].reset, "strict": CONVENTIONS[name].strict}
        self.known: Mapping[str, Any] = about.get("neurons", {}) if name == "planaria" else {}
        self.remarks: list[str] = []

    def leak(self, name: str, node: Any) -> tuple[float, float]:
        """tau in steps, 1 / (1 - decay), and what the input is multiplied by in a step."""
        r = _one(name, node, "r")
        if type(node).__name__ == "IF":
            return STILL, 1.0 if _near(r, 1) or self.name in ("norse", "sinabs") else r * self.dt
        tau = _one(name, node, "tau")
        if self.name == "sinabs":
            steps = -1 / math.expm1(-1 / tau)
            return steps, 1.0 if self.decay_input is False else 1 / steps
        if self.name == "rockpool":
            return -1 / math.expm1(-_rockpool_step(r)), 1.0
        steps = tau / self.dt ** 2 if self.name == "norse" else tau / self.dt
        if not math.isfinite(steps):
            return STILL, 1.0
        return steps, 1 / steps if self.name == "norse" else r / steps

    def __call__(self, name: str, node: Any) -> Dynamics:
        tau, drive = self.leak(name, node)
        threshold, back = _one(name, node, "v_threshold"), _one(name, node, "v_reset")
        leak = back if type(node).__name__ == "IF" else _one(name, node, "v_leak")
        if not tau > 1:
            raise FormatError(f"NIR: {name}: tau is {tau:g} time steps of {self.dt:g} s; Planaria's neurons have more than 1")
        if leak != back:
            raise FormatError(f"NIR: {name}: v_leak is {leak:g}, v_reset {back:g}; Planaria's neurons have one rest")
        if type(node).__name__ == "IF" and back != 0:
            raise FormatError(f"NIR: {name}: v_reset is {back:g}; without a leak Planaria's neurons begin at 0 and go back to it")
        known = {**self.usual, "tau": tau, "threshold": threshold, "rest": back, **self.known.get(name, {}), **self.stated}
        for key, value in (("tau", tau), ("threshold", threshold), ("rest", back)):
            if not _near(known[key], value) and not (key == "rest" and known["reset"] != "hard"):
                known[key] = value
        tau = float(known["tau"])
        decays = _near(drive, 1 / tau)
        usual = {key: option.default for key, option in options("layers.lif").items()}
        settings = {**usual, **known, "decay_input": decays}
        if settings["reset"] != "hard":
            settings["rest"] = 0
        return Dynamics(settings, 1.0 if decays or _near(drive, 1) else drive)


def convention_of(neurons: Mapping[str, Any], about: Mapping[str, Any], source: Optional[str], dt: Optional[float], reset: Optional[str],
                  strict: Optional[bool], decay_input: Optional[bool]) -> Convention:
    """The convention of a graph: stated, or recognised."""
    why, stated = "", source is not None
    if source is None:
        source, why = ("planaria", "") if about else recognise(neurons)
    step = dt if dt is not None else about.get("dt", CONVENTIONS[source].dt)
    found = Convention(source, about, step, reset, strict, decay_input)
    if why:
        found.remarks.append(f"this is read as a file of {source}, since {why}: {CONVENTIONS[source].words}; source= says another")
    if stated or source != "nir":
        return found
    lifs = [node for node in neurons.values() if type(node).__name__ == "LIF"]
    if lifs and reset is None and all(np.allclose(node.r, np.asarray(node.tau) / step, rtol=1e-4) for node in lifs):
        found.remarks.append("r is tau / dt, as snnTorch writes it and others may: resets are read as hard ones, as NIR has them, but snnTorch "
                             "subtracts the threshold; source= says whose file this is")
    ifs = [node for node in neurons.values() if type(node).__name__ == "IF"]
    if ifs and all(np.allclose(node.r, 1) for node in ifs):
        found.remarks.append("r of IF is 1, which is taken as 'add the input', as r = 1/dt is")
    return found
