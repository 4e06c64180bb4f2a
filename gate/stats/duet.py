"""Base and preview measured side by side: blocks are pairs, and what both share cancels.

What does not cancel is how two deployments of the same code differ; it enters the error as ``sigma_dep`` and no
number of requests averages it away.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gate.stats.location import mad_sd, t_location
from gate.stats.shift import Shift

MIN_BLOCKS = 3
"""Fewer pairs of blocks say nothing about their own spread."""
_PRIOR_DF = 6.0
_SMALL_SAMPLE = 1.15
"""Inflates the MAD of few blocks when it serves as a prior."""
_MAX_DF = 200.0
_LEAST_ENDPOINTS = 3


def pooled_block_variance(differences: list[NDArray[np.float64]]) -> float:
    """Mean squared scale of block differences over endpoints, the prior every endpoint is drawn towards."""
    scales = [(_SMALL_SAMPLE * mad_sd(d)) ** 2 for d in differences if len(d) >= MIN_BLOCKS]
    return float(np.mean(scales)) if scales else 0.0


def duet_shift(differences: NDArray[np.float64], sigma_dep: float, pairs: int, prior_variance: float) -> Shift | None:
    """Change between the arms of a duet.

    Parameters
    ----------
    differences : ndarray, shape (blocks,)
        Log latency of the preview minus that of the base, one per pair of blocks; finite.
    sigma_dep : float
        Standard deviation of one deployment's own effect on the log latency.
    pairs : int
        Pairs of deployments the blocks come from.
    prior_variance : float
        From ``pooled_block_variance``.

    Returns
    -------
    Shift or None
        None if there are too few blocks or none differ at all while no deployment effect is assumed.
    """
    if len(differences) < MIN_BLOCKS:
        return None
    fit = t_location(differences, prior_variance, _PRIOR_DF if prior_variance > 0 else 0.0)
    deployments = 2 * sigma_dep**2 / pairs
    total = fit.variance + deployments
    if not total > 0:
        return None
    # Satterthwaite (1946), https://doi.org/10.2307/3002019; an assumed sigma_dep has no degrees of freedom to lose.
    df = _MAX_DF if fit.variance == 0 else min(_MAX_DF, fit.df * (total / fit.variance) ** 2)
    return Shift(
        effect=fit.centre,
        se=math.sqrt(total),
        se_parts={"blocks": math.sqrt(fit.variance), "deployments": math.sqrt(deployments)},
        df=df,
        test="paired blocks, Student-t location, deployment variance added",
        n=len(differences),
    )


def common_shift(shifts: list[Shift], sigma_dep: float, pairs: int) -> Shift | None:
    """Median change over endpoints, as one change of two hosts; None for fewer than three endpoints.

    The deployment effect is taken as common to all endpoints, which is the cautious reading: it does not average out.
    """
    if len(shifts) < _LEAST_ENDPOINTS:
        return None
    blocks = math.pi / 2 * float(np.mean([shift.se_parts["blocks"] ** 2 for shift in shifts])) / len(shifts)
    deployments = 2 * sigma_dep**2 / pairs
    return Shift(
        effect=float(np.median([shift.effect for shift in shifts])),
        se=math.sqrt(blocks + deployments),
        se_parts={"blocks": math.sqrt(blocks), "deployments": math.sqrt(deployments)},
        df=_MAX_DF,
        test="median over endpoints, deployment variance added",
        n=len(shifts),
    )
