"""`gate history`: what it tells of stored runs, and that it never judges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gate.record.run import AcceptedChange
from tests.builders import PREVIEWS, history_of, sha_of, suite_of
from tests.integration.load.servers import serving, steady
from tests.unit.baseline.test_creep import SUITE, growing
from tests.unit.baseline.test_history import STEPPED, accepting
from tests.unit.commands.test_refresh import QUICK

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "history.schema.json"


def told(desk, capsys, *options):
    assert desk.run("history", *options) == 0
    return capsys.readouterr().out


def file_of(desk, capsys, *options):
    file = json.loads(told(desk, capsys, "--json", *options))
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(file)
    return file


def row_of(file, name):
    return next(row for one in file["classes"] for row in one["rows"] if row["id"] == f"shop/{name}")


def test_levels_changes_and_windows_are_told(desk, capsys):
    desk.store(accepting(STEPPED, 12, "shop/home/p95"))
    text = told(desk, capsys)
    assert "shop: 16 stored runs" in text
    assert "list/p50     7 of 16" in text
    assert f"- list/p50: new level from 2026-11-13 ({sha_of('main 9')[:10]}) on: +" in text
    assert f"- home/p95: change accepted with 2026-11-16 ({sha_of('main 12')[:10]}): a new index" in text
    assert "- home/p50" not in text


def test_as_json_it_keeps_its_schema(desk, capsys):
    desk.store(STEPPED)
    row = row_of(file_of(desk, capsys), "list/p50")
    assert (row["runs"], row["in_window"], row["since"]) == (16, 7, "2026-11-13T12:00:00Z")
    (change,) = row["changes"]
    assert change["at"]["run_id"] == "b9"
    assert change["size"]["lo"] < 0.3 < change["size"]["hi"]
    assert row_of(file_of(desk, capsys), "*/p50")["level_s"] is None


def test_creep_since_a_release_is_told_and_is_no_verdict(desk, capsys):
    from tests.builders import suite_text

    desk.write(suite_text(names=list(SUITE.endpoints)))
    desk.store(growing(16, 0.015))
    release = sha_of("release")
    text = told(desk, capsys, "--anchor", release[:8])
    assert f"anchor: 3 stored run(s) of {release[:8]}" in text
    assert "- list/p50: crept since the anchor: by stored runs +" in text
    since = row_of(file_of(desk, capsys, "--anchor", release), "list/p50")["since_anchor"]
    assert since["creeping"] is True
    assert since["duets"] is None
    assert row_of(file_of(desk, capsys, "--anchor", release), "home/p50")["since_anchor"]["creeping"] is False


def test_environments_are_told_apart(desk, capsys):
    runs = history_of(desk.suite, 8, rounds=3)
    other = [run.model_copy(update={"environment": PREVIEWS, "run_id": f"p{n}"}) for n, run in enumerate(runs[:3])]
    desk.store([*other, *runs])
    file = file_of(desk, capsys)
    assert [(one["environment"]["host"], one["runs"]) for one in file["classes"]] == [
        ("*.preview.example.app", 3),
        ("loopback", 8),
    ]


def test_an_anchor_that_is_not_stored_is_a_slip(desk, capsys):
    desk.store(history_of(desk.suite, 3, rounds=3))
    assert desk.run("history", "--anchor", "feed") == 2
    said = capsys.readouterr().err
    assert "'feed' is no commit of the stored runs" in said
    assert sha_of("main 2")[:12] in said


def test_an_abbreviation_of_several_commits_is_refused(desk, capsys):
    desk.store(history_of(desk.suite, 3, rounds=3))
    assert desk.run("history", "--anchor", "") == 2
    assert "'' is 3 commits of the stored runs" in capsys.readouterr().err


def test_an_empty_store_has_no_history(desk, capsys):
    assert told(desk, capsys) == "shop: 0 stored runs\n"


def test_an_unreadable_store_ends_with_its_own_code(desk, capsys):
    desk.store(history_of(desk.suite, 2, rounds=3))
    path = next(desk.baselines.rglob("*.json"))
    path.write_bytes(path.read_bytes()[:-40])
    before = desk.files()
    assert desk.run("history") == 5
    assert path.name in capsys.readouterr().err
    assert desk.files() == before


def test_a_refresh_records_what_is_accepted(desk, capsys):
    desk.write(QUICK)
    with serving(steady()) as server:
        assert desk.run("refresh", "--preview", server.origin, "--accept", "shop/home/p95=exact prices") == 0
    (content,) = desk.files().values()
    assert json.loads(content)["run"]["accepted"] == [{"row": "shop/home/p95", "reason": "exact prices"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shop/home=why", "names no row of this suite"),
        ("blog/home/p95=why", "names no row of this suite"),
        ("shop/nowhere/p95=why", "names no row of this suite"),
        ("shop/home/p99=why", "names no row of this suite"),
        ("shop/home/p95", "needs a reason"),
        ("shop/home/p95= ", "needs a reason"),
    ],
)
def test_an_acceptance_that_means_nothing_is_refused_before_anything_is_measured(desk, capsys, text, words):
    desk.write(QUICK)
    with serving(steady()) as server:
        assert desk.run("refresh", "--preview", server.origin, "--accept", text) == 2
        assert server.connections == 0
    assert words in capsys.readouterr().err
    assert desk.files() == {}


def test_what_all_endpoints_share_may_be_accepted_too():
    from gate.commands.refresh import accepted_changes

    row = AcceptedChange(row="shop/*/p50", reason="new machines")
    assert accepted_changes(suite_of(), ["shop/*/p50=new machines"]) == [row]
