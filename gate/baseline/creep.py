"""Main now against an anchor, usually the last release, row by row: by stored runs and by duets since then. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.baseline.history import APPLICATION, History, is_sound
from gate.baseline.series import PRIOR_DF, Series
from gate.record.blocks import MIN_BLOCKS, pair_differences
from gate.record.run import Run
from gate.record.value import Arm
from gate.stats.changepoints import level_shift, spread_df
from gate.stats.creep import HINT_AT, LEAST_DUETS, accumulated, combined, duet_variance, upward_cusum
from gate.stats.designs import METRICS
from gate.stats.location import t_location
from gate.stats.multiplicity import holm
from gate.stats.shift import Shift

FloatArray = NDArray[np.float64]

ARMS: tuple[Arm, Arm] = ("candidate", "base")
NEWEST = 5
"""Runs that stand for main now. More would be surer of a level that lies further back."""


@dataclass(frozen=True)
class Creep:
    """One row since the anchor."""

    endpoint: str
    metric: str
    stored: Shift | None
    """The newest runs over those of the anchor; None if the row was not measured alike then and now."""
    duets: Shift | None
    """The sum over the merges since the anchor; None for fewer than five, and if one was not measured beside the one
    before."""
    hint: bool
    """The cumulative sum of deviations since the anchor is high; worth a look, and no test."""

    @property
    def total(self) -> Shift | None:
        """Both together, each with the weight of its precision; None if there is neither."""
        found = [shift for shift in (self.stored, self.duets) if shift is not None]
        return combined(found) if found else None


def find_anchor(runs: Sequence[Run], commit: str) -> tuple[int, ...]:
    """Indices of the runs of a commit, whole or abbreviated; empty if none is stored."""
    return tuple(i for i, run in enumerate(runs) if run.commit is not None and run.commit.startswith(commit))


def creep_since(history: History, anchor: tuple[int, ...]) -> tuple[Creep, ...]:
    """Every row's change since the anchor, in the order of the history.

    Parameters
    ----------
    history : History
        Of one environment class.
    anchor : tuple of int
        Indices of the anchor's runs, at least one; the more, the surer.
    """
    since = max(anchor) + 1
    rows = [key for key in history.series if key[0] != APPLICATION]
    effects = {key: _effects(history, since, *key) for key in rows}
    found = []
    for key, series in history.series.items():
        peers = [effects[other] for other in rows if other[1] == key[1]]
        found.append(row_creep(series, anchor, effects.get(key, np.array([])), peers))
    return tuple(found)


def row_creep(series: Series, anchor: tuple[int, ...], effects: FloatArray, peers: list[FloatArray]) -> Creep:
    """One row's change since the anchor.

    Parameters
    ----------
    series : Series
    anchor : tuple of int
        Indices of the anchor's runs.
    effects : ndarray, shape (merges,)
        Of its duets since the anchor, natural logs.
    peers : list of ndarray
        Those of all rows of the metric, its own among them: what the spread of its own is drawn towards.
    """
    return Creep(
        endpoint=series.endpoint,
        metric=series.metric,
        stored=_stored(series, anchor),
        duets=_duets(effects, peers),
        hint=upward_cusum(series.values(min(anchor))) > HINT_AT,
    )


def creeping(
    rows: tuple[Creep, ...],
    margins: tuple[float, float],
    tolerance_of: Callable[[str, str], float],
    level: float,
) -> frozenset[tuple[str, str]]:
    """Endpoint and metric of rows that surely crept, and by more than anybody wanted to let pass.

    Parameters
    ----------
    rows : tuple of Creep
        One family: Holm bounds the chance that any of them is told by accident at this look.
    margins : tuple of float
        Ratio that the test has to rule out, by metric in the order of ``METRICS``.
    tolerance_of : callable
        Ratio that the estimate has to exceed, by endpoint and metric.
    level : float
        Of the family.
    """
    found = {f"{row.endpoint}/{row.metric}": (row, row.total) for row in rows}
    adjusted = holm(
        {key: t.p_slower(margins[METRICS.index(row.metric)]) for key, (row, t) in found.items() if t is not None}
    )
    return frozenset(
        (row.endpoint, row.metric)
        for key, (row, total) in found.items()
        if total is not None
        and adjusted[key] <= level
        and total.effect > math.log1p(tolerance_of(row.endpoint, row.metric))
    )


def _stored(series: Series, anchor: tuple[int, ...]) -> Shift | None:
    then = np.array([log for run, log in zip(series.runs, series.logs, strict=True) if run in anchor], dtype=np.float64)
    now = series.values(max(max(anchor) + 1, series.window_start))[-NEWEST:]
    if not len(then) or not len(now) or not series.sd > 0:
        return None
    return level_shift(then, now, series.sd, series.df)


def _effects(history: History, since: int, endpoint: str, metric: str) -> FloatArray:
    """Candidate over base of each run since the anchor; empty if one of them is no duet: then a merge is missing."""
    differences = [_differences(run, endpoint, metric) for run in history.runs[since:] if is_sound(run)]
    if any(np.isfinite(d).sum() < MIN_BLOCKS for d in differences):
        return np.array([])
    return np.array([float(t_location(d[np.isfinite(d)]).centre) for d in differences], dtype=np.float64)


def _differences(run: Run, endpoint: str, metric: str) -> FloatArray:
    record = run.endpoints.get(endpoint)
    if record is None or len(record.arms) < len(ARMS):
        return np.array([])
    candidate, base = ({endpoint: record.arms[arm].blocks} for arm in ARMS)
    return np.asarray(pair_differences(candidate, base, [endpoint])[0, METRICS.index(metric)])


def _duets(effects: FloatArray, peers: list[FloatArray]) -> Shift | None:
    if len(effects) < LEAST_DUETS:
        return None
    variances = [duet_variance(peer) for peer in peers if len(peer) >= LEAST_DUETS]
    own, weight = duet_variance(effects), len(effects) - 1
    if len(variances) < 2:
        return accumulated(effects, own, spread_df(len(effects)))
    pooled = (PRIOR_DF * float(np.median(variances)) + weight * own) / (PRIOR_DF + weight)
    return accumulated(effects, pooled, spread_df(len(effects), PRIOR_DF))
