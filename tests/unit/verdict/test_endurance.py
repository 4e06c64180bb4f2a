"""Objectives of long loads: answers that slow down, and tokens that run out; three answers each, and their words."""

from __future__ import annotations

import math
import random

import pytest

from gate.record.scenario import LoginRecord, PeriodRecord
from gate.report.explain import explained
from gate.report.long_endurance import endurance
from gate.report.render import report as long_report
from tests.builders import history_of, run_of, scenario_of, suite_of, verdict_of

SUITE = """
identities: {user: {login: [{request: POST /login, extract: {token: $.token}}], headers: {X-Token: "{token}"}}}
endpoints: {home: {request: GET /home, identity: user}}
scenarios: {enduring: {load: {rate: 5/s, for: 24h}, mix: {home: 1}, objectives: {OBJECTIVES}}}
"""


def periods(an_hour: float, *, hours: float = 24, n: int = 60, spread: float = 0.01, silent=()) -> list[PeriodRecord]:
    """Medians that grow by so much an hour."""
    luck = random.Random(1)
    return [
        PeriodRecord(
            from_s=3600 * hours * place / n,
            to_s=3600 * hours * (place + 1) / n,
            completed=0 if place in silent else 1000,
            failed=1000 if place in silent else 0,
            p50_s=None if place in silent else 0.05 * math.exp(an_hour * hours * place / n + luck.gauss(0, spread)),
            p95_s=None if place in silent else 0.2,
        )
        for place in range(n)
    ]


def judged(objectives: str, **record):
    suite = suite_of(SUITE.replace("OBJECTIVES", objectives))
    scenario = scenario_of(suite, "enduring").model_copy(update={"elapsed_s": 86_400.0, **record})
    run = run_of(suite).model_copy(update={"scenarios": {"enduring": scenario}})
    verdict = verdict_of(suite, run, history_of(suite, 12))
    (row,) = [row for row in verdict.rows if row.metric.startswith("limit:")]
    return verdict, row


@pytest.mark.parametrize(
    ("an_hour", "hours", "outcome", "words"),
    [
        (0.03, 24, "missed", "p50 grows by 3."),
        (0.003, 24, "met", "it does not degrade"),
        (-0.02, 24, "met", "p50 falls by 2.0 % an hour"),
        (0.003, 1 / 6, "inconclusive", "too short to tell whether it degrades by 1.0 %; about"),
        (0.03, 1 / 6, "inconclusive", "too short to tell"),
    ],
)
def test_answers_that_slow_down_those_that_do_not_and_too_short_to_tell(an_hour, hours, outcome, words):
    verdict, row = judged("degradation: 1%", periods=periods(an_hour, hours=hours), elapsed_s=3600.0 * hours)
    assert (row.id, row.outcome) == ("shop/enduring/limit:degradation", outcome)
    assert row.blocks == (outcome == "missed")
    assert row.lo <= row.candidate <= row.hi
    assert words in row.notices[0].message
    assert f"enduring: {row.notices[0].message}" in long_report(verdict)
    assert "periods" in explained(verdict, row)


@pytest.mark.parametrize(
    ("objectives", "an_hour", "begins", "ends"),
    [
        ("degradation: 1%", 12.0, "grows by 3", "it degrades"),
        ("p95: 1s", 12.0, "grows by 3", "a longer load would tell whether it goes on"),
        ("degradation: 1%", -12.0, "falls by 2", "it does not degrade"),
        ("p95: 1s", -12.0, "falls by 2", "it does not degrade"),
    ],
)
def test_what_would_double_or_halve_within_an_hour_is_told_as_it_was_seen(objectives, an_hour, begins, ends):
    """90 s in which it grew by a third: nobody knows what an hour of that would be."""
    verdict, _ = judged(objectives, periods=periods(an_hour, hours=1 / 40, spread=0.002), elapsed_s=90.0)
    (line,) = endurance(verdict.assessment.scenarios)
    assert line.startswith(f"enduring: p50 {begins}")
    assert line.endswith(f"within 90 s: {ends}")
    assert "an hour" not in line


def test_an_hour_is_an_hour_however_long_the_load_is():
    values = [judged("degradation: 50%", periods=periods(0.02, hours=hours))[1].candidate for hours in (12, 24)]
    assert values == pytest.approx([math.expm1(0.02)] * 2, rel=0.1)


def test_a_time_without_any_answer_counts_as_slow():
    _, row = judged("degradation: 1%", periods=periods(0.0, silent=range(36, 60)))
    assert row.candidate > 0.01
    assert row.outcome != "met"


@pytest.mark.parametrize("found", [[], periods(0.0, n=8), periods(0.0, silent=range(60))])
def test_without_enough_periods_or_any_answer_it_is_not_measured(found):
    verdict, row = judged("degradation: 1%", periods=found)
    assert (row.outcome, verdict.verdict, verdict.exit_code) == ("not_measured", "BLOCKED", 3)


@pytest.mark.parametrize(
    ("logins", "outcome", "words"),
    [
        (LoginRecord(life_s=900, renewals=143, refused=0), "met", "96 of their lives: made again 143 times, no answer"),
        (LoginRecord(life_s=900, renewals=143, refused=1), "missed", "1 answers 401"),
        (LoginRecord(life_s=80_000, renewals=1, refused=0), "inconclusive", "1 of their lives: made again once"),
        (LoginRecord(life_s=None, renewals=143, refused=0), "not_measured", "nobody says how long a login lasts"),
        (None, "not_measured", "nobody logged in"),
    ],
)
def test_token_expiry_is_survived_or_not_or_was_not_seen(logins, outcome, words):
    verdict, row = judged("expiries: 90", logins=logins)
    assert (row.outcome, row.blocks) == (outcome, outcome == "missed")
    assert words in row.notices[0].message
    told = long_report(verdict)
    assert logins is None or "last" in told
    assert explained(verdict, row)


def test_a_token_survives_nothing_where_no_answer_is_as_expected():
    logins = LoginRecord(life_s=900, renewals=143, refused=0)
    verdict, row = judged("expiries: 5", logins=logins, completed=0, errors={"status_500": 500})
    assert (row.outcome, verdict.verdict) == ("not_measured", "BLOCKED")


def test_loads_that_nobody_asked_of_share_a_line_where_they_were_too_short():
    suite = suite_of(
        "scenarios:\n"
        "  a: {load: {rate: 5/s, for: 60s}, mix: {home: 1}}\n"
        "  b: {load: {users: 5, for: 60s}, mix: {home: 1}}\n",
        ("home",),
    )
    short = {"periods": periods(0.0, hours=1 / 60, n=50, spread=0.1), "elapsed_s": 60.0}
    scenarios = {name: scenario_of(suite, name).model_copy(update=short) for name in ("a", "b")}
    verdict = verdict_of(suite, run_of(suite).model_copy(update={"scenarios": scenarios}), history_of(suite, 12))
    assert list(endurance(verdict.assessment.scenarios)) == [
        "a, b: too short to tell whether p50 degrades by 1.0 % an hour"
    ]


def test_logins_of_which_nothing_was_seen_share_a_line():
    suite = suite_of(
        "scenarios:\n" + "".join(f"  {n}: {{load: {{rate: 5/s, for: 60s}}, mix: {{home: 1}}}}\n" for n in "abcd"),
        ("home",),
    )
    logins = {
        "a": LoginRecord(life_s=43_200, renewals=0, refused=0),
        "b": LoginRecord(life_s=43_200, renewals=0, refused=0),
        "c": LoginRecord(life_s=43_200, renewals=0, refused=2),
        "d": LoginRecord(life_s=None, renewals=0, refused=0),
    }
    made = {name: scenario_of(suite, name).model_copy(update={"logins": told}) for name, told in logins.items()}
    verdict = verdict_of(suite, run_of(suite).model_copy(update={"scenarios": made}), history_of(suite, 12))
    c, ab, d = endurance(verdict.assessment.scenarios)
    assert ab == "a, b: too short for a login to run out, which lasts 12 h; no answer 401"
    assert c.startswith("c: ")
    assert "2 answers 401" in c
    assert d.startswith("d: nobody says")


def test_nothing_degrades_in_words_that_its_row_leaves_undecided():
    """Its own bound is above the limit; among all tests of a verdict that may be chance."""
    found = periods(0.0115, hours=6, n=30)
    verdict, row = judged("degradation: 1%", periods=found, elapsed_s=6 * 3600.0)
    assert (row.outcome, row.lo > 0.01) == ("inconclusive", True)
    (line,) = endurance(verdict.assessment.scenarios)
    assert line == f"enduring: {row.notices[0].message}"
    assert line.endswith("it seems to degrade, though not beyond doubt")
