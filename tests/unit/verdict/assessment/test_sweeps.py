"""Scaling over a setting: what is measured, what it is compared with, and what is said of it."""

from __future__ import annotations

import math
from random import Random

import pytest

from gate.config.sweeps import sweeps as config_sweeps
from gate.record.value import Notice
from gate.report.long_sweeps import scaling
from gate.verdict.assessment.sweep_points import measurements
from gate.verdict.assessment.sweeps import sweeps
from tests.builders import scenario_of, verdict_of
from tests.unit.verdict.assessment.sweeping import answered, counted, level, run, searched, suite_over

WORKERS = [1, 2, 4]
RATES = {1: 50.0, 2: 91.0, 4: 145.0}


def served(*, cores: float | None = 8, follows: bool = True, seconds: int = 30, noise: float = 0.05):
    """Users who do not think, on one, two and four processes."""
    draw, suite = Random(3), suite_over("WORKERS", WORKERS)
    names = {f"s{n}": workers for n, workers in enumerate(WORKERS)}
    told = counted(
        names,
        {name: [RATES[workers] * draw.gauss(1, noise) for _ in range(seconds)] for name, workers in names.items()},
        cores,
        follows=follows,
    )
    return suite, run(suite, {name: answered(suite, name, 8 / RATES[w], RATES[w]) for name, w in names.items()}, told)


def said(suite, *runs) -> str:
    return "\n".join(scaling(verdict_of(suite, runs)).items)


def test_rates_are_told_as_times_of_the_lowest_setting_with_bounds_and_efficiency():
    suite, one = served()
    rate, mean = sweeps(suite, [one])
    assert (rate.statistic, rate.unit, rate.bounds_from, rate.scenarios) == (
        "rate",
        "rps",
        "batches",
        ["s0", "s1", "s2"],
    )
    assert [point.value for point in rate.points] == pytest.approx([50, 91, 145])
    assert [point.times for point in rate.points] == pytest.approx([1, 1.82, 2.9])
    assert [point.efficiency_ratio for point in rate.points] == pytest.approx([1, 0.91, 0.725])
    assert rate.points[0].times_lo is None
    for point in rate.points[1:]:
        assert point.times_lo < point.times < point.times_hi < 1.1 * point.times
    assert rate.exponent == pytest.approx(math.log(2.9) / math.log(4), abs=1e-6)
    assert mean.statistic == "mean"
    assert mean.bounds_from == "batches"  # Little's law: of users who do not think both differ alike
    assert {point.efficiency_ratio for point in mean.points} == {None}


@pytest.mark.parametrize(("failed", "told"), [(0, True), (4, True), (100, False), (480, False)])
def test_a_size_at_which_most_requests_fail_is_not_fast(failed, told):
    """Answers that come at once from a server that refuses most requests."""
    suite = suite_over("ROWS", [1, 2, 4])
    records = {f"s{n}": answered(suite, f"s{n}", 0.1) for n in range(2)}
    records["s2"] = scenario_of(suite, "s2", 0.001, errors={"status_503": failed} if failed else None)
    (sweep,) = config_sweeps(suite)
    for statistic in ("mean", "p95"):
        found = [each.setting for each in measurements(suite, [run(suite, records)], sweep, statistic)]
        assert found == ([1, 2, 4] if told else [1, 2])


def test_a_quantile_counts_failures_as_slow():
    suite = suite_over("ROWS", [1, 2, 4])
    records = {f"s{n}": scenario_of(suite, f"s{n}", sent=5000) for n in range(3)}
    records["s2"] = scenario_of(suite, "s2", sent=5000, errors={"status_503": 200})
    (sweep,) = config_sweeps(suite)
    found = {each.setting: each.value for each in measurements(suite, [run(suite, records)], sweep, "p95")}
    assert found[4] > 1.1 * found[2], "the p99 of those that came, nearly"


def test_the_report_says_so_in_a_sentence():
    text = said(*served())
    assert "2 make 1.82 × (1.7" in text
    assert "4 make 2.9 × (2.8" in text
    assert "of 1: less than linear in this run; as WORKERS to the power of 0.77 (0.42 to 1.12); 90 % intervals" in text
    assert "is not measured" not in text
    assert "was not read back" not in text


def test_more_processes_than_processors_are_said_and_prove_nothing_about_scaling():
    suite, one = served(cores=2)
    rate, _ = sweeps(suite, [one])
    assert (rate.read_back, rate.processors, rate.beyond_processors) == ("processes.count", 2, [4])
    text = said(suite, one)
    assert text.count("the machine has 2 processors, which the load generator used as well; what 4") == 1
    assert "less than linear in this run" in text  # of two processes, which have a processor each
    assert "1.12):" not in text  # the power of all three is the machine's


def test_a_setting_that_the_number_of_processes_does_not_follow_was_not_read_back():
    suite, one = served(cores=2, follows=False)
    rate, _ = sweeps(suite, [one])
    assert (rate.read_back, rate.beyond_processors) == (None, [])
    assert said(suite, one).count("WORKERS: that it took effect was not read back") == 1


def test_a_series_as_large_as_the_setting_reads_it_back():
    suite, one = served()
    rows = [float(value) for value in one.telemetry.series["processes.count"].values]
    for told, seen in (("app.workers", [value - 2 for value in rows]), (None, rows)):
        series = one.telemetry.series["processes.count"].model_copy(update={"values": seen})
        telemetry = one.telemetry.model_copy(update={"series": {"app.workers": series}})
        rate, _ = sweeps(suite, [one.model_copy(update={"telemetry": telemetry})])
        assert (rate.read_back, rate.beyond_processors) == (told, [])


def test_repeated_measurements_tell_more_than_parts_of_one():
    values = [1, 1, 2, 2, 4, 4]
    suite = suite_over("WORKERS", values)
    rates = [50, 51, 100, 98, 199, 202]
    one = run(suite, {f"s{n}": answered(suite, f"s{n}", 0.1, rate) for n, rate in enumerate(rates)})
    rate, _ = sweeps(suite, [one])
    assert (rate.bounds_from, [point.n for point in rate.points]) == ("repeats", [2, 2, 2])
    assert rate.points[2].times_lo < 4 < rate.points[2].times_hi
    assert rate.exponent_lo < 1 < rate.exponent_hi
    assert "of 1: linear; as WORKERS to the power of" in said(suite, one)


def test_several_runs_repeat_each_other():
    suite, one = served()
    rate, _ = sweeps(suite, [one, one.model_copy(update={"run_id": "c1"})])
    assert (rate.bounds_from, [point.n for point in rate.points]) == ("repeats", [2, 2, 2])


FIND = '{find: max_users, until: "p95 <= 500ms", from: 1, limit: 1000}'


def test_capacities_are_told_with_the_levels_between_which_the_searches_ended():
    suite = suite_over("WORKERS", WORKERS, load=FIND)
    one = run(suite, {f"s{n}": searched(suite, f"s{n}", users) for n, users in enumerate([300.0, 560.0, 700.0])})
    capacity, mean = sweeps(suite, [one])
    assert (capacity.statistic, capacity.unit, capacity.bounds_from) == ("capacity", "users", "search")
    point = capacity.points[1]
    assert (point.times, point.times_lo, point.times_hi) == pytest.approx((560 / 300, 560 / 330, 616 / 300))
    assert [each.value for each in mean.points] == pytest.approx([0.1, 0.1, 0.1])
    assert "ranges are the levels between which each search ended" in said(suite, one)


def test_a_search_that_found_no_end_is_at_least_so_much_and_no_times_of_anything():
    suite = suite_over("WORKERS", WORKERS, load=FIND)
    records = {f"s{n}": searched(suite, f"s{n}", users) for n, users in enumerate([300.0, 560.0])}
    one = run(suite, records | {"s2": searched(suite, "s2", 1000.0, bounded=False)})
    capacity, _ = sweeps(suite, [one])
    assert [point.at_least for point in capacity.points] == [False, False, True]
    assert capacity.points[2].times is None
    assert capacity.exponent is None  # of three measurements one is only known from one side
    ends = {f"s{n}": searched(suite, f"s{n}", 1000.0, bounded=False) for n in range(3)}
    assert "nothing to compare, for a search ended at its limit" in said(suite, run(suite, ends))


def test_what_a_load_sets_itself_is_no_capacity():
    for load in ("{rate: 20/s, for: 30s}", "{users: 8, for: 30s, think: 1s}"):
        suite = suite_over("ROWS", [10, 100, 1000], load=load)
        one = run(suite, {f"s{n}": answered(suite, f"s{n}", 0.02 * 2**n) for n in range(3)})
        (mean,) = sweeps(suite, [one])
        assert (mean.statistic, mean.bounds_from) == ("mean", None)
        assert mean.exponent == pytest.approx(math.log10(2), abs=1e-2)
        assert "measured once each" in said(suite, one)


def test_a_scenario_that_was_not_reached_or_not_run_says_nothing():
    suite, one = served()
    why = Notice(code="generator-late", message="late")
    late = one.scenarios["s1"].model_copy(update={"not_reached": why})
    rate, _ = sweeps(suite, [one.model_copy(update={"scenarios": one.scenarios | {"s1": late}})])
    assert [point.setting for point in rate.points] == [1, 4]
    assert list(sweeps(suite, [one.model_copy(update={"scenarios": {"s0": one.scenarios["s0"], "s1": late}})])) == []
    assert scaling(verdict_of(suite, run(suite, {}))).is_empty


def test_what_does_not_depend_on_the_setting_has_no_efficiency():
    suite = suite_over("ROWS", [10, 10, 100, 100])
    one = run(suite, {f"s{n}": answered(suite, f"s{n}", 0.1, rate) for n, rate in enumerate([50, 51, 51, 50])})
    rate, _ = sweeps(suite, [one])
    assert {point.efficiency_ratio for point in rate.points} == {None}
    assert "it does not depend on it" in said(suite, one)


def test_levels_below_the_first_are_no_first():
    """The time of a search is that of its lowest level, however often it was tried."""
    suite = suite_over("ROWS", [10, 100], load=FIND)
    record = searched(suite, "s0", 8.0, mean_s=0.2)
    again = record.search.model_copy(update={"levels": [*record.search.levels, level(1.0, mean_s=0.4)]})
    one = run(suite, {"s0": record.model_copy(update={"search": again}), "s1": searched(suite, "s1", 8.0, mean_s=0.9)})
    _, mean = sweeps(suite, [one])
    assert [point.value for point in mean.points] == pytest.approx([0.3, 0.9])
