"""Levels of a search: met only if everything says so."""

from __future__ import annotations

import pytest

from gate.config.until import Until, parse_until
from gate.load.histogram import Histogram
from gate.load.job import JourneyResult, LaneResult, SegmentResult
from gate.measure.finding import hold_s, point_of

P95 = Until("p95", 0.1)


def len_s(measured: SegmentResult) -> float:
    """Ten requests a second were planned."""
    return measured.lanes["a"].planned / 10 or 1.0


def result(
    latencies: list[float], *, errors: int = 0, dropped: int = 0, elapsed_s: float | None = None
) -> SegmentResult:
    histogram = Histogram()
    for latency in latencies:
        histogram.record(latency)
    sent = len(latencies) + errors
    lane = LaneResult(
        planned=sent + dropped,
        sent=sent,
        dropped=dropped,
        completed=len(latencies),
        errors={"status_500": errors} if errors else {},
        histogram=histogram.counts(),
    )
    return SegmentResult({"a": lane}, elapsed_s=elapsed_s or len(latencies) / 10 or 1.0)


@pytest.mark.parametrize(
    ("measured", "until", "met"),
    [
        (result([0.05] * 100), P95, True),
        (result([0.05] * 94 + [0.5] * 6), P95, False),
        (result([0.05] * 96 + [0.5] * 4), P95, True),
        (result([0.05] * 100, errors=2), P95, False),
        (result([0.05] * 100, dropped=2), P95, False),
        (result([0.05] * 100, elapsed_s=12.0), P95, False),
        (result([]), P95, False),
        (result([0.05] * 98, errors=2), Until("error_rate", 0.05), True),
        (result([0.05] * 90, errors=10), Until("error_rate", 0.05), False),
        (result([0.1] * 50 + [0.3] * 50), Until("mean", 0.201), True),
        (result([0.1] * 50 + [0.3] * 50), Until("mean", 0.199), False),
        (result([0.05] * 99 + [0.5]), Until("max", 0.4), False),
    ],
)
def test_a_level_is_met_only_if_latency_errors_and_rate_say_so(measured, until, met):
    assert point_of(10.0, measured, until, held_s=len_s(measured)).met is met


def test_what_was_never_sent_is_counted_apart_from_answers_that_were_errors():
    point = point_of(10.0, result([0.05] * 90, errors=4, dropped=6), P95, held_s=10.0)
    assert (point.errors, point.dropped, point.error_ratio) == ({"status_500": 4}, 6, pytest.approx(0.1))


def test_users_set_their_own_pace():
    assert point_of(5, result([0.05] * 100, elapsed_s=100.0), P95, held_s=None).met


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("p95 <= 500ms", Until("p95", 0.5)),
        ("mean<=1s", Until("mean", 1)),
        ("error_rate <= 1%", Until("error_rate", 0.01)),
    ],
)
def test_conditions_are_written_as_people_write_them(text, until):
    assert parse_until(text) == until


@pytest.mark.parametrize(
    "text", ["p95 < 500ms", "p95 <= 500", "p95 <= 5%", "error_rate <= 5ms", "p42 <= 1s", "", 5, None]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ValueError, match=r"is (no condition|not a)"):
        parse_until(text)


def test_slow_levels_are_held_longer():
    assert hold_s(10.0, 5.0) == 20.0
    assert hold_s(100.0, 5.0) == 5.0
    assert hold_s(None, 5.0) == 5.0


def test_the_rate_of_a_level_is_its_own_and_not_the_chance_of_the_arrivals():
    """Of 95 arrivals that fell due by chance, and not 100, 94 were answered."""
    lucky = result([0.05] * 94, errors=1, elapsed_s=10.0)
    assert point_of(10.0, lucky, Until("error_rate", 0.1), held_s=10.0).rate_rps == pytest.approx(10.0 * 94 / 95)


def test_the_rate_of_a_level_that_was_not_kept_up_is_what_came():
    assert point_of(10.0, result([0.05] * 100, elapsed_s=20.0), P95, held_s=10.0).rate_rps == pytest.approx(5.0)


def test_the_rate_of_journeys_counts_all_their_answers():
    two_steps = result([0.05] * 200, elapsed_s=10.0)
    two_steps.journeys = {"visit": JourneyResult(begun=100)}
    assert point_of(10.0, two_steps, P95, held_s=10.0).rate_rps == pytest.approx(20.0)
