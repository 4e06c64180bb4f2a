"""Latencies by the time at which they were answered, in a bounded number of periods. Pure.

A segment begins with periods of a second. Whenever there are too many, two become one, and so do those that follow: a
minute and a day take the same memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST = 48
FIRST_S = 1.0


@dataclass
class PeriodResult:
    """Answers of one lane in one period."""

    histogram: dict[int, int] = field(default_factory=dict)
    """Latencies of those that were as expected."""
    failed: int = 0


class Periods:
    """Periods of one lane while a segment runs."""

    def __init__(self) -> None:
        self.each_s = FIRST_S
        """Length of a period."""
        self.found = [PeriodResult()]

    @property
    def now(self) -> PeriodResult:
        """Where answers are counted."""
        return self.found[-1]

    def turn(self, now_s: float) -> None:
        """Begin the period of this instant since the start, if it has not begun; no instant is before another."""
        while now_s >= len(self.found) * self.each_s:
            self.found.append(PeriodResult())
            if len(self.found) > MOST:
                self.found, self.each_s = in_pairs(self.found), 2 * self.each_s


def in_pairs(periods: Sequence[PeriodResult]) -> list[PeriodResult]:
    """Two become one; the last of an odd number stays."""
    return [together(periods[begin : begin + 2]) for begin in range(0, len(periods), 2)]


def together(periods: Sequence[PeriodResult]) -> PeriodResult:
    """One of several."""
    histogram: Counter[int] = Counter()
    for period in periods:
        histogram.update(period.histogram)
    return PeriodResult(dict(histogram), sum(period.failed for period in periods))


def side_by_side(
    a_s: float, a: Sequence[PeriodResult], b_s: float, b: Sequence[PeriodResult]
) -> tuple[float, list[PeriodResult]]:
    """Periods of the same time by two workers or of two lanes; of none the others.

    Their lengths differ by powers of two at most: the shorter are joined first.
    """
    if not a or not b:
        return (a_s, list(a)) if a else (b_s, list(b))
    while a_s < b_s:
        a_s, a = 2 * a_s, in_pairs(a)
    while b_s < a_s:
        b_s, b = 2 * b_s, in_pairs(b)
    most = max(len(a), len(b))
    return a_s, [together([*a[place : place + 1], *b[place : place + 1]]) for place in range(most)]
