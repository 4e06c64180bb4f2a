"""When requests are due: schedules as iterators of seconds since the start of a segment.

Pure. A level is a rate (requests per second) or a number of users; a course is what it does over time, stage after
stage, each a straight line. The same seed gives the same schedule, so both arms of a comparison meet the same bursts.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Spacing = Literal["poisson", "even", "exact"]


@dataclass(frozen=True)
class Stage:
    """A stretch in which the level goes straight from ``start`` to ``end``; ``for_s`` may be infinite if they agree."""

    start: float
    end: float
    for_s: float


class Course:
    """A level over time, with its integral and the inverse of that.

    Parameters
    ----------
    stages : sequence of Stage
        One after the other; after the last the level is zero.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self._begins = [0.0, *itertools.accumulate(stage.for_s for stage in self.stages)]
        areas = [
            stage.start * stage.for_s if stage.start == stage.end else (stage.start + stage.end) / 2 * stage.for_s
            for stage in self.stages
        ]
        self._areas = [0.0, *itertools.accumulate(areas)]

    @property
    def length_s(self) -> float:
        """End of the last stage."""
        return self._begins[-1]

    @property
    def total(self) -> float:
        """Integral over all stages: arrivals to expect of a rate."""
        return self._areas[-1]

    @property
    def peak(self) -> float:
        """The highest level."""
        return max((max(stage.start, stage.end) for stage in self.stages), default=0.0)

    def level(self, at_s: float) -> float:
        """Level at an instant; zero after the end."""
        if not 0 <= at_s < self.length_s:
            return 0.0
        number = bisect.bisect_right(self._begins, at_s) - 1
        stage = self.stages[number]
        if stage.start == stage.end:
            return stage.start
        return stage.start + (stage.end - stage.start) * (at_s - self._begins[number]) / stage.for_s

    def reaches(self, level: float, from_s: float) -> float | None:
        """The first instant at or after ``from_s`` at which the level is at least ``level``; None if there is none."""
        if len(self.stages) == 1 and self.stages[0].start == self.stages[0].end:  # asked once for each turn of a user
            return from_s if from_s < self.stages[0].for_s and self.stages[0].start >= level else None
        for stage, begin in zip(self.stages, self._begins, strict=False):
            at = max(begin, from_s)
            if at >= begin + stage.for_s:
                continue
            if self.level(at) >= level:
                return at
            if stage.end >= level > stage.start:
                return begin + (level - stage.start) / (stage.end - stage.start) * stage.for_s
        return None

    def instant(self, area: float) -> float:
        """The instant at which the integral reaches ``area``; infinite if it never does.

        Within a stage the integral is ``a t + b t^2 / 2``; its root is written so that a small slope loses no digits.
        """
        if not area < self.total:
            return math.inf
        number = bisect.bisect_right(self._areas, area) - 1
        stage, left = self.stages[number], area - self._areas[number]
        slope = 0.0 if stage.start == stage.end else (stage.end - stage.start) / stage.for_s
        root = math.sqrt(max(0.0, stage.start * stage.start + 2 * slope * left))
        return self._begins[number] + (2 * left / (stage.start + root) if left else 0.0)


def constant(level: float, for_s: float = math.inf) -> Course:
    """A level that stays."""
    return Course([Stage(level, level, for_s)])


def arrivals(course: Course, seed: int, *, spacing: Spacing = "poisson", count: int | None = None) -> Iterator[float]:
    """Arrivals at a rate that follows a course.

    Unit arrivals, a Poisson process of rate one or the middles of unit intervals, are mapped through the inverse of the
    integrated rate.

    Parameters
    ----------
    course : Course
        Rate in requests per second over time.
    seed : int
        Fixes the schedule.
    spacing : {"poisson", "even", "exact"}
        Independent exponential gaps as of many users, or gaps as equal as the rate; or ``exact``, a Poisson process
        that is known to have as many arrivals as are to be expected: as bursty, without the luck of their number. Only
        of a course that ends.
    count : int, optional
        End after so many arrivals.

    Yields
    ------
    float
        Seconds since the start, not decreasing.

    References
    ----------
    Kingman, J. F. C. (1993). Poisson Processes, section 4.5 (mapping theorem), section 2.4 (given their number, the
    points are independent and uniform).
    """
    draw = Random(seed)
    if spacing == "exact":
        below = math.nextafter(course.total, 0.0)
        areas: Iterable[float] = sorted(min(below, draw.random() * course.total) for _ in range(round(course.total)))
    else:
        gaps = (draw.expovariate(1.0) for _ in itertools.count()) if spacing == "poisson" else _even_gaps()
        areas = itertools.accumulate(gaps)
    return itertools.islice(itertools.takewhile(math.isfinite, map(course.instant, areas)), count)


def _even_gaps() -> Iterator[float]:
    yield 0.5
    yield from itertools.repeat(1.0)


def share(instants: Iterator[float], part: int, parts: int) -> Iterator[float]:
    """Every ``parts``-th arrival, from the ``part``-th on: the shares of all workers are the whole schedule."""
    return itertools.islice(instants, part, None, parts)
