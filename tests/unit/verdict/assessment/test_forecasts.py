"""Forecasts: how long capacity and limits last, and when nothing may be said."""

from __future__ import annotations

import math
from random import Random

import pytest

from gate.config.profile_checks import scaled
from gate.record.scenario import StepRecord
from gate.report.long_forecast import forecast
from gate.verdict.assessment.forecasts import forecasts
from tests.builders import suite_of, verdict_of
from tests.unit.verdict.assessment.sweeping import answered, run, searched, suite_over

MOST = """scenarios:
  most: {load: {find: max_users, until: "p95 <= 500ms", from: 1, limit: 1000}, mix: {home: 1}}
  other: {load: {users: 8, for: 30s}, mix: {home: 1}}
profiles: {small: {scenarios: [other]}}
"""


def of_users(capacity: float | None, growth: str = "now: 300, monthly: 5%", *, bounded: bool = True):
    suite = suite_of(f"{MOST}forecast: {{users: {{{growth}, scenario: most}}}}\n", ("home",))
    return suite, run(suite, {"most": searched(suite, "most", capacity, bounded=bounded)})


def said(suite, *runs) -> str:
    return "\n".join(forecast(verdict_of(suite, runs)).items)


@pytest.mark.parametrize(
    ("growth", "months"),
    [("now: 300, monthly: 5%", math.log(640 / 300) / math.log(1.05)), ("now: 300, monthly: 20", 17.0)],
)
def test_a_capacity_lasts_until_growth_has_reached_it(growth, months):
    suite, one = of_users(640.0, growth)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.at, found.at_lo, found.at_hi) == ("ahead", 640, 640, pytest.approx(704))
    assert found.months == pytest.approx(months)
    assert found.months_lo == found.months < found.months_hi
    assert (found.measured_from, found.measured_to) == (1, pytest.approx(704))


def test_the_report_says_so_with_what_was_tried():
    assert said(*of_users(640.0)) == (
        "users, 300 users now and 5.0 % more each month: the capacity of most, 640 users, below 704 users,"
        " lasts for 15 to 17 months (1 user to 704 users were tried)"
    )


def test_months_are_cut_and_never_rounded_up():
    """640 of 300 users at 5 % a month are reached after 15.5 months, in the sixteenth."""
    for now, months in ((300, "15 to 17"), (580, "2 to 3.9"), (611, "less than a month to 2.9")):
        assert f"lasts for {months} months" in said(*of_users(640.0, f"now: {now}, monthly: 5%"))


def test_one_that_is_too_small_already_is_said_to_be():
    suite, one = of_users(200.0)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.months) == ("reached", 0.0)
    assert "is reached already" in said(suite, one)


def test_a_search_without_an_end_lasts_at_least_so_long():
    suite, one = of_users(1000.0, bounded=False)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.at_hi, found.months_hi) == ("at least", None, None)
    assert "at least 1,000 users, which lasts for at least 24 months" in said(suite, one)


def test_a_search_that_ended_elsewhere_gives_one_that_did_not_end_no_end():
    """One run held up to where its generator ended, at 400 users; another to 640 and no longer at 704."""
    suite, ended = of_users(640.0)
    _, open_ended = of_users(400.0, bounded=False)
    (found,) = forecasts(suite, [ended, open_ended])
    assert (found.state, found.at, found.at_hi) == ("at least", 400, None)
    _, sooner = of_users(380.0)
    (found,) = forecasts(suite, [sooner, open_ended])
    assert (found.state, found.at) == ("ahead", 380)


@pytest.mark.parametrize(
    ("capacity", "bounded", "why"),
    [
        (None, True, "its condition did not hold at its first level"),
        (50.0, False, "held up to its limit, which is below what there is now"),
    ],
)
def test_a_search_that_says_nothing_forecasts_nothing(capacity, bounded, why):
    suite, one = of_users(capacity, bounded=bounded)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.months) == ("not measured", None)
    assert why in found.why
    (gap,) = [gap.message for gap in verdict_of(suite, one).assessment.gaps if "forecast" in gap.message]
    assert why in gap


def test_what_was_not_run_forecasts_nothing():
    suite, one = of_users(640.0)
    (none,) = forecasts(suite, [one.model_copy(update={"scenarios": {}})])
    assert none.why == "most found no capacity: it was not reached, or cut short"
    cut = one.scenarios["most"].search.model_copy(update={"finished": False})
    record = one.scenarios["most"].model_copy(update={"search": cut})
    (short,) = forecasts(suite, [one.model_copy(update={"scenarios": {"most": record}})])
    assert short.state == "not measured"
    (left,) = forecasts(scaled(suite, "small"), [one])
    assert left.why == "this profile leaves most out"


def test_of_several_runs_the_least_capacity_counts():
    suite, one = of_users(640.0)
    other = run(suite, {"most": searched(suite, "most", 500.0)})
    (found,) = forecasts(suite, [one, other])
    assert (found.at, found.at_hi, found.n) == (500, pytest.approx(704), 2)


ROWS = [1e5, 1e5, 3e5, 3e5, 1e6, 1e6]


def of_rows(time_s, limits: str = "{p95: 500ms}", sizes=ROWS, now: float = 1e6, noise: float = 0.01):
    more = f"forecast: {{rows: {{now: {now:.0f}, monthly: 100000, setting: ROWS}}}}\n"
    more += "profiles: {small: {scenarios: [s0]}}\n"
    suite = suite_over("ROWS", sizes, objectives=limits, more=more)
    draw = Random(4)
    times = [time_s(size) * math.exp(draw.gauss(0, noise)) for size in sizes]
    return suite, run(suite, {f"s{n}": answered(suite, f"s{n}", one_s) for n, one_s in enumerate(times)})


def test_where_a_limit_is_reached_follows_from_the_law():
    """The 95th percentile of the answers made here is 1.51 times their median: 0.5 s are reached at 3.9 million."""
    suite, one = of_rows(lambda rows: 0.02 + 0.08 * rows / 1e6)
    (found,) = forecasts(suite, [one])
    truth = (0.5 / math.exp(1.645 * 0.25) - 0.02) / 0.08 * 1e6
    assert (found.state, found.law, found.statistic, found.limit, found.n) == ("ahead", "linear", "p95", 0.5, 6)
    assert found.at == pytest.approx(truth, rel=0.1)
    assert found.at_lo < found.at < found.at_hi < 1e7
    assert found.months == pytest.approx((found.at - 1e6) / 1e5)
    assert (found.measured_from, found.measured_to) == (1e5, 1e6)


def test_the_report_says_that_it_is_an_extrapolation_and_how_far():
    text = said(*of_rows(lambda rows: 0.02 + 0.08 * rows / 1e6))
    assert text.startswith(
        "rows, 1,000,000 now and 100,000 more each month: p95 of s0, s1, s2 and 3 more reaches its limit"
    )
    assert "× beyond the largest (linear law of 6 measurements, ROWS 100,000 to 1,000,000)" in text


def test_a_limit_within_what_was_measured_is_no_extrapolation():
    suite, one = of_rows(lambda rows: 1e-6 * rows, now=2e5)
    (found,) = forecasts(suite, [one])
    assert found.state == "ahead"
    assert found.at < 1e6
    assert "within what was measured" in said(suite, one)


def test_a_limit_that_is_exceeded_now_is_reached():
    suite, one = of_rows(lambda rows: 1e-6 * rows)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.months) == ("reached", 0.0)
    assert "which is there already" in said(suite, one)


def test_nothing_is_told_farther_than_ten_times_the_largest_size():
    suite, one = of_rows(lambda rows: 0.001 * (rows / 1e5) ** 0.9)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.at, found.at_lo) == ("too far", None, 1e7)
    assert "not before 10,000,000, in 90 months; what is farther is too far to tell" in said(suite, one)


def test_nor_farther_than_the_sizes_reach_apart():
    """From sizes a factor of two apart nothing is told beyond twice the largest."""
    suite, one = of_rows(lambda rows: 0.001 * rows / 1e5, sizes=[5e5, 5e5, 1e6, 1e6])
    (found,) = forecasts(suite, [one])
    assert (found.state, found.at_lo) == ("too far", 2e6)
    far, one = of_rows(lambda rows: 0.001 * rows / 1e5, sizes=[5e5, 5e5, 1e6, 1e6], now=3e6)
    (found,) = forecasts(far, [one])
    assert found.why == "what there is now is more than 2 times the largest size measured"


def test_what_does_not_grow_reaches_no_limit():
    suite, one = of_rows(lambda _: 0.02, noise=0.001)
    (found,) = forecasts(suite, [one])
    assert (found.state, found.at) == ("too far", None)


def test_times_that_scatter_tell_nothing():
    suite, one = of_rows(lambda _: 0.2, noise=0.8)
    (found,) = forecasts(suite, [one])
    assert found.state in ("too far", "reached", "ahead")
    assert found.at_hi is None


def test_two_measurements_are_no_law():
    suite, one = of_rows(lambda rows: rows / 1e7, sizes=[1e5, 1e6])
    (found,) = forecasts(suite, [one])
    assert (
        found.why == "it was measured 2 times with enough answers, at 2 sizes; a law needs three times, and two sizes"
    )
    (left,) = forecasts(scaled(suite, "small"), [one])
    assert left.why == "this profile has no scenarios that differ in ROWS alone"


def test_a_quantile_of_too_few_answers_is_none():
    suite, one = of_rows(lambda rows: rows / 1e7, limits="{p99: 500ms}")
    (found,) = forecasts(suite, [one])  # 500 answers have five beyond it
    assert found.why == "it was not measured with enough answers at any size"


def test_endpoints_of_the_mix_have_their_own_times_and_limits():
    scenarios = "".join(
        f'  s{n}: {{load: {{users: 8, for: 30s}}, mix: {{home: 1, list: 1}}, serve: {{ROWS: "{size:.0f}"}}}}\n'
        for n, size in enumerate(ROWS)
    )
    suite = suite_of(
        f"""preview: {{serve: ./run.sh}}
endpoints: {{home: {{request: GET /, class: read}}, list: GET /list}}
classes: {{read: {{p50: 500ms, p99: 1s}}}}
scenarios:
{scenarios}forecast: {{rows: {{now: 1000000, monthly: 5%, setting: ROWS}}}}
"""
    )
    records = {}
    for n, size in enumerate(ROWS):
        own = answered(suite, f"s{n}", 0.05 * (size / 1e5) ** 0.7)
        step = StepRecord(planned=500, sent=500, dropped=0, completed=500, errors={}, histogram=own.histogram)
        records[f"s{n}"] = answered(suite, f"s{n}", 0.02).model_copy(update={"steps": {"home": step}})
    median, tail = forecasts(suite, [run(suite, records)])
    assert (median.endpoint, median.statistic, median.state) == ("home", "p50", "ahead")
    assert median.at == pytest.approx(1e5 * 10 ** (1 / 0.7), rel=0.1)
    assert (tail.endpoint, tail.statistic, tail.state) == ("home", "p99", "not measured")
    text = said(suite, run(suite, records))
    assert "p50 of home reaches its limit of 500 ms at about 2,6" in text
    assert "p99 of home is not measured" in text


def test_capacity_falls_to_a_limit():
    more = "forecast: {rows: {now: 1000000, monthly: 100000, setting: ROWS}}\n"
    find = '{find: max_rate, until: "p95 <= 500ms", from: 1/s, limit: 50/s}'
    suite = suite_over("ROWS", ROWS[::2], load=find, objectives="{capacity: 2/s}", more=more)
    rates = [40 * (rows / 1e5) ** -0.9 for rows in ROWS[::2]]
    one = run(suite, {f"s{n}": searched(suite, f"s{n}", rate) for n, rate in enumerate(rates)})
    (found,) = forecasts(suite, [one])
    assert (found.unit, found.statistic, found.state) == ("rps", "capacity", "ahead")
    assert found.at == pytest.approx(1e5 * 20 ** (1 / 0.9), rel=1e-3)
    assert "capacity of s0, s1, s2 falls to its limit of 2/s at about 2,790,000" in said(suite, one)


def test_it_decides_nothing():
    suite, one = of_users(200.0)
    plain = suite.model_copy(update={"forecast": {}})
    with_it, without = verdict_of(suite, one), verdict_of(plain, one)
    assert (with_it.verdict, with_it.exit_code, with_it.rows) == (without.verdict, without.exit_code, without.rows)
    assert without.assessment.forecasts == []
