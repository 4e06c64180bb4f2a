"""How many times as much of one is the other, with an interval. Pure; everything inside is in natural logs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from gate.stats.special import stdtrit

BATCHES = 10
"""Equal parts of a stretch of load. Fewer know their spread badly, and shorter ones depend on each other.

Schmeiser, B. (1982). Batch size effects in the analysis of simulation output: 10 to 30 are enough.
https://doi.org/10.1287/opre.30.3.556
"""
_STEPS = 2
"""Readings in a batch: the count of answers is told once a second, so that one alone may miss some."""


@dataclass(frozen=True)
class Level:
    """Mean of a logarithm."""

    mean: float
    variance: float | None = None
    """Of the mean, squared standard error; None where nothing tells it."""
    df: float = 0.0


@dataclass(frozen=True)
class Times:
    """So many times as much; bounds are None where the spread of one of them is not known."""

    value: float
    lo: float | None = None
    hi: float | None = None


def times(level: Level, first: Level, confidence: float = 0.9) -> Times:
    """How many times one level is of another: Student's interval of a difference of logarithms.

    With the degrees of freedom of the spread that is known worse. That is exact where both have the same spread, found
    from all of them together, and on the safe side where each has its own.

    References
    ----------
    Hsu (1938) bounds the statistic so; restated and generalised in Qiu and Zhang, https://arxiv.org/abs/1712.10099
    """
    shift = level.mean - first.mean
    if level.variance is None or first.variance is None:
        return Times(math.exp(shift))
    half = 0.0
    if level.variance + first.variance > 0:
        t = float(stdtrit(min(level.df, first.df), (1 + confidence) / 2))
        half = t * math.sqrt(level.variance + first.variance)
    return Times(math.exp(shift), math.exp(shift - half), math.exp(shift + half))


def levels(groups: Sequence[Sequence[float]]) -> list[Level]:
    """Mean logarithm of each group of repeated measurements; their spread is taken to be the same in all.

    It is known as soon as one of the groups has two, and then for all of them.

    Parameters
    ----------
    groups : sequence of sequence of float
        Values above zero; no group is empty.
    """
    logs = [[math.log(value) for value in group] for group in groups]
    means = [fmean(group) for group in logs]
    df = sum(len(group) - 1 for group in logs)
    if df < 1:
        return [Level(mean) for mean in means]
    squares = sum((value - mean) ** 2 for group, mean in zip(logs, means, strict=True) for value in group)
    return [Level(mean, squares / df / len(group), df) for group, mean in zip(logs, means, strict=True)]


def from_counts(rate_rps: float, at_s: Sequence[float], answered: Sequence[int]) -> Level:
    """A rate with its spread by batch means: how much equal parts of one stretch of load differ among themselves.

    What is the same all through the stretch, such as the luck of one start, is not in it.

    Parameters
    ----------
    rate_rps : float
        Over the whole stretch, above zero.
    at_s, answered : sequence, shape (n,)
        Instants within the stretch, and requests answered by then; rising.
    """
    mean = math.log(rate_rps)
    if len(at_s) <= BATCHES * _STEPS:
        return Level(mean)
    edges = np.round(np.linspace(0, len(at_s) - 1, BATCHES + 1)).astype(int)
    seconds, counts = np.diff(np.asarray(at_s, dtype=float)[edges]), np.diff(np.asarray(answered, dtype=float)[edges])
    if not (np.all(seconds > 0) and np.all(counts > 0)):
        return Level(mean)
    spread = float(np.log(counts / seconds).var(ddof=1))
    return Level(mean, spread / BATCHES, BATCHES - 1)
