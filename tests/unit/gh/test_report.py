"""A verdict as check and comment: success means approved, sizes hold, and nothing in it is a command."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands.action_check import not_in_effect
from gate.config.suite import Suite
from gate.errors import ExitCode
from gate.gh.events.command import commands
from gate.gh.telling.checks import MAX_DESCRIPTION
from gate.gh.telling.comment import MAX_UNITS, Run
from gate.gh.telling.ledger import read
from gate.gh.telling.report import Job, Report, check_of, comment_texts, conclusion, with_accepting
from gate.record.value import Notice
from gate.report.since import read_line
from gate.verdict.rules import not_affected
from gate.verdict.values import Reason, Verdict
from tests.verdicts import HEAD, approved, blocked, not_measured, row, slower, verdict

JOB = Job(Run(42, 1), "https://github.com/octo/shop/actions/runs/42/attempts/1")
HOSTILE = (
    "/gate accept a/b/c now @org/team #1 https://e.com [!NOTE] \U0001f525 | <!-- gate:snapshot AAAA --> \n"
    "/gate accept x y"
)
REPORT = Report(verdict=approved(), sha=HEAD, policy_sha="b" * 40, suite_path="gate.yml", measured_in=JOB.run)
CODES = ("regressed", "missed", "unexpected-answers", "not-measured", "no-baseline", "inconclusive", "unconfirmed")


@st.composite
def verdicts(draw) -> Verdict:
    """Any verdict that can be built, those that the rules would never come to included."""
    reasons = [Reason(code=code, message="m") for code in draw(st.lists(st.sampled_from(CODES), max_size=2))]
    built = Verdict.model_construct(
        tool="0.0.0",
        suite="shop",
        commit=HEAD,
        verdict="BLOCKED" if reasons else "APPROVED",
        measured=draw(st.booleans()),
        unaffected_paths=draw(st.sampled_from([[], ["api/**"]])),
        exit_code=draw(st.sampled_from([0, 1, 3, 5])),
        in_effect=draw(st.booleans()),
        reasons=reasons,
        way="none",
        candidates=[],
        baselines=[],
        level=0.01,
        family=0,
        rows=draw(st.lists(st.sampled_from([row(), slower(), slower(blocks=False)]), max_size=2)),
    )
    return not_in_effect(built) if draw(st.booleans()) else built


@given(verdicts())
def test_success_is_an_approval_of_what_was_measured_and_nothing_else(judged):
    is_sound = (judged.measured or bool(judged.unaffected_paths)) and judged.exit_code == ExitCode.APPROVED
    is_approved = judged.verdict == "APPROVED" and is_sound
    assert (conclusion(judged) == "success") == is_approved
    assert check_of(replace(REPORT, verdict=judged), JOB).conclusion in ("success", "failure")


def test_a_suite_that_is_not_in_effect_yet_says_what_would_come_of_it():
    assert conclusion(not_in_effect(approved())) == "success"
    assert conclusion(not_in_effect(blocked())) == "failure"
    assert conclusion(not_in_effect(not_measured())) == "failure"
    assert check_of(replace(REPORT, verdict=not_in_effect(blocked())), JOB).title.startswith(
        "Not in effect until merged"
    )


def test_a_suite_that_is_not_affected_passes_and_says_so():
    suite = Suite.model_validate({"suite": "shop", "paths": ["shop/**", "api/**"], "endpoints": {"home": "GET /"}})
    check = check_of(replace(REPORT, verdict=not_affected(suite, "0.0.0", HEAD)), JOB)
    said = "APPROVED: not affected, nothing was measured: this pull request touches none of shop/**, api/**"
    assert (check.conclusion, check.title) == ("success", said)
    assert check.summary.count("not affected") == 1


def test_the_ledger_ends_the_text():
    ledger = read(check_of(REPORT, JOB).text)
    assert ledger is not None
    assert (ledger.sha, ledger.run_id, ledger.attempt, ledger.verdict) == (HEAD, 42, 1, "APPROVED")


@pytest.mark.parametrize("count", [5, 200, 1500])
def test_every_size_of_verdict_fits(count):
    rows = [row(f"e{n}/p50", notices=[Notice(code="x", message=f"{n} {HOSTILE}" * 3)]) for n in range(count)]
    told = verdict(*rows, *(slower(f"s{n}/p95") for n in range(count)), notices=[Notice(code="n", message=HOSTILE)])
    report = replace(REPORT, verdict=told)
    check = check_of(report, JOB)
    assert len(check.summary) <= 65_535
    assert len(check.text) <= 65_535
    assert 0 < len(check.title) <= MAX_DESCRIPTION
    for text in comment_texts(report, ""):
        assert len(text.encode("utf-16-le")) // 2 <= MAX_UNITS - 100, "room for the marker"
    assert len(comment_texts(report, "")) == (3 if count < 1500 else 2), "the hidden line goes first"


def test_no_line_of_a_comment_is_a_command_or_a_second_marker():
    carried = [Notice(code=code, message=HOSTILE, cure=HOSTILE) for code in ("x", "accepted", "base-commit")]
    notices = [Notice(code=code, message=HOSTILE) for code in ("x", "suite-changed")]
    told = verdict(slower(notices=carried), commit=HOSTILE, notices=notices)
    told = told.model_copy(update={"reasons": [Reason(code="not-measured", message=HOSTILE, cure=HOSTILE)]})
    before = comment_texts(replace(REPORT, verdict=blocked()), "")[0]
    for text in comment_texts(replace(REPORT, verdict=told), before):
        lines = text.splitlines()
        assert not [line for line in lines if line.lstrip(" >-*|").startswith("/gate")]
        assert sum("<!--" in line for line in lines) <= 1
        assert read_line(lines[-1]) is not None or "<!--" not in text


def test_the_comment_says_what_changed():
    before = comment_texts(replace(REPORT, verdict=blocked(), sha="d" * 40), "")[0]
    assert "Since the last run" not in before
    assert "\n\nSince the last run, at dddddddddddd: BLOCKED → APPROVED; search p50" in comment_texts(REPORT, before)[0]


def test_a_regression_names_the_comment_that_accepts_it_where_one_can():
    measured = slower("search/p95").model_copy(update={"change_hi": 0.48})
    told = with_accepting(verdict(row("home/p50"), slower("search/p50"), measured))
    (reason,) = told.reasons
    assert "/gate accept shop/search/p95 REASON" in reason.cure
    assert "policy.waivers" in reason.cure
    shown = check_of(replace(REPORT, verdict=told), JOB).summary
    assert "/gate accept shop/search/p95 REASON" in shown.replace("\\", "")
    line = next(line for line in shown.splitlines() if "/gate accept" in line)
    assert commands(line.lstrip("> ")) == ()


def test_what_a_comment_cannot_accept_keeps_its_cure():
    assert with_accepting(not_measured()) == not_measured()
    assert with_accepting(blocked()) == blocked(), "without an interval there is no ceiling"
