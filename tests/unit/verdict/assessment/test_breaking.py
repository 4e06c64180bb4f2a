"""Where a search ends, and how: the first resource full, the first errors, memory - and what was not seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.record.scenario import Level, SearchRecord
from gate.record.telemetry import Series, TelemetryRecord, Window
from gate.report.long_breaking import breaking_lines
from gate.verdict.assessed import Assessment
from gate.verdict.assessment.assess import assess
from gate.verdict.assessment.breaking import breakings, searched_windows
from gate.verdict.assessment.gaps import gaps
from gate.verdict.assessment.watch import resource_use
from gate.verdict.details import Details
from tests.builders import run_of, scenario_of, suite_of
from tests.unit.verdict.assessment.grounds import grounds
from tests.verdicts import verdict

SUITE = suite_of(
    'scenarios: {breaking: {load: {find: max_rate, until: "p95 <= 500ms", from: 10/s, limit: 50/s}, mix: {home: 1}}}\n'
)
SECONDS = 10.0
"""Of each level."""


def level(at: float, *, met: bool = True, errors: dict[str, int] | None = None) -> Level:
    p95_s = 0.1 if met else 1.5
    return Level(
        level=at, rate_rps=at, p50_s=0.05, p95_s=p95_s, error_ratio=0.0, met=met, mean_s=0.05, errors=errors or {}
    )


def searched(levels: list[Level]):
    search = SearchRecord(until="p95 <= 500ms", capacity=20, capacity_rps=20, is_bounded=True, knee=None, levels=levels)
    record = scenario_of(SUITE, "breaking").model_copy(update={"executor": "find", "search": search})
    return run_of(SUITE, scenarios={"breaking": record})


def watched(levels: list[Level], in_use: list[float], memory: list[float]) -> TelemetryRecord:
    """One sample a second; of a pool of 4 so many in use at each level, and so much memory."""
    windows = [Window(name="breaking", from_s=0, to_s=SECONDS * len(levels), answered=900)]
    at_s, used, kept = [], [], []
    for number, each in enumerate(levels):
        begin = SECONDS * number
        windows.append(
            Window(name=f"breaking at {each.level:g}/s", from_s=begin, to_s=begin + SECONDS - 1, answered=100)
        )
        at_s += [begin + second for second in range(int(SECONDS))]
        used += [in_use[number]] * int(SECONDS)
        kept += [memory[number]] * int(SECONDS)

    def series(source: str, unit: str, values: list[float]) -> Series:
        return Series(source=source, unit=unit, at_s=at_s, values=values, answered=[0] * len(at_s))

    return TelemetryRecord(
        windows=windows,
        series={
            "pool.in_use": series("prometheus", "count", used),
            "processes.memory": series("processes", "bytes", kept),
        },
        facts={"pool.size": 4},
    )


LEVELS = [level(10), level(20), level(30, met=False, errors={"status_503": 4}), level(50, met=False, errors={"x": 9})]


def found(levels=LEVELS, telemetry=None):
    run = searched(levels)
    uses = list(resource_use(telemetry)) if telemetry else []
    (one,) = breakings(SUITE, [run], telemetry, uses)
    return one


def said(one) -> str:
    (line,) = breaking_lines(verdict().model_copy(update={"assessment": Assessment(breakings=[one])}))
    return line


def test_where_it_breaks_is_the_first_level_that_never_held():
    one = found([level(10), level(20, met=False), level(20), level(30, met=False), level(24)])
    assert (one.held, one.breaks_at) == (24, 30), "20 missed once and held then: it was disturbed"


@pytest.mark.parametrize(
    ("in_use", "first_full"), [([1, 4, 4, 4], 20), ([1, 1, 4, 4], 30), ([4, 4, 4, 4], 10), ([1, 1, 1, 1], None)]
)
def test_the_first_level_at_which_the_pool_was_full_is_named(in_use, first_full):
    one = found(telemetry=watched(LEVELS, in_use, [1e8] * 4))
    assert one.watched == ["connection pool"]
    assert [(each.resource, each.level, each.size) for each in one.full] == (
        [("connection pool", first_full, 4)] if first_full else []
    )
    text = said(one)
    if first_full:
        assert f"Full first: connection pool (all 4) from {first_full}/s on." in text
    else:
        assert "Not full for long: connection pool." in text


def test_the_first_errors_are_those_of_the_lowest_level_that_has_any():
    one = found()
    assert (one.errors_from, one.errors) == (30, {"status_503": 4})
    assert "Errors begin at 30/s (status 503 4 x)" in said(one)
    assert "No answer was an error." in said(found([level(10), level(20, met=False)]))


def test_requests_that_were_never_sent_are_no_answers_that_were_errors():
    choked = level(20, met=False).model_copy(update={"error_ratio": 0.28, "dropped": 28})
    text = said(found([level(10), choked]))
    assert "No answer was an error. 28 % of the requests were never sent there" in text
    failing = choked.model_copy(update={"errors": {"status_503": 12}, "error_ratio": 0.4})
    text = said(found([level(10), failing]))
    assert "(status 503 12 x), 12 % of all where it breaks. 28 % of the requests were never sent there" in text
    assert "never sent" not in said(found([level(10), level(20, met=False)]))


def test_errors_that_nobody_counted_are_not_denied():
    """Runs of older versions kept no kinds, and what was never sent among the errors."""
    older = level(20, met=False).model_copy(update={"error_ratio": 0.28})
    text = said(found([level(10), older]))
    assert "No answer was an error" not in text
    assert "Not all were answered as expected from 20/s on" in text


def test_memory_is_told_at_the_lowest_level_and_where_it_breaks():
    one = found(telemetry=watched(LEVELS, [1, 1, 4, 4], [1e8, 2e8, 3e8, 4e8]))
    assert (one.memory_first_bytes, one.memory_last_bytes) == (1e8, 3e8)
    assert "had 100 MB at the lowest level, and 300 MB at 30/s" in said(one)


def test_what_breaks_at_once_has_one_level_to_tell_of():
    text = said(found([level(10, met=False)], watched(LEVELS, [1, 1, 4, 4], [1e8] * 4)))
    assert "Its processes had 100 MB at 10/s." in text
    one = found().model_copy(update={"of": "users", "breaks_at": 1.0})
    assert "it breaks at 1 user;" in said(one)


def test_processors_are_those_of_the_machine_where_it_was_watched():
    both = ["processors", "processors (by the preview alone)"]
    one = found().model_copy(update={"watched": both})
    assert "Not full for long: processors." in said(one)
    assert "by the preview alone" in said(one.model_copy(update={"watched": both[1:]}))


def test_what_was_not_watched_is_said_so():
    text = said(found())
    assert "Which resource was full was not measured." in text
    assert "Memory was not measured." in text
    (gap,) = [gap for gap in gaps(grounds(breakings=[found()])) if "breaking breaks" in gap.message]
    assert gap.message == "which resource was full where breaking breaks: none was watched with its size"


@given(st.lists(st.tuples(st.sampled_from([10.0, 20.0, 30.0, 40.0]), st.booleans()), min_size=1, max_size=12))
def test_it_holds_below_where_it_breaks_and_nothing_that_held_is_where_it_breaks(tried):
    one = found([level(at, met=met) for at, met in tried])
    held = {at for at, met in tried if met}
    assert (one.breaks_at is None) == ({at for at, _ in tried} == held)
    if one.breaks_at is not None:
        assert one.breaks_at not in held
        assert one.held is None or one.held < one.breaks_at
    assert said(one)


def test_what_held_to_the_end_did_not_break():
    one = found([level(10), level(20)])
    assert (one.breaks_at, one.held) == (None, 20)
    assert said(one).startswith("breaking: it did not break; p95 <= 500ms still held at 20/s.")


def test_a_search_that_was_cut_short_says_nothing():
    run = searched(LEVELS)
    record = run.scenarios["breaking"]
    cut = record.model_copy(update={"search": record.search.model_copy(update={"finished": False})})
    assert not list(breakings(SUITE, [run.model_copy(update={"scenarios": {"breaking": cut}})], None, []))


def test_single_levels_are_no_stretches_of_load_of_their_own_in_what_resources_came_to():
    telemetry = watched(LEVELS, [1, 1, 4, 4], [1e8] * 4)
    run = searched(LEVELS).model_copy(update={"telemetry": telemetry})
    assert searched_windows(SUITE, [run]) == {f"breaking at {each.level:g}/s" for each in LEVELS}
    told = assess(SUITE, [run], [], Details(), "none")
    assert [use.window for use in told.resources] == ["breaking"]
    assert [each.level for each in told.breakings[0].full] == [30]
