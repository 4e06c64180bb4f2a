"""Rows and reasons of probes, from runs made by hand."""

from __future__ import annotations

import pytest

from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.probes.hashes import probe_hash
from gate.probes.words import expected, most_requests
from gate.record.probes import AboutRecord, GrowthPoint, GrowthRecord, ProbeOutcome, ProbeRecord
from gate.record.run import Run
from gate.report.explain import explained
from gate.report.render import comment, terminal
from gate.verdict.about import about_lines
from tests.builders import World, run_of, suite_of, verdict_of

TEXT = """\
about: {region: north, debug: {request: GET /about, json: $.debug}}
probes:
  - {name: bad | token, request: GET /, expect: {status: 401}}
  - {name: queries, growth: {request: "GET /?n={items}", items: [1, 10], most: 4}}
  - {name: throttles, request: GET /, times: 3, some: {status: 429}, advisory: true}
"""
SUITE = suite_of(TEXT, names=("home",))
NAMES = [probe.name for probe in SUITE.probes]
GROWN = GrowthRecord(
    of="queries",
    points=[GrowthPoint(items=1, values=[2.0, 2.0]), GrowthPoint(items=10, values=[2.0, 3.0])],
    slope=0.06,
    lo=0.01,
    hi=0.11,
)


def probed(run: Run, suite: Suite = SUITE, **outcomes: ProbeOutcome) -> Run:
    """The run with these outcomes of its probes by slug; all others passed."""
    records = {
        probe.name: ProbeRecord(
            config_hash=probe_hash(suite, probe),
            kind=probe.kind,
            outcome=outcomes.get(probe.slug.replace("-", "_"), "passed"),
            expected=expected(probe),
            seen="status 418",
            n=2,
            n_passed=1,
            growth=GROWN if probe.growth is not None else None,
        )
        for probe in suite.probes
    }
    return run.model_copy(update={"probes": records})


def judged(*runs: Run, suite: Suite = SUITE):
    return verdict_of(suite, runs)


def rows_of(verdict):
    return {row.id: row for row in verdict.rows if row.probed is not None}


def test_probes_alone_can_approve_where_nothing_else_can_be_judged():
    verdict = judged(probed(run_of(SUITE)))
    assert (verdict.verdict, verdict.exit_code) == ("APPROVED", 0)
    assert [row.outcome for row in rows_of(verdict).values()] == ["met"] * 3
    assert list(rows_of(verdict)) == ["shop/bad-token/probe", "shop/queries/queries", "shop/throttles/probe"]
    grown = rows_of(verdict)["shop/queries/queries"]
    assert (grown.candidate, grown.limit, grown.unit, grown.category) == (3, 4, "count", "queries")


def test_queries_that_the_application_tells_of_itself_alone_approve_nothing():
    suite = suite_of('probes: [{name: queries, growth: {request: "GET /?n={items}", items: [1, 10]}}]', ("home",))
    verdict = judged(probed(run_of(suite), suite), suite=suite)
    assert [row.outcome for row in rows_of(verdict).values()] == ["met"]
    assert [reason.code for reason in verdict.reasons] == ["nothing-to-judge"]
    failed = judged(probed(run_of(suite), suite, queries="failed"), suite=suite)
    assert [reason.code for reason in failed.reasons] == ["probe-failed"]


def test_what_was_asked_of_something_else_is_told_as_its_row_is():
    """The suite has changed since: the section of probes must not say passed of what the verdict does not know."""
    verdict = judged(probed(run_of(SUITE)), suite=suite_of(TEXT.replace("status: 401", "status: 403"), names=("home",)))
    (row,) = [row for row in verdict.rows if row.endpoint == "bad | token"]
    (told,) = [probe for probe in verdict.assessment.probes if probe.name == "bad | token"]
    assert (row.outcome, told.outcome) == ("not_measured", "not_measured")
    assert told.seen == "it was asked for something else than the suite asks now"


def test_advisory_probes_alone_approve_nothing():
    suite = suite_of(
        TEXT.replace("expect: {status: 401}", "expect: {status: 401}, advisory: true").replace(
            "most: 4}", "most: 4}, advisory: true"
        ),
        names=("home",),
    )
    verdict = judged(probed(run_of(suite), suite), suite=suite)
    assert [reason.code for reason in verdict.reasons] == ["nothing-to-judge"]


@pytest.mark.parametrize(
    ("outcomes", "codes", "exit_code"),
    [
        ({"bad_token": "failed"}, ["probe-failed"], 1),
        ({"queries": "failed"}, ["probe-failed"], 1),
        ({"throttles": "failed"}, [], 0),
        ({"throttles": "not_measured"}, [], 0),
        ({"bad_token": "not_measured"}, ["not-measured"], 3),
        ({"bad_token": "failed", "queries": "not_measured"}, ["probe-failed", "not-measured"], 1),
    ],
)
def test_what_probes_come_to(outcomes, codes, exit_code):
    verdict = judged(probed(run_of(SUITE), **outcomes))
    assert [reason.code for reason in verdict.reasons] == codes
    assert verdict.exit_code == exit_code


def test_a_failed_probe_comes_before_unexpected_answers_and_slowness():
    old = [run_of(SUITE, f"b{number}") for number in range(10)]
    bad = World(failing={"home": 50})
    from gate.baseline.select import Selection
    from gate.verdict.rules import judge

    verdict = judge(SUITE, (probed(run_of(SUITE, world=bad), bad_token="failed"),), Selection(tuple(old)), "0.0.0")
    assert [reason.code for reason in verdict.reasons][:2] == ["probe-failed", "unexpected-answers"]


def test_of_several_runs_the_worst_counts_and_those_without_probes_say_nothing():
    sound, failing = probed(run_of(SUITE, "c0")), probed(run_of(SUITE, "c1"), bad_token="failed")
    unsure, without = probed(run_of(SUITE, "c2"), bad_token="not_measured"), run_of(SUITE, "c3")
    for runs, outcome in (
        ((sound, without), "met"),
        ((sound, unsure), "not_measured"),
        ((sound, failing, unsure), "missed"),
        ((without,), "not_measured"),
    ):
        assert rows_of(judged(*runs))["shop/bad-token/probe"].outcome == outcome


def test_a_record_of_another_probe_counts_as_none():
    other = suite_of(TEXT.replace("status: 401", "status: 403"), names=("home",))
    row = rows_of(judged(probed(run_of(SUITE)), suite=other))["shop/bad-token/probe"]
    assert (row.outcome, row.probed.seen) == ("not_measured", "it was asked for something else than the suite asks now")
    named = suite_of(TEXT.replace("advisory: true", "category: safety"), names=("home",))
    assert rows_of(judged(probed(run_of(SUITE)), suite=named))["shop/throttles/probe"].outcome == "met"


def test_every_report_tells_what_was_expected_and_seen():
    verdict = judged(probed(run_of(SUITE), bad_token="failed"))
    assert terminal(verdict).startswith("BLOCKED: probe bad | token: status 418; expected status 401\n")
    text = comment(verdict)
    assert r"| bad \| token | status 418; expected status 401 | **FAILED** |" in text
    assert "| queries | status 418 | passed |" in text
    row = rows_of(verdict)["shop/queries/queries"]
    said = explained(verdict, row)
    assert "  expected     no more queries with more items, at most 4 with 10 items\n" in said
    assert "  10           items: 2, 3\n" in said
    assert said.endswith("  blocks       no\n")
    sound = terminal(judged(probed(run_of(SUITE), throttles="failed")))
    assert "2 of 3 probes passed" in sound.split("\n")[0]
    assert "FAILED (not gated)" in sound


def test_the_table_of_the_environment_tells_what_deployments_tell():
    def told(value: str | None, run_id: str) -> Run:
        about = {"debug": AboutRecord(value=value, is_declared=False), "gone": AboutRecord(value="x", is_declared=True)}
        return run_of(SUITE, run_id).model_copy(update={"about": about})

    lines = about_lines(SUITE, [told("false", "a"), told("true", "b"), told("false", "c")])
    assert [(line.name, line.value, line.is_declared) for line in lines] == [
        ("region", None, True),
        ("debug", "false / true", False),
    ]
    assert about_lines(SUITE, [told(None, "a")])[1].value is None


def test_what_is_expected_is_told_as_the_suite_has_it():
    suite = read_suite(
        b"""
endpoints: {home: GET /}
probes:
  - name: a
    request: GET /
    expect: {headers: {X-Key: "${KEY}", Vary: true, Server: false}, json: {$.a: "${KEY}", $.b: false}}
  - {name: b, request: GET /, times: 10, concurrent: 5, spread: 2, expect: {status: [200, 204], type: a/b, within: 1s}}
  - {name: c, request: GET /, times: 9, some: {status: 429}}
  - {name: d, socket: {connect: /ws, refused: [401, 4401]}}
  - {name: e, steps: [{request: GET /}, {request: GET /, expect: {absent: [x], schema: {}}}]}
  - {name: f, growth: {request: "GET /{items}", items: [5, 1], of: time, most: 200ms}}
  - {name: g, tally: {request: GET /n, json: $.n, of: [home]}}
  - name: h
    request: GET /
    expect: {body: {min: 1B, max: 5MB}, cookies: {s: {secure: true, http_only: false, max_age: 8h}}}
""",
        "gate.yml",
    )
    assert [expected(probe) for probe in suite.probes] == [
        "any 2xx, a header X-Key: ${KEY}, a header Vary, no header Server, $.a as given, no $.b",
        "10 of 10, 5 at once: status 200 or 204, type a/b, within 1 s, the slowest within 2 times the fastest"
        " or 50 ms of it",
        "at least one of 9: status 429",
        "refused with 401 or 4401",
        "step 1 any 2xx; step 2 any 2xx, as its schema says, without x",
        "at most 200 ms with 5 items",
        "one more with every answer of home",
        "any 2xx, at least 1 B, at most 5 MB, cookie s (Secure, not HttpOnly, for at most 8 h)",
    ]
    assert most_requests(suite) == 1 + 11 + 9 + 1 + 2 + 22 + 2 + 1
