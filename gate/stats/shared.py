"""What all endpoints of a run share, taken out of each: the runner was slow that day, not the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.stats.location import mad_sd

FloatArray = NDArray[np.float64]
LevelsOf = Callable[[FloatArray], FloatArray]
"""From the values of one endpoint, shape (runs,), to its level in each run, shape (runs,)."""

FROM_ENDPOINTS = 5
"""From so many endpoints on the median over them is the runner's, whatever one of them does."""
LEAST_ENDPOINTS = 3
"""With two nobody can tell which of them moved."""
WORTH_REMOVING = 0.05
"""Standard deviation of the runner from which removing helps three or four endpoints more than its own noise harms."""


@dataclass(frozen=True)
class Separated:
    """Values of endpoints in runs, split into the endpoint's own and what the run shares."""

    own: FloatArray
    """Shape (endpoints, runs): values less what their run shares; NaN where there is no value."""
    shared: FloatArray | None
    """Shape (runs,): what the endpoints of each run share, around 0; NaN where too few were measured. None if nothing
    was taken out."""


def separate(values: FloatArray, levels_of: LevelsOf) -> Separated:
    """Take out of each run the median, over endpoints, of how far they lie from their own levels.

    Levels and shared part depend on each other, so they are found twice. Removed from five endpoints on; with three or
    four only where runs really differ.

    Parameters
    ----------
    values : ndarray, shape (endpoints, runs)
        Natural logs, NaN where an endpoint has no value.
    levels_of : LevelsOf
        In segments, so that a lasting change of one endpoint does not leak into all others.
    """
    enough = np.isfinite(values).sum(axis=0) >= LEAST_ENDPOINTS
    endpoints = int(np.sum(np.isfinite(values).sum(axis=1) >= 2))
    if endpoints < LEAST_ENDPOINTS or not enough.any():
        return Separated(values, None)
    # First around constants: among the runners' noise no change could be told. Then around levels in segments.
    shared = _shared(values, values, _constant, enough)
    shared = _shared(values, values - shared, levels_of, enough)
    if endpoints < FROM_ENDPOINTS and not float(mad_sd(shared[enough])) > WORTH_REMOVING:
        return Separated(values, None)
    return Separated(values - shared, shared)


def _shared(values: FloatArray, own: FloatArray, levels_of: LevelsOf, enough: NDArray[np.bool_]) -> FloatArray:
    levels = np.array([levels_of(row) for row in own])
    shared = np.full(values.shape[1], np.nan)
    shared[enough] = np.nanmedian((values - levels)[:, enough], axis=0)
    return shared


def _constant(row: FloatArray) -> FloatArray:
    present = row[np.isfinite(row)]
    return np.full(len(row), np.median(present) if len(present) else np.nan)
