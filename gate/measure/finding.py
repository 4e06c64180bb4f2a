"""One level of a search for capacity: from what was measured at it to whether it met the condition. Pure."""

from __future__ import annotations

from collections import Counter

from gate.config.until import Until
from gate.load.histogram import Histogram
from gate.load.job import SegmentResult
from gate.measure.search import Point

KEPT_UP = 0.95
"""Share of the rate asked for that has to be answered as expected; below it the preview falls behind."""
ERRORS = 0.01
"""Share of errors beyond which a level is never met, whatever the condition says of latency."""
LEAST_REQUESTS = 200
"""At a level, for a p95 that means something: ten requests lie beyond it."""


def point_of(level: float, result: SegmentResult, until: Until, *, held_s: float | None) -> Point:
    """What one level came to; what cannot be compared counts as missed.

    Parameters
    ----------
    held_s : float, optional
        For a rate: seconds in which all requests fell due. Their number is chance, so the rate that was asked for is
        theirs, not the level's. None for users, who set their own pace.
    """
    lanes = result.lanes.values()
    latency = sum((Histogram(lane.histogram) for lane in lanes), Histogram())
    sent, planned = sum(lane.sent for lane in lanes), sum(lane.planned for lane in lanes)
    failed = sum(sum(lane.errors.values()) for lane in lanes) + planned - sent
    error_ratio = failed / planned if planned else 1.0
    rate_rps = latency.n / result.elapsed_s if result.elapsed_s > 0 else 0.0
    keeps_up = held_s is None or rate_rps >= KEPT_UP * planned / held_s
    if held_s is not None and keeps_up:
        # How many arrivals fell into the time is chance; what each of them got is not.
        begun = sum(journey.begun for journey in result.journeys.values()) or planned
        rate_rps = level * latency.n / begun if begun else 0.0
    most_errors = until.most if until.statistic == "error_rate" else ERRORS
    is_fast = until.statistic == "error_rate" or _value(latency, until.statistic) <= until.most
    return Point(
        level=level,
        rate_rps=rate_rps,
        p50_s=latency.quantile(0.5),
        p95_s=latency.quantile(0.95),
        error_ratio=error_ratio,
        met=bool(latency.n and keeps_up and is_fast and error_ratio <= most_errors),
        mean_s=latency.mean(),
        errors=errors_of(result),
        dropped=sum(lane.dropped for lane in lanes),
    )


def errors_of(result: SegmentResult) -> dict[str, int]:
    """Answers that were not as expected, by kind."""
    return dict(sorted(sum((Counter(lane.errors) for lane in result.lanes.values()), Counter()).items()))


def _value(latency: Histogram, statistic: str) -> float:
    if statistic == "mean":
        return latency.mean()
    return latency.quantile(1.0 if statistic == "max" else int(statistic.removeprefix("p")) / 100)


def hold_s(rate_rps: float | None, for_s: float) -> float:
    """How long to stay at a level: as asked, longer where that would be too few requests."""
    return for_s if rate_rps is None else max(for_s, LEAST_REQUESTS / rate_rps)
