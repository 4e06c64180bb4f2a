"""How throughput follows load: the universal scalability law with the interval of its peak, and whether it is linear.

Pure. Load is the number of requests in the system, on average: users who do not think, or rate times latency.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gate.stats.special import fdtri, stdtrit

LEAST_LEVELS = 5
"""Three parameters and two degrees of freedom to judge them by."""
_FARTHEST = 1000.0
"""A peak further away than so many times the highest load is none."""
_PEAKS, _CONTENTIONS, _ZOOMS = 61, 41, 7
_HALVINGS = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scalability:
    """A fitted curve: ``rate(n) = single n / (1 + contention (n - 1) + coherency n (n - 1))``."""

    single_rps: float
    """Throughput at a load of one."""
    contention: float
    """Share of the work that waits for its turn, 0 to 1."""
    coherency: float
    """Cost of keeping each other informed; above zero throughput falls again beyond the peak."""
    peak: float
    """Load of the highest throughput; inf if the curve only flattens."""
    peak_lo: float
    peak_hi: float
    """Likelihood interval of the peak; ``peak_hi`` is inf where the levels do not rule out that there is none."""

    def rate_rps(self, load: float) -> float:
        """Throughput at a load, as fitted; beyond the measured levels a forecast."""
        return float(load * self.single_rps / _slowing(np.asarray(load), self.contention, self.coherency))

    @property
    def highest_rps(self) -> float:
        """Throughput at the peak, or that which it approaches; inf for a curve without a bend."""
        if math.isfinite(self.peak):
            return self.rate_rps(self.peak)
        return self.single_rps / self.contention if self.contention > 0 else math.inf


@dataclass(frozen=True)
class Exponent:
    """Throughput grows as load to this power: 1 is linear scaling, 0 none."""

    value: float
    lo: float
    hi: float


def fit(loads: Sequence[float], rates_rps: Sequence[float], confidence: float = 0.9) -> Scalability | None:
    """The universal scalability law by least squares on throughput; None where there are too few levels.

    Contention, peak and the throughput of one are fitted. Of these the last is linear given the others, so the
    squares are looked at on a grid of the first two that closes in on the least; the interval of the peak has all
    peaks whose squares are not significantly larger (profile likelihood), and so needs no peak to exist.

    Parameters
    ----------
    loads : sequence of float, shape (n,)
        Requests in the system, at least 1; several levels may share one.
    rates_rps : sequence of float, shape (n,)
        Answers per second there.

    Raises
    ------
    ValueError
        If a load is below 1, or one of the numbers is not positive and finite.

    References
    ----------
    Gunther, N. J. (2007). Guerrilla Capacity Planning, chapter 4. https://doi.org/10.1007/978-3-540-31010-5
    """
    load, rate = np.asarray(loads, dtype=float), np.asarray(rates_rps, dtype=float)
    if not (np.all(np.isfinite(load)) and np.all(load >= 1) and np.all(np.isfinite(rate)) and np.all(rate > 0)):
        raise ValueError("loads are at least 1 and throughputs positive")
    if len(np.unique(load)) < LEAST_LEVELS:
        return None
    farthest = _FARTHEST * load.max()
    peaks = np.append(np.geomspace(1.0, farthest, _PEAKS), np.inf)
    profile = np.array([_least(load, rate, peak)[0] for peak in peaks])
    peak = _closer(load, rate, peaks, int(profile.argmin()))
    squares, contention = _least(load, rate, peak)
    coherency = _coherency(contention, peak)
    curve = load / _slowing(load, contention, coherency)
    free = len(load) - 3
    limit = squares * (1 + float(fdtri(1, free, confidence)) / free)
    return Scalability(
        single_rps=float(curve @ rate / (curve @ curve)),
        contention=contention,
        coherency=coherency,
        peak=peak,
        peak_lo=_edge(load, rate, limit, min(peak, farthest), 1.0),
        peak_hi=_edge(load, rate, limit, peak, farthest) if math.isfinite(peak) else math.inf,
    )


def exponent(
    loads: Sequence[float],
    rates_rps: Sequence[float],
    confidence: float = 0.9,
    *,
    exact: Literal["load", "rate"] = "load",
) -> Exponent | None:
    """The power with which throughput grows: slope of its logarithm over that of the load.

    The interval is Student's, of a straight line by least squares.

    Parameters
    ----------
    exact : {"load", "rate"}
        Which of both was set, so that what varies by chance is the other one. Requests under way at rates that were
        asked for vary with the time of an answer: taken for exact they would make every power too small (regression
        dilution, Spearman, 1904, https://doi.org/10.2307/1412159).

    Returns
    -------
    Exponent or None
        None below three levels (of rates: three measurements of two), or where it cannot be told from infinity.
    """
    x, y = np.log(np.asarray(loads, dtype=float)), np.log(np.asarray(rates_rps, dtype=float))
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise ValueError("loads and throughputs are positive")
    if exact == "rate":
        if len(y) < 3 or len(np.unique(y)) < 2:
            return None
        slope, half = _slope(y, x, confidence)
        return Exponent(1 / slope, 1 / (slope + half), 1 / (slope - half)) if slope > half else None
    if len(np.unique(x)) < 3:
        return None
    slope, half = _slope(x, y, confidence)
    return Exponent(slope, slope - half, slope + half)


def _slope(x: Floats, y: Floats, confidence: float) -> tuple[float, float]:
    """Of a straight line, with half of its interval."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    left = y - y.mean() - slope * centred
    free = len(x) - 2
    half = float(stdtrit(free, (1 + confidence) / 2)) * math.sqrt(float(left @ left) / free / float(centred @ centred))
    return slope, half


def _slowing(load: Floats, contention: Floats | float, coherency: Floats | float) -> Floats:
    slowing: Floats = 1 + contention * (load - 1) + coherency * load * (load - 1)
    return slowing


def _coherency(contention: float, peak: float) -> float:
    """What puts the peak there: the derivative of the law vanishes at ``sqrt((1 - contention) / coherency)``."""
    return (1 - contention) / peak**2


def _least(load: Floats, rate: Floats, peak: float) -> tuple[float, float]:
    """The least sum of squares with this peak, and the contention that has it."""
    low, high = 0.0, 1.0
    best, at = math.inf, 0.0
    for _ in range(_ZOOMS):
        contentions = np.linspace(low, high, _CONTENTIONS)[:, None]
        curves = load / _slowing(load, contentions, (1 - contentions) / peak**2)
        squares = rate @ rate - (curves @ rate) ** 2 / (curves**2).sum(axis=1)
        index = int(squares.argmin())
        best, at = float(squares[index]), float(contentions[index, 0])
        step = (high - low) / (_CONTENTIONS - 1)
        low, high = max(0.0, at - step), min(1.0, at + step)
    return max(best, 0.0), at


def _edge(load: Floats, rate: Floats, limit: float, inside: float, outside: float) -> float:
    """Where the squares begin to be too large between a peak that is believable and the end of what is looked at."""
    if _least(load, rate, outside)[0] <= limit:
        return math.inf if outside > inside else outside
    for _ in range(_HALVINGS):
        middle = math.sqrt(inside * outside)
        if _least(load, rate, middle)[0] <= limit:
            inside = middle
        else:
            outside = middle
    return inside


def _closer(load: Floats, rate: Floats, peaks: Floats, index: int) -> float:
    """The best peak near that of the grid; inf stays inf, where nothing is closer."""
    peak = float(peaks[index])
    if not math.isfinite(peak):
        return peak
    low, high = float(peaks[max(index - 1, 0)]), float(peaks[min(index + 1, len(peaks) - 2)])
    for _ in range(_ZOOMS):
        tried = np.geomspace(low, high, 9)
        index = int(np.argmin([_least(load, rate, float(candidate))[0] for candidate in tried]))
        peak = float(tried[index])
        low, high = float(tried[max(index - 1, 0)]), float(tried[min(index + 1, 8)])
    return peak
