"""What the answers of one lane said of their server, counted in constant memory."""

from __future__ import annotations

from gate.load.job import ServerResult
from gate.load.server_timing import TIMES, UNREAD, said_by
from gate.load.tally import Batch

MORE_QUERIES = 1001
"""Numbers from here on are counted as this one; sum, least and most stay exact."""


class ServerTally:
    """Counters of one lane while a segment runs."""

    def __init__(self) -> None:
        self._result = ServerResult()
        self._times = {name: Batch() for name in TIMES}

    def take(self, head: bytes) -> None:
        """Count one answer as expected, by its header lines."""
        result = self._result
        result.looked += 1
        said = said_by(head)
        if said is None:
            return
        if said is UNREAD:
            result.unread += 1
            return
        result.told += 1
        for name, seconds in said.times_s.items():
            self._times[name].add(seconds)
        number = said.queries
        if number is not None:
            kept = min(number, MORE_QUERIES)
            result.queries[kept] = result.queries.get(kept, 0) + 1
            result.queries_sum += number
            result.queries_min = number if result.queries_min is None else min(number, result.queries_min)
            result.queries_max = number if result.queries_max is None else max(number, result.queries_max)

    def flush(self) -> ServerResult:
        """The result so far."""
        self._result.times = {name: counts for name, batch in self._times.items() if (counts := batch.flush())}
        return self._result
