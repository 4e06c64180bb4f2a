"""Limits of what a client may send: how much at once, how often in a second."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

MOST_BYTES = 64 * 1024
"""Of a body."""


class RateLimit:
    """Counts the requests of every client in the second that passes; each worker for itself.

    Parameters
    ----------
    most_rps : int
        Requests of one client that are let through in each second.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, most_rps: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_rps, self._clock = most_rps, clock
        self._lock, self._second = threading.Lock(), 0
        self._counts: Counter[str] = Counter()

    def exceeded_by(self, client: str) -> bool:
        """Count one request; whether it is one too many."""
        second = int(self._clock())
        with self._lock:
            if second != self._second:
                # What is counted is forgotten with its second, so that many clients do not fill the memory.
                self._second, self._counts = second, Counter()
            self._counts[client] += 1
            return self._counts[client] > self._most_rps
