"""A long scenario, stretch by stretch: counts add up, periods follow each other, and a day is kept in a hundred."""

from __future__ import annotations

import pytest

from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult
from gate.load.periods import PeriodResult
from gate.measure.endured import MOST, Course, Endured, Period
from gate.measure.expiry import login_record, refused_notices
from tests.builders import suite_of

SUITE = """
identities:
  user: {login: [{request: POST /login, extract: {token: $.token}}], headers: {X-Token: "{token}"}}
  known: {headers: {X-Token: "fixed"}}
scenarios:
  long: {load: {rate: 5/s, for: 1h, stretch: 10m}, mix: {mine: 1, home: 1}}
"""


@pytest.fixture
def suite():
    text = "endpoints: {home: GET /, mine: {request: GET /mine, identity: user}}\n"
    return suite_of(SUITE + text, ())


def counts(seconds: float, times: int) -> dict[int, int]:
    histogram = Histogram()
    for _ in range(times):
        histogram.record(seconds)
    return histogram.counts()


def stretch(seconds: float, failed: int = 0) -> SegmentResult:
    """Ten minutes in periods of 16 seconds, the last of which is cut off."""
    periods = [PeriodResult(counts(seconds, 10), failed) for _ in range(38)]
    lanes = {}
    for name in ("long/mine", "long/home"):
        of_both = [PeriodResult(dict(period.histogram), period.failed) for period in periods]
        errors = {"status_401": 38 * failed} if failed else {}
        lanes[name] = LaneResult(sent=380, completed=380, errors=errors, period_s=16.0, periods=of_both)
    return SegmentResult(lanes, elapsed_s=600.0)


def test_counts_add_up_and_periods_follow_each_other(suite):
    endured = Endured(suite, ["long"])
    for seconds in (0.010, 0.020, 0.040):
        endured.add(stretch(seconds))
    assert endured.result.elapsed_s == 1800
    assert endured.result.lanes["long/mine"].completed == 3 * 380
    assert endured.result.lanes["long/mine"].periods == []
    periods = endured.periods("long")
    assert sum(period.completed for period in periods) == 2 * 10 * 3 * 38
    assert [period.from_s for period in periods] == sorted(period.from_s for period in periods)
    assert all(period.to_s > period.from_s for period in periods)
    assert periods[0].p50_s == pytest.approx(0.010, rel=1e-3)
    assert periods[-1].p50_s == pytest.approx(0.040, rel=1e-3)
    assert periods[-1].to_s == 1800


def test_a_day_is_kept_in_a_hundred_periods_of_about_one_length():
    course, added = Course(), 0
    for number in range(144 * 38):
        course.add(Period(16.0 * number, 16.0 * (number + 1), Histogram({5: 10}), 1))
        added += 1
        assert len(course.periods) <= MOST
    lengths = [period.to_s - period.from_s for period in course.periods[:-1]]
    assert max(lengths) <= 2 * min(lengths)
    assert len(course.periods) >= MOST / 3
    assert sum(period.histogram.n for period in course.periods) == 10 * added
    assert sum(period.failed for period in course.periods) == added


def test_what_failed_is_slower_than_all_that_did_not(suite):
    endured = Endured(suite, ["long"])
    endured.add(stretch(0.010, failed=30))
    assert endured.periods("long")[0].p50_s == pytest.approx(0.010, rel=1e-3)
    mixed = Course()
    mixed.add(Period(0, 1, Histogram(counts(0.010, 10)) + Histogram(counts(0.500, 1)), 12))
    endured.courses["long"] = mixed
    (period,) = endured.periods("long")
    assert period.p50_s == pytest.approx(0.5, rel=1e-3)  # more than half of all are slower than 10 ms
    nothing = Course()
    nothing.add(Period(0, 1, Histogram(), 12))
    endured.courses["long"] = nothing
    assert endured.periods("long")[0].p50_s is None


def test_refusals_count_where_somebody_logs_in(suite):
    result = SegmentResult(
        {"mine": LaneResult(errors={"status_401": 3}), "home": LaneResult(errors={"status_401": 50})}, elapsed_s=10.0
    )
    record = login_record(suite, "long", result, 900.0, 7)
    assert record.model_dump() == {"life_s": 900.0, "renewals": 7, "refused": 3}
    (notice,) = refused_notices("long", record)
    assert "3 answers 401 to requests with a login; though a login lasts 15 min" in notice.message
    assert list(refused_notices("long", record.model_copy(update={"refused": 0}))) == []
    (unknown,) = refused_notices("long", record.model_copy(update={"life_s": None}))
    assert "may have run out" in unknown.message


def test_without_a_login_there_is_no_record():
    suite = suite_of("scenarios: {long: {load: {rate: 5/s, for: 1h}, mix: {home: 1}}}", ("home",))
    assert login_record(suite, "long", SegmentResult({}), None, 0) is None
