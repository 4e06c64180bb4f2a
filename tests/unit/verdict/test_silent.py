"""A scenario that nobody answered says nothing, and nothing is approved on it."""

from __future__ import annotations

import pytest

from tests.builders import history_of, run_of, scenario_of, suite_of, verdict_of

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
        assert "answered none of 500 requests as expected (status_500 500 x)" in str(verdict.reasons)
