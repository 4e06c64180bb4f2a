"""What all endpoints of a run share, taken out of each: the runner was slow that day, not the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.stats.location import mad_sd

FloatArray = NDArray[np.float64]

FROM_ENDPOINTS = 5
"""From so many endpoints on the median over them is the runner's, whatever one of them does."""
LEAST_ENDPOINTS = 3
"""With two nobody can tell which of them moved."""
WORTH_REMOVING = 0.05
"""Standard deviation of the runner from which removing helps three or four endpoints more than its own noise harms."""
_PASSES = 3


@dataclass(frozen=True)
class Separated:
    """Values of endpoints in runs, split into the endpoint's own and what the run shares."""

    own: FloatArray
    """Shape (endpoints, runs): values less what their run shares; NaN where there is no value."""
    shared: FloatArray | None
    """Shape (runs,): what the endpoints of each run share, around 0; NaN where too few were measured. None if nothing
    was taken out."""


def separate(values: FloatArray, levels_of: Callable[[FloatArray], FloatArray]) -> Separated:
    """Take out of each run the median, over endpoints, of how far they lie from their own levels.

    Levels and shared part depend on each other, so they are found in turns. Removed from five endpoints on; with three
    or four only where runs really differ.

    Parameters
    ----------
    values : ndarray, shape (endpoints, runs)
        Natural logs, NaN where an endpoint has no value.
    levels_of : callable
        The level of one endpoint in each run, shape (runs,), from its values, shape (runs,): constant, or in segments
        so that a lasting change of one endpoint does not leak into all others.
    """
    enough = np.isfinite(values).sum(axis=0) >= LEAST_ENDPOINTS
    endpoints = int(np.sum(np.isfinite(values).sum(axis=1) >= 2))
    if endpoints < LEAST_ENDPOINTS or not enough.any():
        return Separated(values, None)
    own, shared = values, np.zeros(values.shape[1])
    for turn in range(_PASSES):
        # First around constants, as the runners' noise would hide or feign changes; then around levels in segments.
        levels = np.array([_constant(row) if turn == 0 else levels_of(row) for row in own])
        shared = np.full(values.shape[1], np.nan)
        shared[enough] = np.nanmedian((values - levels)[:, enough], axis=0)
        own = values - shared
    if endpoints < FROM_ENDPOINTS and not float(mad_sd(shared[enough])) > WORTH_REMOVING:
        return Separated(values, None)
    return Separated(own, shared)


def _constant(row: FloatArray) -> FloatArray:
    present = row[np.isfinite(row)]
    return np.full(len(row), np.median(present) if len(present) else np.nan)
