"""What one lane did, gathered request by request at little cost and constant memory."""

from __future__ import annotations

from array import array

from gate.load.histogram import record_many
from gate.load.job import PHASES, LaneResult

_BATCH = 512


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

    def __init__(self, *, keep_samples: bool) -> None:
        self.result = LaneResult()
        self._keep = keep_samples
        self._latency, self._first = Batch(), Batch()
        self._phases = {phase: Batch() for phase in PHASES}
        self._wait, self._receive = self._phases["wait"], self._phases["receive"]

    def completed(self, latency_s: float, service_s: float, wait_s: float, receive_s: float, size: int) -> None:
        """One answer as expected."""
        result = self.result
        result.completed += 1
        result.body_bytes += size
        if result.body_min is None or size < result.body_min:
            result.body_min = size
        if result.body_max is None or size > result.body_max:
            result.body_max = size
        self._latency.add(latency_s)
        self._wait.add(wait_s)
        self._receive.add(receive_s)
        if self._keep:
            result.samples.append(latency_s)
            result.service.append(service_s)

    def opened(self, latency_s: float, dns_s: float, connect_s: float, tls_s: float) -> None:
        """That answer came over a connection opened for it."""
        self._first.add(latency_s)
        for phase, seconds in (("dns", dns_s), ("connect", connect_s), ("tls", tls_s)):
            self._phases[phase].add(max(0.0, seconds))

    def failed(self, kind: str) -> None:
        """One answer not as expected, or none."""
        self.result.errors[kind] = self.result.errors.get(kind, 0) + 1

    def flush(self) -> LaneResult:
        """The result so far."""
        self.result.histogram = self._latency.flush()
        self.result.first = self._first.flush()
        self.result.phases = {phase: batch.flush() for phase, batch in self._phases.items()}
        return self.result
