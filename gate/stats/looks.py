"""What a look at a duet says so far: how far each row, and the suite as a whole, lies beyond its margin.

One place for the planner, which looks between stages, and for whoever judges the same blocks afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gate.stats.beliefs import Beliefs
from gate.stats.designs import MARGINS
from gate.stats.duet import Deployed, PairFit, Pooled, pool_levels, pool_rows
from gate.stats.location import Floats

_MARGIN = np.array(MARGINS["duet"])


def pooled_rows(fits: Sequence[PairFit], deployed: Sequence[Deployed], beliefs: Beliefs) -> Pooled:
    """Changes of all rows over these pairs, shape ``(endpoints, metrics)``."""
    return pool_rows(fits, deployed, beliefs.sigma_dep, beliefs.offset, beliefs.offset_variance)


def pooled_suite(fits: Sequence[PairFit], deployed: Sequence[Deployed], beliefs: Beliefs) -> Pooled:
    """Change of the suite as a whole by the first metric, shape ``()``."""
    centre = beliefs.sigma_dep[:, 0]
    sigma_dep = float(np.sqrt(np.mean(np.square(centre)))) if len(centre) else 0.0
    offset = float(np.mean(beliefs.offset[:, 0])) if len(centre) else 0.0
    known = float(np.mean(beliefs.offset_variance[:, 0])) if len(centre) else 0.0
    return pool_levels(fits, deployed, sigma_dep, beliefs.sigma_common, offset, known)


def row_scores(fits: Sequence[PairFit], deployed: Sequence[Deployed], beliefs: Beliefs) -> Floats:
    """Standard normal score of each row, shape ``(endpoints, metrics)``; NaN where it was not measured enough."""
    return pooled_rows(fits, deployed, beliefs).z(_MARGIN)


def suite_score(fits: Sequence[PairFit], deployed: Sequence[Deployed], beliefs: Beliefs) -> float:
    """The same of the suite as a whole; NaN with fewer than three rounds of most endpoints."""
    return float(pooled_suite(fits, deployed, beliefs).z(_MARGIN[0]))
