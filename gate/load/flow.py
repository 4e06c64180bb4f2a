"""One schedule in motion: what falls due when, who asks next, and what a journey has learnt so far."""

from __future__ import annotations

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
    """One arrival, or one turn of a user: a single request, or a journey with cookies and values of its own."""

    __slots__ = ("begun", "cookies", "flow", "hops", "journey", "line", "step", "user", "values")

    def __init__(self, flow: Flow[L], user: int, line: L, journey: Journey | None) -> None:
        self.flow = flow
        self.user = user
        self.line = line
        """Of the step that is due."""
        self.journey = journey
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
        if self.is_open:
            yield from self.next_open()
        elif self.schedule.count is None:
            for user in range(self._part, math.ceil(self._course.peak), self._parts):
                yield from self._turn(user, 0.0)
        elif self._part == 0:  # a fixed count is too small to share
            for user in range(math.ceil(self._course.peak)):
                yield from self._turn(user, 0.0)

    def next_open(self) -> Iterator[tuple[float, int]]:
        """The arrival after one that fell due."""
        return ((instant, 0) for instant in itertools.islice(self._open, 1))

    def next_closed(self, user: int, now: float) -> Iterator[tuple[float, int]]:
        """When the user whose visit ended comes again."""
        return iter(()) if self.is_open else self._turn(user, now + self.schedule.think_s)

    def _turn(self, user: int, from_s: float) -> Iterator[tuple[float, int]]:
        due = self._course.reaches(user + 1, from_s)
        if due is not None and self._left > 0:
            self._left -= 1
            yield due, user

    def visit(self, user: int) -> Visit[L]:
        """What is asked next."""
        if len(self._choices) == 1:
            line, journey = self._choices[0]
        else:
            (line, journey), *_ = self.random.choices(self._choices, cum_weights=self._weights)
        return Visit(self, user, line, journey)

    def line_of(self, journey: Journey, step: int) -> L:
        """The lane of a later step."""
        return self._lines[journey.steps[step]]

    def sum_up(self) -> dict[str, JourneyResult]:
        """Results of the journeys so far."""
        for name, journey in self.journeys.items():
            journey.histogram = self.latencies[name].flush()
        return self.journeys
