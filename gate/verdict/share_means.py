"""Means of shares of what happened since the reading before, such as the hits of a cache. Pure."""

from __future__ import annotations

import math
from itertools import pairwise

from gate.record.telemetry import Series

WITNESSES = {"postgres.cache_hit": "postgres.connections", "redis.hit_ratio": "redis.clients"}
"""These shares have no value where nothing happened. That is no hole: whether the source was read is seen by what it
always says."""


def mean_share(series: Series, from_s: float = -math.inf, to_s: float = math.inf) -> float:
    """Mean of such a share in some time, each weighed by the requests that were answered since the reading before it.

    How many look-ups a share is of is not kept. By requests it is told nearly as it is over all of them; a plain mean
    would have a second in which the gate alone asked three things count as much as one in which a thousand were asked.

    Returns
    -------
    float
        NaN where nothing was answered: then no reading counts more than another.
    """
    readings = list(zip(series.at_s, series.values, series.answered, strict=False))
    weighed = [
        (value, answered - before)
        for (_, _, before), (at_s, value, answered) in pairwise([(-math.inf, 0.0, 0), *readings])
        if from_s <= at_s <= to_s
    ]
    whole = math.fsum(weight for _, weight in weighed)
    return math.fsum(value * weight for value, weight in weighed) / whole if whole > 0 else math.nan
