"""What may not be judged is told all the same, and nothing is concluded from it."""

from __future__ import annotations

import pytest

from gate.record.probes import ProbeRecord
from gate.record.value import Notice
from gate.report.render import comment, report
from gate.verdict.rules import not_measured
from tests.builders import run_of, scenario_of, suite_of, verdict_of

SUITE = suite_of(
    """scenarios:
  sixty: {load: {users: 60, for: 20s}, mix: {home: 1}, objectives: {p95: 1ms}}
  after: {load: {users: 5, for: 5s}, mix: {home: 1}, objectives: {p95: 1s}}
probes: [{name: bad token, request: GET /home, expect: {status: 401}}]
""",
    ("home", "list"),
)
STOPPED = Notice(code="cancelled", message="cancelled by SIGINT")
DROPPED = Notice(code="generator-dropped", message="40 of 900 requests fell due but could not be sent")


def cut_short():
    sixty = scenario_of(SUITE, "sixty", 0.8).model_copy(update={"cut_short": STOPPED, "elapsed_s": 8.3})
    return run_of(SUITE, scenarios={"sixty": sixty}, not_measured=[STOPPED])


def dropping():
    scenarios = {name: scenario_of(SUITE, name) for name in SUITE.scenarios}
    scenarios["sixty"] = scenarios["sixty"].model_copy(update={"dropped": 40, "sent": 460, "completed": 460})
    return run_of(SUITE, scenarios=scenarios, not_measured=[DROPPED])


def told(verdict):
    return [gap.message for gap in verdict.assessment.gaps]


def test_a_scenario_cut_short_is_told_with_the_reason_and_its_figures():
    verdict = verdict_of(SUITE, cut_short())
    (figures,) = verdict.assessment.scenarios
    assert (figures.cut_short, figures.sent, figures.elapsed_s) == (STOPPED.message, 500, 8.3)
    assert "scenario sixty was cut short after 8.3 s of 20 s: cancelled by SIGINT" in told(verdict)
    assert {"scenario after: not begun", "probe bad token: not begun"} <= set(told(verdict))
    text = report(verdict)
    (line,) = [line for line in text.splitlines() if line.startswith("| sixty |")]
    assert "**CUT SHORT**" in line
    assert "- Scenarios: 1 begun, 1 of them cut short; none is judged." in text
    assert "60\N{NO-BREAK SPACE}users" in line


def test_a_probe_is_counted_as_the_suite_says_and_requests_told_to_slow_down_are_counted():
    """Nothing is judged, so there are no rows to take either from."""
    suite = suite_of(
        "probes: [{name: bad token, category: errors, request: GET /home, expect: {status: 401}}]\n", ("home",)
    )
    probe = ProbeRecord(
        config_hash="0" * 16, kind="request", outcome="passed", expected="status 401", seen="status 401"
    )
    run = run_of(suite, not_measured=[STOPPED]).model_copy(update={"probes": {"bad token": probe}})
    home = run.endpoints["home"].arms["candidate"].model_copy(update={"errors": {"throttled": 3}})
    record = run.endpoints["home"].model_copy(update={"arms": {"candidate": home}})
    verdict = verdict_of(suite, run.model_copy(update={"endpoints": {"home": record}}))
    assert [probe.category for probe in verdict.assessment.probes] == ["errors"]
    assert f"slow down (429, or 503 with Retry-After): home 3 of {home.sent}" in "; ".join(told(verdict))


def test_a_scenario_that_dropped_requests_takes_nothing_from_the_report():
    verdict = verdict_of(SUITE, dropping())
    assert {each.scenario for each in verdict.assessment.scenarios} == {"sixty", "after"}
    assert {each.endpoint for each in verdict.assessment.endpoints} == {"home", "list"}
    assert any("sixty: 40 of 500 requests fell due and could not be sent" in message for message in told(verdict))
    text = report(verdict)
    for part in ("## Endpoints", "## Distribution", "## Concurrency and scenarios", "## Not measured"):
        assert part in text


@pytest.mark.parametrize("run", [cut_short(), dropping()], ids=["cut short", "dropped"])
def test_it_stays_blocked_without_any_conclusion(run):
    verdict = verdict_of(SUITE, run)
    assert (verdict.verdict, verdict.measured, verdict.exit_code, verdict.rows) == ("BLOCKED", False, 3, [])
    found = verdict.assessment
    assert found.score is None
    assert [*found.risks, *found.recommendations, *found.checklist, *found.headroom, *found.bottlenecks] == []
    assert told(verdict)[0].startswith("nothing is judged by these figures")
    text = report(verdict)
    assert "met" not in {cell.strip() for line in text.splitlines() for cell in line.split("|")}
    assert "| none |" not in text, "that no limits are judged is not that there are none"


def test_the_comment_says_no_more_than_before():
    verdict = verdict_of(SUITE, cut_short())
    assert comment(verdict) == comment(verdict.model_copy(update={"assessment": type(verdict.assessment)()}))


def test_where_nothing_came_nothing_is_told():
    nothing = run_of(SUITE, rounds=0, not_measured=[STOPPED])
    for verdict in (not_measured(SUITE, "0", "no runs"), verdict_of(SUITE, nothing)):
        assert verdict.assessment.gaps == []
        assert "Nothing was measured, so nothing is claimed." in report(verdict)
