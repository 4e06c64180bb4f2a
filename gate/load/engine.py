"""The gate's side of the load workers: how many it takes, dealing segments out, putting results together."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from gate.errors import NotMeasured
from gate.load.job import Segment, SegmentResult
from gate.load.merge import merged
from gate.load.pipe import CAPACITY, from_line, segment_lines
from gate.load.process import Process
from gate.load.progress import Progress, together

SAFE_SHARE = 1 / 3
"""Of its own capacity that a worker is loaded with; beyond, the tail it measures is partly its own."""


SALVAGE_S = 0.7
"""Patience with workers after a signal: the whole gate ends within a second."""


class Engine:
    """Load workers; use as a context manager. The first is started at once, others when a segment needs them."""

    def __init__(self, most_workers: int | None = None) -> None:
        self._most = most_workers or len(os.sched_getaffinity(0))
        self._workers: list[Process] = []
        self._capacity_rps: float | None = None
        self._busy: list[Process] = []

    def __enter__(self) -> Self:
        self._workers.append(Process())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whoever still has a segment under way does not listen.
        for worker in self._workers:
            worker.end(at_once=kind is not None or worker in self._busy)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.pid for worker in self._workers]

    def capacity_rps(self) -> float:
        """Requests per second that would keep one worker wholly busy; measured once, in half a second.

        Raises
        ------
        NotMeasured
            If the worker died.
        """
        if self._capacity_rps is None:
            worker = self._workers[0]
            worker.write(CAPACITY)
            lines: list[str] = []
            while not lines:
                lines = [line for line in worker.lines() if line.startswith("result ")]
            self._capacity_rps = float(lines[0].partition(" ")[2])
        return self._capacity_rps

    @property
    def known_capacity_rps(self) -> float | None:
        """The same, if it was measured."""
        return self._capacity_rps

    def truthful_rps(self) -> float:
        """Requests per second that one worker sends in time, whatever else the runner does."""
        return SAFE_SHARE * self.capacity_rps()

    def workers_for(self, rate_rps: float) -> int:
        """How many workers keep each below a third of its capacity.

        Raises
        ------
        NotMeasured
            If this machine cannot do it.
        """
        each_rps = self.truthful_rps()
        wanted = max(1, -int(-rate_rps // each_rps)) if each_rps > 0 else self._most + 1
        if not wanted <= self._most:
            raise NotMeasured(
                f"the load generator can send {self._most * each_rps:.0f} requests per second truthfully on this"
                f" runner, a third of what keeps its {self._most} cores busy; the suite asks for {rate_rps:.0f}",
                "lower the rate, or use a larger runner",
            )
        return wanted

    def run(
        self, segment: Segment, *, workers: int = 1, tell: Callable[[Progress], None] | None = None
    ) -> SegmentResult:
        """Drive one segment.

        Parameters
        ----------
        workers : int
            Processes to deal it out to.
        tell : callable, optional
            Called about once a second with how it stands.

        Raises
        ------
        NotMeasured
            If a worker died; nothing of the segment may be used then.
        """
        while len(self._workers) < workers:
            self._workers.append(Process())
        chosen = self._workers[:workers]
        for part, worker in enumerate(chosen):
            for line in segment_lines(replace(segment, part=part, parts=workers), worker.known_rows):
                worker.write(line)
        self._busy = chosen
        results = _results(chosen, tell)
        self._busy = []
        return merged(results)

    def salvage(self) -> SegmentResult | None:
        """After ``run`` was broken off by an exception: what was measured by then, if the workers say so in time."""
        for worker in self._busy:
            worker.stop()
        try:
            result = merged(_results(self._busy, None, patience_s=SALVAGE_S)) if self._busy else None
        except NotMeasured:
            return None
        self._busy = []
        return result


def _results(
    workers: list[Process], tell: Callable[[Progress], None] | None, patience_s: float | None = None
) -> list[SegmentResult]:
    results: dict[int, SegmentResult] = {}
    standing: dict[int, Progress] = {}
    with selectors.DefaultSelector() as selector:
        for part, worker in enumerate(workers):
            selector.register(worker, selectors.EVENT_READ, part)
        while len(results) < len(workers):
            ready = selector.select(patience_s)
            if not ready:
                raise NotMeasured("the load workers do not answer")
            for key, _ in ready:
                part = key.data
                for line in workers[part].lines():
                    word, _, rest = line.partition(" ")
                    if word == "result":
                        results[part] = from_line(SegmentResult, rest)
                        selector.unregister(key.fileobj)
                    elif tell is not None:
                        standing[part] = from_line(Progress, rest)
                        tell(together(standing.values()))
    return [results[part] for part in sorted(results)]
