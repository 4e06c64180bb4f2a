"""What one lane did, gathered request by request at little cost and constant memory."""

from __future__ import annotations

from array import array
from collections import defaultdict

import numpy as np

from gate.load.histogram import record_many
from gate.load.job import PHASES, LaneResult
from gate.load.periods import Periods

_BATCH = 512
_COLUMNS = 5


class Batch:
    """Latencies that wait to be counted: counting them one by one costs more than sending the requests."""

    __slots__ = ("_waiting", "counts")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        """By bucket, as of the last flush."""
        self._waiting = array("d")

    def add(self, seconds: float) -> None:
        """Take one; counting a full batch takes well below a millisecond."""
        self._waiting.append(seconds)
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> dict[int, int]:
        """Count what waits."""
        if self._waiting:
            record_many(self.counts, self._waiting)
            del self._waiting[:]
        return self.counts


class Tally:
    """Counters and histograms of one lane while a segment runs."""

    def __init__(self, *, keep_samples: bool, keep_periods: bool = False) -> None:
        self.result = LaneResult()
        self._periods = Periods() if keep_periods else None
        self.statuses: dict[int, int] = defaultdict(int)
        """Answers by status; 0 without one."""
        self.protocols: dict[str, int] = defaultdict(int)
        """Completed answers by version of HTTP."""
        self._keep = keep_samples
        self._answers = array("d")
        """Latency, service, wait, receive (seconds) and bytes of each answer that waits to be counted."""
        self._first = Batch()
        self._phases = {phase: Batch() for phase in PHASES}

    def completed(self, latency_s: float, service_s: float, wait_s: float, receive_s: float, size: int) -> None:
        """One answer as expected; a phase below zero took no time."""
        self._answers.extend((latency_s, service_s, wait_s, receive_s, size))
        if len(self._answers) >= _BATCH * _COLUMNS:
            self._count()

    def _count(self) -> None:
        """Count the answers that wait."""
        latency_s, service_s, wait_s, receive_s, sizes = np.frombuffer(self._answers).reshape(-1, _COLUMNS).T
        result = self.result
        result.completed += len(sizes)
        result.body_bytes += int(sizes.sum())
        least, most = int(sizes.min()), int(sizes.max())
        result.body_min = least if result.body_min is None else min(least, result.body_min)
        result.body_max = most if result.body_max is None else max(most, result.body_max)
        record_many(result.histogram, latency_s)
        if self._periods is not None:
            record_many(self._periods.now.histogram, latency_s)
        record_many(self._phases["wait"].counts, np.maximum(wait_s, 0.0))
        record_many(self._phases["receive"].counts, np.maximum(receive_s, 0.0))
        if self._keep:
            result.samples.extend(latency_s.tolist())
            result.service.extend(service_s.tolist())
        self._answers = array("d")  # numpy still holds the other

    def opened(self, latency_s: float, dns_s: float, connect_s: float, tls_s: float) -> None:
        """That answer came over a connection opened for it."""
        self._first.add(latency_s)
        for phase, seconds in (("dns", dns_s), ("connect", connect_s), ("tls", tls_s)):
            self._phases[phase].add(max(0.0, seconds))

    def failed(self, kind: str) -> None:
        """One answer not as expected, or none."""
        self.result.errors[kind] = self.result.errors.get(kind, 0) + 1
        if self._periods is not None:
            self._periods.now.failed += 1

    def flush(self, now_s: float = 0.0) -> LaneResult:
        """The result so far; what is answered from now on may be of another period."""
        if self._answers:
            self._count()
        if self._periods is not None:
            self._periods.turn(now_s)
            self.result.period_s, self.result.periods = self._periods.each_s, self._periods.found
        self.result.statuses = {str(status): count for status, count in self.statuses.items()}
        self.result.protocols = dict(self.protocols)
        self.result.first = self._first.flush()
        self.result.phases = {phase: batch.flush() for phase, batch in self._phases.items()}
        return self.result
