"""What a scenario came to by now, stretch by stretch, and its answers by when they came, in bounded memory. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult
from gate.load.merge import one_after_the_other
from gate.load.periods import PeriodResult, side_by_side
from gate.measure.segments import part_of
from gate.record.scenario import PeriodRecord

MOST = 96
"""Periods of one scenario that are kept."""


@dataclass(frozen=True)
class Period:
    """Answers of a scenario over some time, in seconds of load since it began."""

    from_s: float
    to_s: float
    histogram: Histogram
    failed: int

    def with_next(self, later: Period) -> Period:
        """Both as one."""
        return Period(self.from_s, later.to_s, self.histogram + later.histogram, self.failed + later.failed)


class Course:
    """Periods of one scenario; whenever there are too many, they are joined to ones that are twice as long."""

    def __init__(self) -> None:
        self.periods: list[Period] = []
        self._least_s = 0.0

    def add(self, period: Period) -> None:
        """One more, later than those before."""
        self._append(period)
        if len(self.periods) > MOST:
            each_s = (self.periods[-1].to_s - self.periods[0].from_s) / len(self.periods)
            self._least_s = 2 * max(self._least_s, each_s)
            periods, self.periods = self.periods, []
            for old in periods:
                self._append(old)

    def _append(self, period: Period) -> None:
        last = self.periods[-1] if self.periods else None
        if last is not None and last.to_s - last.from_s < self._least_s:
            self.periods[-1] = last.with_next(period)
        else:
            self.periods.append(period)


class Endured:
    """Scenarios that run at the same time, as far as they came.

    Parameters
    ----------
    names : sequence of str
        Of the scenarios.
    """

    def __init__(self, suite: Suite, names: Sequence[str]) -> None:
        self._suite = suite
        self._names = tuple(names)
        self.result: SegmentResult | None = None
        self.courses = {name: Course() for name in names}

    def add(self, result: SegmentResult) -> None:
        """One more stretch."""
        begun_s = 0.0 if self.result is None else self.result.elapsed_s
        for name, course in self.courses.items():
            part = part_of(self._suite, self._names, name, result)
            for period in _periods(part.lanes.values(), begun_s, part.elapsed_s):
                course.add(period)
        for lane in result.lanes.values():
            lane.periods = []  # of several stretches they would be taken for those of the same time
        self.result = result if self.result is None else one_after_the_other([self.result, result])

    def periods(self, name: str) -> list[PeriodRecord]:
        """What is kept of the answers of one scenario."""
        return [_record(period) for period in self.courses[name].periods]


def _periods(lanes: Iterable[LaneResult], begun_s: float, elapsed_s: float) -> Iterator[Period]:
    """Of all lanes together; one that was cut off before its middle says too little."""
    each_s, found = 0.0, list[PeriodResult]()
    for lane in lanes:
        each_s, found = side_by_side(each_s, found, lane.period_s, lane.periods)
    for place, period in enumerate(found):
        from_s, to_s = place * each_s, min((place + 1) * each_s, elapsed_s)
        if to_s - from_s >= each_s / 2 and (period.histogram or period.failed):
            yield Period(begun_s + from_s, begun_s + to_s, Histogram(period.histogram), period.failed)


def _record(period: Period) -> PeriodRecord:
    n, times = period.histogram.n + period.failed, period.histogram
    return PeriodRecord(
        from_s=round(period.from_s, 3),
        to_s=round(period.to_s, 3),
        completed=times.n,
        failed=period.failed,
        p50_s=_quantile(times, 0.50 * n),
        p95_s=_quantile(times, 0.95 * n),
    )


def _quantile(times: Histogram, rank: float) -> float | None:
    """Of all requests, those that failed being slower than all others; one beyond these is told as the slowest."""
    value = times.quantile(min(1.0, rank / times.n)) if times.n else math.nan
    return None if math.isnan(value) else value
