"""A scenario that nobody answered says nothing, and nothing is approved on it."""

from __future__ import annotations

import pytest

from gate.load.histogram import Histogram
from gate.report.amounts import amount
from gate.report.headline import why
from tests.builders import history_of, row_of, run_of, scenario_of, suite_of, verdict_of

BURST = "scenarios: {burst: {load: {count: 500}, mix: {home: 1}%s}}\n"


@pytest.mark.parametrize(
    ("more", "failed", "code"),
    [("", 500, 3), ("", 499, 0), (", advisory: true", 500, 0), (", objectives: {success: 99%}", 500, 1)],
)
def test_a_scenario_without_a_single_good_answer_is_not_approved(more, failed, code):
    suite = suite_of(BURST % more)
    record = scenario_of(suite, "burst", errors={"status_500": failed})
    verdict = verdict_of(suite, run_of(suite, scenarios={"burst": record}), history_of(suite, 10))
    assert verdict.exit_code == code
    if code:
        assert "answered none of 500 requests as expected: 500 x status 500" in str(verdict.reasons)


def test_a_scenario_that_sent_nothing_is_not_approved():
    """At a low rate chance may let no arrival fall due."""
    suite = suite_of(BURST % "")
    record = scenario_of(suite, "burst", sent=0)
    verdict = verdict_of(suite, run_of(suite, scenarios={"burst": record}), history_of(suite, 10))
    assert verdict.exit_code == 3
    assert "scenario burst sent no request" in str(verdict.reasons)


@pytest.mark.parametrize("objective", ["p95", "max"])
@pytest.mark.parametrize(("errors", "outcome"), [({}, "met"), ({"timeout": 100}, "missed")])
def test_requests_that_were_given_up_are_not_left_out_of_the_latency_of_a_scenario(objective, errors, outcome):
    """All answers that came took 0.1 s at most; a fifth did not come within ten seconds."""
    suite = suite_of(BURST % f", objectives: {{{objective}: 500ms}}")
    record = scenario_of(suite, "burst", errors=errors)
    verdict = verdict_of(suite, run_of(suite, scenarios={"burst": record}), history_of(suite, 10))
    row = row_of(verdict, f"burst/limit:{objective}")
    assert row.outcome == outcome
    assert verdict.exit_code == (1 if errors else 0)
    if errors:
        assert "100 of 500 requests were not answered as expected" in row.notices[0].message


@pytest.mark.parametrize(("objective", "over"), [("p50", ""), ("p90", "over ")])
def test_a_quantile_that_only_failures_reach_is_told_as_the_least_that_it_can_be(objective, over):
    """A fifth failed: a tenth took longer than all answers that came, of which the longest is no quantile."""
    suite = suite_of(BURST % f", objectives: {{{objective}: 1ms}}")
    record = scenario_of(suite, "burst", errors={"timeout": 100})
    verdict = verdict_of(suite, run_of(suite, scenarios={"burst": record}), history_of(suite, 10))
    row = row_of(verdict, f"burst/limit:{objective}")
    longest = Histogram.decode(record.histogram).quantile(1.0)
    assert (row.candidate == longest) == bool(over)
    assert f"{objective} is {over}{amount(row.candidate, 's')}, the limit is 1 ms" in why(verdict)
    advice = next(each.message for each in verdict.assessment.recommendations if each.rule == "missed-latency")
    assert f"is {over}{amount(row.candidate, 's')}, {over}" in advice


@pytest.mark.parametrize(
    ("suite_text", "cure"),
    [
        (BURST % ", objectives: {p99: 500ms}", "let the scenario go on for longer, or limit a lower quantile"),
        (BURST % ", objectives: {error_rate: 0.1%}", "let the scenario go on for longer, or allow more errors"),
    ],
)
def test_what_so_few_requests_cannot_show_no_longer_limit_would_help(suite_text, cure):
    """All 200 answers are far within any limit: what lacks are answers, and of a scenario no budget brings them."""
    suite = suite_of(suite_text)
    record = scenario_of(suite, "burst", sent=200)
    verdict = verdict_of(suite, run_of(suite, scenarios={"burst": record}), history_of(suite, 10))
    row = next(row for row in verdict.rows if row.id.startswith("shop/burst/limit:"))
    assert row.outcome == "inconclusive"
    assert row.notices[-1].cure == cure
