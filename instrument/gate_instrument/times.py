"""Durations summed up in constant memory."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets, seconds; the last bucket has none."""


class Times:
    """Number, sum, largest, and a histogram of durations in seconds; guarded by whoever holds it."""

    __slots__ = ("buckets", "count", "max_s", "sum_s")

    def __init__(self) -> None:
        self.count = 0
        self.sum_s = 0.0
        self.max_s = 0.0
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        """Each alone, not cumulative."""

    def add(self, seconds: float) -> None:
        """Take one."""
        self.count += 1
        self.sum_s += seconds
        self.max_s = max(self.max_s, seconds)
        self.buckets[bisect_left(BOUNDS_S, seconds)] += 1

    def add_all(self, other: Times) -> None:
        """Take those of another."""
        self.count += other.count
        self.sum_s += other.sum_s
        self.max_s = max(self.max_s, other.max_s)
        for place, count in enumerate(other.buckets):
            self.buckets[place] += count
