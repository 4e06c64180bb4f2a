"""The gate's side of the load workers: how many it takes, dealing segments out, putting results together."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from gate.errors import NotMeasured
from gate.load.job import Segment, SegmentResult
from gate.load.listening import OVERTIME_S, SILENCE_S, Patience, answers
from gate.load.merge import merged
from gate.load.pipe import CAPACITY, LET_GO, from_line, segment_lines
from gate.load.process import Process
from gate.load.progress import Progress, together

SAFE_SHARE = 1 / 3
"""Of its own capacity that a worker is loaded with; beyond, the tail it measures is partly its own."""


SALVAGE_S = 0.7
"""Patience with workers after a signal: the whole gate ends within a second."""


class Engine:
    """Load workers; use as a context manager. The first is started at once, others when a segment needs them.

    Parameters
    ----------
    most_workers : int, optional
        By default as many as there are cores.
    silence_s : float
        A worker of which nothing is heard for so long is given up.
    """

    def __init__(self, most_workers: int | None = None, silence_s: float = SILENCE_S) -> None:
        self._most = most_workers or len(os.sched_getaffinity(0))
        self._silence_s = silence_s
        self._workers: list[Process] = []
        self._capacity_rps: float | None = None
        self._busy: list[Process] = []

    def __enter__(self) -> Self:
        self._workers.append(Process(self._silence_s))
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
            If the worker died or does not answer.
        """
        if self._capacity_rps is None:
            self._busy = self._workers[:1]
            self._busy[0].write(CAPACITY)
            (told,) = answers(self._busy, Patience(self._silence_s), _ignore)
            self._busy = []
            self._capacity_rps = float(told)
        return self._capacity_rps

    @property
    def known_capacity_rps(self) -> float | None:
        """The same, if it was measured."""
        return self._capacity_rps

    def truthful_rps(self) -> float:
        """Requests per second that one worker sends in time, whatever else the runner does."""
        return SAFE_SHARE * self.capacity_rps()

    def most_rps(self) -> float:
        """Requests per second that all workers together send in time."""
        return self._most * self.truthful_rps()

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
            If a worker died, is silent or does not end; nothing of the segment may be used then.
        """
        while len(self._workers) < workers:
            self._workers.append(Process(self._silence_s))
        self._busy = self._workers[:workers]
        for part, worker in enumerate(self._busy):
            for line in segment_lines(replace(segment, part=part, parts=workers), worker.known_rows):
                worker.write(line)
        whole_s = math.inf if segment.deadline_s is None else segment.deadline_s + OVERTIME_S
        standing: dict[Process, Progress] = {}

        def told(worker: Process, rest: str) -> None:
            if tell is not None:
                standing[worker] = from_line(Progress, rest)
                tell(together(standing.values()))

        return self._heard(Patience(self._silence_s, whole_s), told)

    def let_go(self) -> None:
        """Have all connections closed that are kept between segments: at rest the preview holds none for the gate.

        Raises
        ------
        NotMeasured
            If a worker died.
        """
        for worker in self._workers:
            worker.write(LET_GO)

    def salvage(self) -> SegmentResult | None:
        """After ``run`` was broken off by an exception: what was measured by then, if the workers say so in time."""
        if not self._busy:
            return None
        for worker in self._busy:
            worker.stop()
        try:
            return self._heard(Patience(SALVAGE_S, SALVAGE_S), _ignore)
        except NotMeasured:
            return None

    def _heard(self, patience: Patience, tell: Callable[[Process, str], None]) -> SegmentResult:
        results = [from_line(SegmentResult, answer) for answer in answers(self._busy, patience, tell)]
        self._busy = []
        return merged(results)


def _ignore(_worker: Process, _told: str) -> None:
    """Nobody watches."""
