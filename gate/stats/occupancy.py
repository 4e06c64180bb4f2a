"""How many requests a system serves at once, from its curve of throughput and time over load: Little's law.

Pure. What is beyond that number waits. The time of an answer without load is the time that it is served; at saturation
so many are served at once that they leave at the throughput that is seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.stats.special import stdtrit

UNLOADED = 0.5
"""Up to this share of the highest throughput answers hardly wait for each other."""
SATURATED = 0.9
"""From this share of the highest throughput on,"""
WAITING = 1.5
"""and where answers take so many times as long as without load, more load brings no more throughput."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Occupancy:
    """Requests that are served at once at saturation, waiting ones not among them."""

    at_once: float
    lo: float | None
    hi: float | None
    """Of the interval; None where either kind of level was measured only once, so that its spread is not known."""
    saturation_rps: float
    """Mean throughput of the saturated levels."""
    unloaded_s: float
    """Geometric mean of the time of an answer at the unloaded levels."""


def occupancy(rates_rps: Sequence[float], times_s: Sequence[float], confidence: float = 0.9) -> Occupancy | None:
    """The number that is served at once: throughput at saturation times the time of an answer without load.

    The interval is Student's over the logarithms of both, from how much levels of one kind differ among themselves
    (degrees of freedom by Welch and Satterthwaite). It knows nothing of work outside of what is full: time that an
    answer spends there counts as served.

    Parameters
    ----------
    rates_rps : sequence of float, shape (n,)
        Answers per second at each level, in any order.
    times_s : sequence of float, shape (n,)
        Time of an answer at each level; means, or medians where only they are known.

    Returns
    -------
    Occupancy or None
        None if no level is unloaded, or none is saturated: then nothing is known of where the system ends.

    Raises
    ------
    ValueError
        If a number is not positive and finite.

    References
    ----------
    Little, J. D. C. (1961). A Proof for the Queuing Formula: L = λW. https://doi.org/10.1287/opre.9.3.383
    Welch, B. L. (1947). https://doi.org/10.1093/biomet/34.1-2.28
    """
    rate, time = np.asarray(rates_rps, dtype=float), np.asarray(times_s, dtype=float)
    if len(rate) != len(time) or not all(np.all(np.isfinite(x)) and np.all(x > 0) for x in (rate, time)):
        raise ValueError("throughputs and times are positive, one of each for a level")
    if not len(rate):
        return None
    unloaded = np.log(time[rate <= UNLOADED * rate.max()])
    if not len(unloaded):
        return None
    unloaded_s = math.exp(float(unloaded.mean()))
    saturated = rate[(rate >= SATURATED * rate.max()) & (time >= WAITING * unloaded_s)]
    if not len(saturated):
        return None
    saturation_rps = float(saturated.mean())
    at_once = saturation_rps * unloaded_s
    factor = _factor([np.log(saturated), unloaded], confidence)
    lo, hi = (None, None) if factor is None else (at_once / factor, at_once * factor)
    return Occupancy(at_once, lo, hi, saturation_rps, unloaded_s)


def _factor(logs: Sequence[Floats], confidence: float) -> float | None:
    """Half the width of the interval of a sum of means, as a factor."""
    if any(len(values) < 2 for values in logs):
        return None
    variances = [float(np.var(values, ddof=1)) / len(values) for values in logs]
    total = sum(variances)
    if total == 0:
        return 1.0
    df = total**2 / sum(v**2 / (len(values) - 1) for v, values in zip(variances, logs, strict=True))
    return math.exp(float(stdtrit(df, (1 + confidence) / 2)) * math.sqrt(total))
