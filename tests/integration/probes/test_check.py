"""Probes inside a whole check: the verdict, its first reason, and what every command says of them."""

from __future__ import annotations

import json

import pytest

from gate.cli import main
from tests.integration.probes.server import TOKEN, serving

SUITE = """\
suite: s
preview: {ready: {timeout: 30s}}
identities: {user: {headers: {Authorization: "Token ${TOKEN}"}}}
about:
  framework: {request: GET /about, json: $.framework}
  region: north
endpoints:
  home: {request: GET /, rate: 100/s, objectives: {p95: 5s}}
  audited: {request: GET /audited, rate: 100/s, category: audit}
probes:
  - {name: No token, category: errors, request: GET /profile, expect: {status: 401}}
  - {name: queries of items, growth: {request: "GET /items?size={items}", items: [1, 10, 50], of: queries, most: 9}}
  - {name: one each, tally: {request: GET /audit, json: $.count, of: [audited]}}
  - {name: late, when: after, request: GET /, expect: {json: {$.status: ok}}}
  - {name: throttles, request: POST /login, json: {password: wrong}, times: 6, some: {status: 429}, advisory: true}
policy: {max_rate: 400/s, budget: {time: 2s}}
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """A whole check of the application, broken in some ways: exit code, verdict, what was shown."""
    monkeypatch.setenv("TOKEN", TOKEN)
    (tmp_path / "gate.yml").write_text(SUITE)
    (tmp_path / "baselines").mkdir()

    def run(*wrong: str, suite: str = SUITE):
        (tmp_path / "gate.yml").write_text(suite)
        with serving(*wrong) as (origin, _):
            code = main(
                [
                    "check",
                    f"--suite={tmp_path / 'gate.yml'}",
                    f"--out={tmp_path / 'out'}",
                    f"--baselines={tmp_path / 'baselines'}",
                    f"--preview={origin}",
                ]
            )
        verdict = json.loads((tmp_path / "out" / "verdict.json").read_text())
        return code, verdict, capsys.readouterr().out

    run.folder = tmp_path
    return run


def probe_rows(verdict):
    return {row["id"]: row["outcome"] for row in verdict["rows"] if row["probed"] is not None}


ALL = ["s/no-token/probe", "s/queries-of-items/queries", "s/one-each/probe", "s/late/probe", "s/throttles/probe"]


def test_a_sound_application_is_approved_with_every_probe_told(check):
    code, verdict, shown = check()
    assert (code, verdict["verdict"]) == (0, "APPROVED"), verdict["reasons"]
    assert probe_rows(verdict) == dict(zip(ALL, ["met"] * 4 + ["missed"], strict=True))
    assert "4 of 5 probes passed" in shown
    categories = {row["id"]: row["category"] for row in verdict["rows"]}
    assert [categories[name] for name in ALL] == ["errors", "queries", "reliability", "reliability", "reliability"]
    assert categories["s/home/p50"] == "response"
    assert categories["s/audited/p50"] == "audit"
    assert verdict["assessment"]["about"] == [
        {"name": "framework", "value": "none 1.0", "is_declared": False},
        {"name": "region", "value": "north", "is_declared": True},
    ]
    tally = next(row for row in verdict["rows"] if row["id"] == "s/one-each/probe")["probed"]["tally"]
    assert tally["after"] - tally["before"] == tally["completed"] == tally["sent"] > 0


@pytest.mark.parametrize(
    ("wrong", "row", "says"),
    [
        ("open", "s/no-token/probe", "probe No token: status 200; expected status 401"),
        ("n+1", "s/queries-of-items/queries", "probe queries of items: N+1: queries 3 with 1, 12 with 10, 52 with 50"),
        ("audit", "s/one-each/probe", "probe one each: it grew by "),
    ],
)
def test_a_failed_probe_blocks_as_the_first_reason(check, wrong, row, says):
    suite = SUITE.replace("p95: 5s", "p95: 1us")  # an objective is missed as well
    code, verdict, shown = check(wrong, suite=suite)
    assert (code, verdict["verdict"]) == (1, "BLOCKED")
    assert [reason["code"] for reason in verdict["reasons"]] == ["probe-failed", "missed"]
    assert verdict["reasons"][0]["rows"] == [row]
    assert shown.startswith(f"BLOCKED: {says}")
    capsys_free = check.folder / "out" / "verdict.json"
    assert main(["explain", row.partition("/")[2], f"--verdict={capsys_free}"]) == 0


def test_a_probe_that_was_not_measured_blocks_as_such_unless_it_is_advisory(check):
    code, verdict, _ = check("silent")
    assert (code, verdict["verdict"], verdict["measured"]) == (3, "BLOCKED", False)
    assert [reason["code"] for reason in verdict["reasons"]] == ["not-measured"]
    advisory = SUITE.replace("{name: queries of items,", "{name: queries of items, advisory: true,")
    code, verdict, shown = check("silent", suite=advisory)
    assert (code, verdict["verdict"]) == (0, "APPROVED")
    assert probe_rows(verdict)["s/queries-of-items/queries"] == "not_measured"
    assert "3 of 5 probes passed" in shown


def test_a_run_of_other_probes_is_not_judged_by_these(check):
    check()
    run = next((check.folder / "out").glob("run-*.json"))
    assert json.loads(run.read_text())["run"]["probes"]["No token"]["outcome"] == "passed"
    changed = SUITE.replace("expect: {status: 401}", "expect: {status: 403}")
    (check.folder / "gate.yml").write_text(changed)
    options = [f"--suite={check.folder / 'gate.yml'}", f"--out={check.folder / 'out'}"]
    assert main(["compare", str(run), *options, f"--baselines={check.folder / 'baselines'}"]) == 3
    verdict = json.loads((check.folder / "out" / "verdict.json").read_text())
    assert probe_rows(verdict)["s/no-token/probe"] == "not_measured"


def test_main_is_not_probed_when_it_is_measured_for_its_baselines(check, capsys):
    with serving() as (origin, shop):
        folder = check.folder
        options = [f"--suite={folder / 'gate.yml'}", f"--out={folder / 'out'}", f"--baselines={folder / 'baselines'}"]
        main(["refresh", *options, f"--preview={origin}"])
    assert "GET /audited" in shop.asked
    assert not {"GET /profile", "POST /login", "GET /about", "GET /audit"} & set(shop.asked)


def test_validate_and_explain_know_probes(check, capsys):
    check()
    assert main(["validate", f"--suite={check.folder / 'gate.yml'}"]) == 0
    said = capsys.readouterr().out
    assert "5 probes beside the load, 1 of them after the load: at most 22 requests to the preview" in said
    assert main(["explain", "no-token/probe", f"--verdict={check.folder / 'out' / 'verdict.json'}"]) == 0
    said = capsys.readouterr().out
    assert "passed: everything that was asked for was seen" in said
    assert "expected     status 401" in said
    assert "seen         status 401" in said
