"""Growth of a level, such as memory, under constant load: its slope with an interval, and whether it goes on.

Pure. What a process holds moves in steps and wanders: neighbouring samples are far from independent, and an ordinary
regression would believe in slopes that are none. Here the run is divided into stretches, and what counts is how much
the level rose from the median of one to that of the next: of a wandering level these are known to depend on each other
in one way only (Working, 1960, https://doi.org/10.2307/1907574), and those of a level that is only noisy err to the
safe side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gate.stats.special import stdtrit

Floats = NDArray[np.float64]

STRETCHES = 24
"""A run is divided into so many, where it has the samples."""
LEAST_STRETCHES = 9
"""Fewer say nothing: eight increments, and two in the last third."""
_SETTLING = 0.2
"""First part of a run that is left out: pools, caches of templates and the like fill then."""
CONFIDENCE = 0.95
"""One-sided, of each bound."""
_OF_MEDIANS = 1.5
"""Middles of stretches of a random walk rise together with their neighbours: what their rises come to varies so many
times as much as the rises alone tell (2/3 and, of each neighbour, 1/6 of the variance of a stretch)."""

Kind = Literal["leak", "none", "too short"]


@dataclass(frozen=True)
class Growth:
    """Rise of a level per unit of ``x``."""

    slope: float
    lo: float
    hi: float
    """One-sided bounds; inf either way where there are too few samples."""
    n: int
    """Increments it is made of."""


@dataclass(frozen=True)
class Climb:
    """Whether a level grows without end."""

    kind: Kind
    growth: Growth
    """After settling."""
    middle: Growth
    """Of the middle third alone: what grows without end does so all the time."""
    last: Growth
    """Of the last third alone: a cache that is full by then does not grow any more."""
    needed: float
    """How many times as long it would have to be watched to tell; 1 where it is told, inf where nobody knows."""


def growth(x: Sequence[float], level: Sequence[float], stretches: int = STRETCHES) -> Growth:
    """Slope of a level with its bounds.

    Parameters
    ----------
    x : sequence of float, shape (n,)
        Requests answered so far, or seconds; never falling.
    level : sequence of float, shape (n,)
        What is watched, at these instants.
    stretches : int
        The samples are divided into so many at most, of equal numbers.

    Raises
    ------
    ValueError
        If a value is not finite, or ``x`` falls.
    """
    at, value = _checked(x, level)
    count = min(stretches, len(at))
    if count < 3 or not at[-1] > at[0]:
        return Growth(math.nan, -math.inf, math.inf, max(0, count - 1))
    parts = [(np.median(a), np.median(v)) for a, v in zip(_parts(at, count), _parts(value, count), strict=True)]
    middles, medians = np.array(parts).T
    steps, rises = np.diff(middles), np.diff(medians)
    if not np.all(steps > 0):
        return Growth(math.nan, -math.inf, math.inf, len(steps))
    slope = float(rises.sum() / steps.sum())
    left = rises - slope * steps
    variance = _OF_MEDIANS * float(left @ left) / (len(steps) - 1)
    error = math.sqrt(variance * len(steps)) / float(steps.sum())
    half = float(stdtrit(len(steps) - 1, CONFIDENCE)) * error
    return Growth(slope, slope - half, slope + half, len(steps))


def climb(x: Sequence[float], level: Sequence[float], least: float) -> Climb:
    """Whether a level grows by more than ``least`` per unit of ``x`` and goes on doing so: a leak.

    It is called one only if growth is certain over all, over the middle third and over the last: what fills a bounded
    cache has ceased by then, if the cache is full at all, and one that never fills in a run is no different from a leak
    in it. What was full already may grow a last time when a disturbance has more requests under way than ever before;
    the third before that tells.
    It is called none if it is certain that the last third grows by less. Otherwise the run was too short.

    Parameters
    ----------
    least : float
        The smallest growth that matters, above zero.
    """
    if not least > 0:
        raise ValueError("the smallest growth that matters is above zero")
    at, value = _checked(x, level)
    begin = int(np.searchsorted(at, at[0] + _SETTLING * (at[-1] - at[0]))) if len(at) else 0
    at, value = at[begin:], value[begin:]
    whole = growth(at.tolist(), value.tolist())
    third = len(at) - len(at) // 3
    middle = growth(at[len(at) // 3 : third].tolist(), value[len(at) // 3 : third].tolist(), STRETCHES // 3)
    last = growth(at[third:].tolist(), value[third:].tolist(), STRETCHES // 3)
    if whole.n < LEAST_STRETCHES - 1:
        return Climb("too short", whole, middle, last, math.inf)
    if min(whole.lo, middle.lo, last.lo) > least:
        return Climb("leak", whole, middle, last, 1.0)
    if last.hi < least:
        return Climb("none", whole, middle, last, 1.0)
    return Climb("too short", whole, middle, last, max(_needed(part, least) for part in (middle, last)))


def _needed(last: Growth, least: float) -> float:
    """Bounds close in as the square root of the time, for a wandering level."""
    distance = abs(last.slope - least)
    return (last.hi - last.slope) ** 2 / distance**2 if distance > 0 and math.isfinite(last.hi) else math.inf


def _checked(x: Sequence[float], level: Sequence[float]) -> tuple[Floats, Floats]:
    at, value = np.asarray(x, dtype=float), np.asarray(level, dtype=float)
    if len(at) != len(value) or not (np.all(np.isfinite(at)) and np.all(np.isfinite(value))):
        raise ValueError("there is one finite level for each finite x")
    if not np.all(np.diff(at) >= 0):
        raise ValueError("x never falls")
    return at, value


def _parts(values: Floats, count: int) -> list[Floats]:
    return np.array_split(values, count)
