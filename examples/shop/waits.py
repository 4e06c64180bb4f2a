"""Waiting for a database on another machine: time that passes without work of this one.

``SHOP_WAIT_MS`` is the median wait of a request. Each wait is drawn anew from a log-normal distribution, so that a
server of the same code is never twice the same; an endpoint slowed by ``endpoint:wait:factor`` waits so many times as
long, median and tail alike.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from random import Random, SystemRandom

from variants import WAITING

SIGMA = 0.2
"""Standard deviation of the log of a wait: its p95 is 1.39 times its median."""


class Waits:
    """Makes requests wait.

    Parameters
    ----------
    median_s : float
        Median wait in seconds; 0 for none at all.
    factors : mapping of str to float
        How many times as long the slow endpoints wait.
    random : Random
        The system's by default: it has no state that workers forked from one process would share.
    sleep : callable
        Passes the time, given in seconds.
    """

    def __init__(
        self,
        median_s: float,
        factors: Mapping[str, float],
        random: Random | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._median_s, self._factors = median_s, factors
        self._random = random or SystemRandom()
        self._sleep = sleep

    def wait(self, endpoint: str | None) -> None:
        """Pass the time that one request to `endpoint` waits, if it asks the database at all."""
        if self._median_s > 0 and endpoint in WAITING:
            median_s = self._median_s * self._factors.get(endpoint, 1.0)
            self._sleep(self._random.lognormvariate(math.log(median_s), SIGMA))
