"""One row over stored runs: its levels, where they changed, and which of its values are at the present one. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gate.record.run import AcceptedChange
from gate.stats.changepoints import BOUND, LEAST_AFTER, LEAST_VALUES, change_points, level_shift, noise_sd, spread_df
from gate.stats.location import t_location
from gate.stats.shift import Shift

FloatArray = NDArray[np.float64]

PRIOR_DF = 10.0
"""Values that the median spread of all endpoints is worth beside an endpoint's own: ten runs say little of a spread."""


@dataclass(frozen=True)
class Change:
    """A new level that lasted."""

    run: int
    """Index of the first run at the new level."""
    size: Shift
    """The new level less the one before, natural log."""


@dataclass(frozen=True)
class Series:
    """One row over the runs of a history."""

    endpoint: str
    metric: str
    runs: tuple[int, ...]
    """Indices of the runs that have a value, increasing."""
    logs: tuple[float, ...]
    """Natural logs of seconds with the shared part taken out; for the application the shared part, around 0."""
    sd: float
    """Standard deviation from run to run at one level."""
    df: float
    """Degrees of freedom of ``sd``."""
    changes: tuple[Change, ...]
    accepted: tuple[tuple[int, AcceptedChange], ...]
    """With the index of the run that carries it."""
    window_start: int
    """Index of the run from which on values are at the present level."""
    unsettled: float | None = None
    """Natural log by which the newest runs, too few to be believed, lie off the present level."""

    def values(self, begin: int, end: int | None = None) -> FloatArray:
        """Values of the runs from one index up to, not including, another."""
        inside = [
            log for run, log in zip(self.runs, self.logs, strict=True) if begin <= run and (end is None or run < end)
        ]
        return np.array(inside, dtype=np.float64)

    @property
    def current(self) -> FloatArray:
        """Values at the present level."""
        return self.values(self.window_start)

    @property
    def level(self) -> float:
        """Location of the present level, natural log; NaN if no run has been measured since it was accepted."""
        return _centre(self.current, self.sd, self.df)


def common_variance(own: FloatArray) -> float | None:
    """What the endpoints' spreads are drawn towards; None where an endpoint is alone."""
    spreads = [noise_sd(row[np.isfinite(row)]) ** 2 for row in own if np.isfinite(row).sum() >= LEAST_VALUES]
    return float(np.median(spreads)) if len(spreads) > 1 else None


def _spread(values: FloatArray, prior: float | None) -> tuple[float, float]:
    """Standard deviation of a series' noise and its degrees of freedom."""
    n = len(values)
    if n < 2:
        return (math.sqrt(prior), spread_df(1, PRIOR_DF)) if prior is not None else (math.nan, 0.0)
    variance = noise_sd(values) ** 2
    if prior is None:
        return math.sqrt(variance), spread_df(n)
    pooled = (PRIOR_DF * prior + (n - 1) * variance) / (PRIOR_DF + n - 1)
    return math.sqrt(pooled), spread_df(n, PRIOR_DF)


def levels_of(row: FloatArray) -> FloatArray:
    """The level of a row in each run, in segments."""
    present = np.flatnonzero(np.isfinite(row))
    levels = np.full(len(row), np.nan)
    if len(present) < 2:
        levels[present] = row[present]
        return levels
    values = row[present]
    for part in np.split(np.arange(len(values)), change_points(values, noise_sd(values))):
        levels[present[part]] = np.median(values[part])
    return levels


def series_of(
    endpoint: str, metric: str, row: FloatArray, prior: float | None, accepted: tuple[tuple[int, AcceptedChange], ...]
) -> Series | None:
    """The series of one row; None if no run has a value of it.

    Parameters
    ----------
    endpoint, metric : str
    row : ndarray, shape (runs,)
        Natural logs with the shared part taken out, NaN where a run has no value.
    prior : float or None
        Variance that the row's own is drawn towards, from ``common_variance``.
    accepted : tuple of (int, AcceptedChange)
        Changes that are meant, with the index of the run that carries each.
    """
    present = np.flatnonzero(np.isfinite(row))
    if not len(present):
        return None
    values = row[present]
    sd, df = _spread(values, prior)
    cuts = change_points(values, sd) if len(values) >= LEAST_VALUES else ()
    edges = (0, *cuts, len(values))
    changes = tuple(
        Change(
            run=int(present[cut]),
            size=level_shift(values[edges[place] : cut], values[cut : edges[place + 2]], sd, df),
        )
        for place, cut in enumerate(cuts)
    )
    starts = [0, *(change.run for change in changes), *(index for index, _ in accepted)]
    series = Series(
        endpoint=endpoint,
        metric=metric,
        runs=tuple(int(index) for index in present),
        logs=tuple(float(value) for value in values),
        sd=sd,
        df=df,
        changes=changes,
        accepted=accepted,
        window_start=max(starts),
    )
    return replace(series, unsettled=_unsettled(series))


def _unsettled(series: Series) -> float | None:
    """How far the two newest runs lie off the level before them, if both do, on one side."""
    newest = LEAST_AFTER - 1
    current = series.current
    if len(current) < newest + LEAST_AFTER:
        return None
    off = current[-newest:] - float(np.median(current[:-newest]))
    nearest = float(off[np.argmin(np.abs(off))])
    is_beyond = bool(np.all(np.abs(off) > BOUND * series.sd)) and bool(np.all(np.sign(off) == np.sign(nearest)))
    return float(np.mean(off)) if is_beyond else None


def _centre(values: FloatArray, sd: float, df: float) -> float:
    """Location of some values; their median where they are too few for more."""
    if len(values) < LEAST_AFTER:
        return float(np.median(values)) if len(values) else math.nan
    return float(t_location(values, prior_variance=sd**2, prior_df=df).centre)
