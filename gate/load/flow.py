"""One schedule in motion: what falls due when, who asks next, and what a journey has learnt so far."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator
from random import Random
from typing import Generic, TypeVar

from gate.load import arrivals
from gate.load.job import Journey, JourneyResult, Segment, Stream
from gate.load.tally import Batch

L = TypeVar("L")
"""A lane in motion: of requests or of WebSockets."""


class Visit(Generic[L]):
    """One arrival, or one user turn after turn: single requests, or journeys with cookies and values of their own."""

    __slots__ = ("begun", "cookies", "flow", "hops", "journey", "line", "step", "user", "values")

    line: L
    """Of the step that is due; set when a turn begins."""

    def __init__(self, flow: Flow[L], user: int) -> None:
        self.flow = flow
        self.user = user
        self.journey: Journey | None = None
        self.step = 0
        self.begun = 0.0
        self.hops = 0
        """Redirects followed in this step."""
        self.values: dict[str, object] = {}
        self.cookies: list[str] = []


class Flow(Generic[L]):
    """Due instants of one stream: of an open rate, or of users who each wait for their answers."""

    def __init__(self, stream: Stream, lines: dict[str, L], segment: Segment) -> None:
        self.schedule = stream.schedule
        self.journeys = {journey.name: JourneyResult() for journey in stream.journeys}
        self.latencies = {name: Batch() for name in self.journeys}
        self.random = Random(stream.schedule.seed if segment.parts == 1 else f"{stream.schedule.seed}/{segment.part}")
        self.is_open = stream.schedule.is_open
        self._lines = lines
        self._choices: list[tuple[L, Journey | None]] = [
            (lines[journey.steps[0]], journey) for journey in stream.journeys
        ] or [(lines[lane.name], None) for lane in stream.lanes]
        members = stream.journeys or stream.lanes
        self._weights = list(itertools.accumulate(member.weight for member in members))
        self._think_s = stream.schedule.think_s
        self._course = stream.schedule.course
        self._part, self._parts = segment.part, segment.parts
        self._left = math.inf if stream.schedule.count is None else stream.schedule.count
        self._open: Iterator[float] = iter(())
        if self.is_open:
            whole = arrivals.arrivals(
                self._course, stream.schedule.seed, spacing=stream.schedule.spacing, count=stream.schedule.count
            )
            self._open = arrivals.share(whole, segment.part, segment.parts)

    def first(self) -> Iterator[tuple[float, int]]:
        """Instants of the first requests, each with its user."""
        for user in self._users():
            due = self.next_open() if self.is_open else self._turn(user, self._phase_s(user))
            if due is not None:
                yield due, user

    def _phase_s(self, user: int) -> float:
        """When a user who thinks asks first: somewhere in a pause, as those who were there before.

        All at once they would wait for each other, and go on in step for as long as answers take less than a pause.
        """
        most_s = min(self._think_s, self._course.length_s)
        is_counted = self.schedule.count is not None
        return 0.0 if is_counted or not most_s > 0 else most_s * Random(f"{self.schedule.seed}/{user}").random()

    def _users(self) -> range:
        """Those of this worker; arrivals of a rate come from one."""
        if self.is_open:
            return range(1)
        if self.schedule.count is None:
            return range(self._part, math.ceil(self._course.peak), self._parts)
        # A fixed count is too small to share.
        return range(math.ceil(self._course.peak)) if self._part == 0 else range(0)

    def next_open(self) -> float | None:
        """When the arrival after one that fell due is due; None after the last."""
        return next(self._open, None)

    def next_closed(self, user: int, now: float) -> float | None:
        """When the user whose visit ended comes again; None if not, as ever in the open model."""
        return None if self.is_open else self._turn(user, now + self._think_s)

    def _turn(self, user: int, from_s: float) -> float | None:
        due = self._course.reaches(user + 1, from_s) if self._left > 0 else None
        if due is not None:
            self._left -= 1
        return due

    def begin(self, visit: Visit[L]) -> None:
        """Choose what a visit asks in this turn."""
        if len(self._choices) == 1:
            line, journey = self._choices[0]
        else:
            at = self.random.random() * self._weights[-1]
            line, journey = self._choices[bisect.bisect(self._weights, at, hi=len(self._weights) - 1)]
        visit.line, visit.journey, visit.step, visit.hops = line, journey, 0, 0
        if journey is not None:
            visit.values, visit.cookies = {}, []

    def go_on(self, visit: Visit[L]) -> None:
        """Turn to the next step of a visit's journey."""
        if visit.journey is not None:
            visit.step += 1
            visit.hops = 0
            visit.line = self._lines[visit.journey.steps[visit.step]]

    def sum_up(self) -> dict[str, JourneyResult]:
        """Results of the journeys so far."""
        for name, journey in self.journeys.items():
            journey.histogram = self.latencies[name].flush()
        return self.journeys
