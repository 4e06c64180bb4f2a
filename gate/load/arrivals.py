"""When requests are due: schedules as iterators of seconds since the start of a segment.

Pure. The same seed gives the same schedule, so both arms of a comparison meet the same bursts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random


def poisson(rate_rps: float, seed: int, *, count: int | None = None, for_s: float | None = None) -> Iterator[float]:
    """Arrivals of a Poisson process: independent exponential gaps with mean ``1 / rate_rps``.

    Parameters
    ----------
    rate_rps : float
        Mean arrivals per second, above zero.
    seed : int
        Fixes the schedule.
    count : int, optional
        End after so many arrivals.
    for_s : float, optional
        End before this instant.

    Yields
    ------
    float
        Seconds since the start, increasing.

    References
    ----------
    Kingman, J. F. C. (1993). Poisson Processes, section 4.1 (interval theorem).
    """
    gaps = Random(seed)
    instants: Iterator[float] = itertools.accumulate(gaps.expovariate(rate_rps) for _ in itertools.count())
    if for_s is not None:
        instants = itertools.takewhile(lambda instant: instant < for_s, instants)
    return itertools.islice(instants, count)
