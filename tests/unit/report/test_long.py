"""Words and amounts of the long report that are easy to get wrong by a digit."""

from __future__ import annotations

import pytest

from gate.report.long import long_of
from gate.report.long_capacity import capacity
from gate.report.long_judged import checklist
from gate.report.long_load import endpoints, scenarios
from gate.report.long_section import quantity, room, share
from gate.report.long_server import database, stability
from gate.report.render import report
from gate.verdict.assessed import Assessment, ChecklistItem
from gate.verdict.assessment.headroom import headroom
from gate.verdict.loaded import Breaking
from gate.verdict.values import Verdict
from tests.unit.verdict.assessment.grounds import curve, endpoint, row, scenario, series, statement, watch
from tests.verdicts import approved, not_measured, verdict


def with_figures(*rows, **figures) -> Verdict:
    return verdict(*rows).model_copy(update={"assessment": Assessment(**figures)})


@pytest.mark.parametrize(
    ("factor", "words"), [(4.0, "4 ×"), (40.97, "40 ×"), (1.99, "1.9 ×"), (1 / 14.5, "14 × beyond"), (None, "–")]
)
def test_room_is_cut_and_never_rounded_up(factor, words):
    assert room(factor) == words


@pytest.mark.parametrize(
    ("part", "of", "words"),
    [
        (999, 1000, "99.9 %"),
        (99_999, 100_000, "99.9 %"),
        (5, 5, "100 %"),
        (0, 5, "0 %"),
        (2, 6500, "under 0.1 %"),
        (0, 0, "–"),
    ],
)
def test_all_of_them_is_said_only_of_all(part, of, words):
    assert share(part, of) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(20.0, "count", "20"), (1.5, "count", "1.5"), (1083.4, "count", "1,083"), (2.0, "per_s", "2/s"), (None, "s", "–")],
)
def test_quantities(value, unit, words):
    assert quantity(value, unit) == words


SATURATED = {"of": "users", "levels": 8, "highest": 64.0, "served_at_once": 19.8, "saturation_rps": 198.0}
SATURATED |= {"unloaded_s": 0.1, "waiting_ratio": 0.69}


def told(**changes) -> str:
    return " ".join(capacity(with_figures(bottlenecks=[curve(**(SATURATED | changes))])).items)


def test_the_pool_is_named_only_where_it_was_seen_full_and_its_size_read():
    assert "the pool is configured to 20, and was full" in told(resource="connection pool", configured=20.0)
    for changes in ({}, {"configured": 20.0}, {"resource": "connection pool"}):
        text = told(**changes)
        assert "About 19.8 requests are served at a time." in text
        assert "pool" not in text


def test_what_did_not_saturate_is_told_no_number_served_at_once():
    unknown = dict.fromkeys(("served_at_once", "saturation_rps", "unloaded_s", "waiting_ratio"))
    text = told(**unknown, saturated=False, highest=80.0)
    assert "It did not saturate up to 80 users" in text
    assert "served at a time" not in text


def test_one_is_one():
    assert told(levels=1, highest=1.0).startswith("most: 1 level up to 1 user.")


def test_another_resource_is_named_as_what_it_is():
    assert "processors: all 2 were in use" in told(resource="processors", configured=2.0)


@pytest.mark.parametrize(
    ("lo", "hi", "word"),
    [
        (0.95, 1.05, "linear."),
        (0.985, 0.992, ": linear."),
        (0.94, 0.99, "less than linear"),
        (0.5, 0.9, "less than linear"),
        (0.2, 1.6, "too uncertain"),
        (1.06, 1.1, "linear or better."),
    ],
)
def test_scaling_is_called_linear_only_with_an_interval_that_says_so(lo, hi, word):
    (text,) = scenarios(
        with_figures(bottlenecks=[curve(of="under way", exponent=(lo + hi) / 2, exponent_lo=lo, exponent_hi=hi)])
    ).items
    assert word in text


@pytest.mark.parametrize(
    ("highest", "more"),
    [
        (0.56, "; with 0.56 requests under way at most"),
        (0.063, "; with 0.063 requests under way at most, where hardly two meet"),
        (4.0, ""),
    ],
)
def test_how_a_system_scales_whose_requests_never_met_is_said_of_no_more_than_that(highest, more):
    found = curve(of="under way", exponent=1.0, exponent_lo=0.99, exponent_hi=1.01, highest=highest)
    (text,) = scenarios(with_figures(bottlenecks=[found])).items
    assert text.endswith(f": linear{more}.")


def test_the_load_set_the_throughput_only_where_nothing_was_held_back():
    unknown = dict.fromkeys(("served_at_once", "saturation_rps", "unloaded_s", "waiting_ratio"))
    text = told(**unknown, saturated=False, held_back=True)
    assert "did not saturate" not in text
    assert "Answers waited in the end" in text


def test_statements_that_begin_alike_are_told_apart():
    begin = "WITH RECURSIVE below AS (SELECT id FROM departments UNION ALL " + "SELECT departments.id " * 10
    two = [statement(text=f"{begin} FROM below ORDER BY {column}") for column in ("name", "depth")]
    (table,) = database(with_figures(watch=watch(statements=tuple(two)))).tables
    shown = [line.cells[1] for line in table.lines]
    assert len({*shown}) == 2
    assert all(len(text) == 160 and text.startswith("WITH RECURSIVE below") for text in shown)


def test_what_telemetry_alone_tells_is_from_no_row():
    items = [
        ChecklistItem(message="no pool was full", state="yes", rows=[]),
        ChecklistItem(message="nothing leaks", state="not measured", rows=[]),
        ChecklistItem(message="within limits", state="no", rows=["shop/a/limit:p95"]),
    ]
    (table,) = checklist(with_figures(checklist=items)).tables
    assert [line.cells[1] for line in table.lines] == ["telemetry", "0 rows", "1 row"]


def test_a_scenario_that_leaks_has_not_met_its_limits():
    """Or the table says met of what is counted as failed above it."""
    rows = [row("steady/limit:p95"), row("steady/telemetry:memory:leak", "missed", unit="bytes", limit=100.0)]
    (table,) = scenarios(with_figures(*rows, scenarios=[scenario("steady", came_to="failed")])).tables
    (line,) = table.lines
    assert (line.cells[-1], line.is_loud) == ("MISSED", True)
    assert line.cells[1] == "p95 at most 200 ms, memory leak at most 100 B"


def test_a_limited_value_without_a_column_is_told_beside_the_table():
    """Of the average that is required of a scenario nothing was to be read where it was met."""
    mean = row("looking/limit:mean", value=0.0041, limit=0.1)
    opening = row("looking/limit:connect_p95", value=0.0033, limit=0.2)
    size = row("list/limit:bytes", value=38_200.0, limit=5e6, unit="bytes")
    shown = row("looking/limit:p95", value=0.05)
    view = with_figures(mean, opening, size, shown, scenarios=[scenario("looking")], endpoints=[endpoint("list")])
    assert list(scenarios(view).items) == [
        "looking: mean 4.1 ms (mean at most 100 ms)",
        "looking: connect p95 3.3 ms (connect p95 at most 200 ms)",
    ]
    assert list(endpoints(view).items) == ["list: bytes 38.2 kB (bytes at most 5 MB)"]


@pytest.mark.parametrize("failed", [0, 3])
def test_where_requests_failed_it_is_said_what_times_are_of(failed):
    section = scenarios(with_figures(scenarios=[scenario(failed=failed)]))
    assert bool(section.paragraphs) == bool(failed)


@pytest.mark.parametrize(
    ("outcomes", "cells"),
    [
        (("met", "inconclusive"), ("2 rows, 1 open", "not decided")),
        (("inconclusive", "inconclusive"), ("2 rows", "not decided")),
        (("inconclusive", "not_measured"), ("2 rows", "not measured")),
        (("met", "no_baseline"), ("2 rows, 1 open", "not measured")),
    ],
)
def test_what_was_measured_and_not_decided_is_not_called_unmeasured(outcomes, cells):
    rows = [row(f"e{n}/limit:p95", outcome) for n, outcome in enumerate(outcomes)]
    item = ChecklistItem(message="within limits", state="not measured", rows=[each.id for each in rows])
    (table,) = checklist(with_figures(*rows, checklist=[item])).tables
    assert table.lines[0].cells[1:] == cells


def test_where_a_search_failed_is_told_once():
    failing = curve(**(SATURATED | {"fails_from": 48.0}))
    told = {"of": "users", "until": "p95 <= 1s", "held": 32, "breaks_at": 48, "highest": 64, "rate_rps": 198.0}
    broke = Breaking(scenario="most", p95_s=1.2, error_ratio=0.0, errors_from=None, **told)
    assert "Its condition fails from 48 users on." in " ".join(capacity(with_figures(bottlenecks=[failing])).items)
    text = " ".join(capacity(with_figures(bottlenecks=[failing], breakings=[broke])).items)
    assert "fails from" not in text
    assert "it breaks at 48 users" in text


def test_counts_tell_scenarios_and_what_passed():
    three = [scenario(f"s{n}") for n in range(3)]
    view = long_of(with_figures(scenarios=[*three, scenario("burst", came_to="failed", advisory=True)]))
    assert view.counts[0] == "Scenarios: 4 executed, 3 passed, 1 failed."
    two = [scenario("steady", came_to="not measured"), scenario("crowd", came_to="no limits")]
    view = long_of(with_figures(scenarios=[*three, *two]))
    assert view.counts[0] == "Scenarios: 5 executed, 3 passed, 1 not decided, 1 without limits."


def test_what_failed_and_is_let_pass_is_found_last():
    rows = [row("burst/limit:p95", "missed", gated=False), row("search/limit:p95", "missed")]
    text = report(verdict(*rows))
    assert text.index("search misses") < text.index("burst misses")
    assert "(let pass)" in text


def test_the_age_of_a_queue_over_the_whole_run_is_found_as_that():
    old = row("run/telemetry:queue_age:max", "missed", value=7.15, limit=5.0)
    text = report(with_figures(old, headroom=list(headroom("shop", [old], []))))
    assert "1.4 × more than allowed" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "over the whole run queue" in text.replace("\\", "")
    assert "run misses" not in text


def test_a_report_has_a_heading_the_verdict_and_what_was_not_measured_whatever_there_is():
    for each in (approved(), not_measured(), with_figures()):
        text = report(each)
        assert text.startswith("# Performance report: shop\n\n**")
        assert "## Not measured" in text


def test_of_a_counter_its_ends_are_told_and_growth_that_was_not_seen_is_not_denied():
    counted = series(
        "jobs", 5.0, first=0.0, last=10.0, most=10.0, is_counter=True, rising=None, source="prometheus", unit="count"
    )
    anew = counted.model_copy(update={"last": 1.0})
    level = series("queue", 5.0, source="prometheus", unit="count")
    (table,) = stability(with_figures(watch=watch(series=(counted, level, anew)))).tables
    assert table.lines[0].cells == ("jobs", "prometheus", "0", "–", "–", "–", "10", "counts up by 10")
    assert table.lines[1].cells[-1] == "not seen"
    assert table.lines[2].cells[-1] == "counts up, begun anew"
