"""How often a client may ask."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable

WINDOW_S = 60


class Throttle:
    """Counts the requests of every client in the minute that passes.

    The console is one process, so its memory is the cache that counts; more processes would have to share one.

    Parameters
    ----------
    most : int or None
        Requests of one client that are let through in each minute; None lets all through.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, most: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._ends_s = 0.0
        self._counts: Counter[str] = Counter()

    def wait_s(self, client: str) -> int | None:
        """Count one request; None lets it through, else whole seconds until the next minute, never zero."""
        if self._most is None:
            return None
        now_s = self._clock()
        if now_s >= self._ends_s:
            # What is counted is forgotten with its minute, so that many clients do not fill the memory.
            self._ends_s, self._counts = now_s + WINDOW_S, Counter()
        self._counts[client] += 1
        return math.ceil(self._ends_s - now_s) if self._counts[client] > self._most else None

    def flush(self) -> None:
        """Forget what was counted."""
        self._counts.clear()
