"""A load that this machine could not make says nothing of the preview: neither missed nor met, and told as that."""

from __future__ import annotations

import pytest

from gate.record.value import Notice
from tests.builders import run_of, scenario_of, suite_of, verdict_of

WHY = Notice(code="generator-small", message="the load generator can send 400/s", cure="use a larger runner")
SCENARIO = (
    "scenarios: {{burst: {{load: {{rate: 40/s, for: 10s}}, mix: {{home: 1}}, objectives: {objectives}{more}}}}}\n"
)


def judged(objectives: str, more: str = "", latency_s: float = 0.03):
    suite = suite_of(SCENARIO.format(objectives=objectives, more=more))
    record = scenario_of(suite, "burst", latency_s).model_copy(update={"not_reached": WHY})
    return verdict_of(suite, run_of(suite, scenarios={"burst": record}))


@pytest.mark.parametrize("latency_s", [0.001, 9.0])
def test_its_objectives_are_not_measured_whatever_came_and_that_blocks(latency_s):
    verdict = judged("{p95: 100ms, rate: 30/s}", latency_s=latency_s)
    rows = [row for row in verdict.rows if row.endpoint == "burst"]
    assert {(row.outcome, row.candidate) for row in rows} == {("not_measured", None)}
    assert all(WHY in row.notices for row in rows)
    assert (verdict.verdict, verdict.exit_code) == ("BLOCKED", 3)
    (reason,) = [reason for reason in verdict.reasons if "burst" in reason.message]
    assert reason.message == "scenario burst was not reached: the load generator can send 400/s"
    assert (reason.code, reason.cure) == ("not-measured", "use a larger runner")
    assert set(reason.rows) == {row.id for row in rows}


def test_one_that_nothing_is_asked_of_blocks_too_for_somebody_wanted_it_made():
    verdict = judged("{}")
    assert [reason.code for reason in verdict.reasons if "burst" in reason.message] == ["not-measured"]


def test_an_advisory_one_is_told_and_blocks_nothing():
    verdict = judged("{p95: 100ms}", ", advisory: true", latency_s=9.0)
    assert not [reason for reason in verdict.reasons if "burst" in reason.message]
    assert [row.outcome for row in verdict.rows if row.endpoint == "burst"] == ["not_measured"]
