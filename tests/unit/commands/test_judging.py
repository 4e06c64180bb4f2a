"""Which run files may be judged together, and by which suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.commands.judging import open_store
from gate.config.read import read_suite
from gate.errors import NotMeasured, UsageError
from gate.record.value import Notice
from tests.builders import PREVIEWS, World, history_of, run_of, scenario_of, socket_of, suite_of, suite_text


def test_a_run_given_twice_is_refused(desk, capsys):
    """It would count as two draws and halve the variance."""
    run = run_of(desk.suite, rounds=3)
    assert desk.compare(run, run) == 2
    assert "the run c0 is given twice" in capsys.readouterr().err


def test_a_run_of_another_suite_is_refused(desk, capsys):
    assert desk.compare(run_of(desk.suite, rounds=3).model_copy(update={"suite": "blog"})) == 2
    assert "a run of suite 'blog' cannot be judged by suite 'shop'" in capsys.readouterr().err


def test_a_run_that_measured_an_endpoint_in_another_way_is_refused(desk, capsys):
    """A softer expectation would let errors pass for answers."""
    soft = suite_text().replace("home: GET /home", "home: {request: GET /home, expect: {status: [200, 500]}}")
    run = run_of(desk.write(soft), rounds=3)
    desk.write(suite_text())
    assert desk.compare(run) == 2
    assert "measured home in another way than the suite says now" in capsys.readouterr().err


def test_a_run_that_made_another_load_in_a_scenario_is_refused(desk, capsys):
    """A smaller load meets objectives that the one of the suite would miss."""
    scenario = "scenarios: {rush: {load: {rate: %s, for: 10s}, mix: {home: 1}, objectives: {p95: 1s}}}\n"
    small = desk.write(suite_text() + scenario % "5/s")
    run = run_of(small, rounds=3, scenarios={"rush": scenario_of(small, "rush")})
    desk.write(suite_text() + scenario % "50/s")
    assert desk.compare(run) == 2
    assert "made another load in scenario rush than the suite says now" in capsys.readouterr().err


@pytest.mark.parametrize("member", ["connect", "upgrade", "echo"])
def test_connections_of_a_run_file_that_cannot_be_read_are_refused(desk, capsys, member):
    talk = "sockets: {chat: {connect: /ws}}\nscenarios: {talk: {load: {users: 2, for: 9s}, mix: {chat: 1}}}\n"
    suite = desk.write(suite_text() + talk)
    torn = socket_of().model_copy(update={member: "SElTVA=="})
    scenario = scenario_of(suite, "talk").model_copy(update={"sockets": {"chat": torn}})
    assert desk.compare(run_of(suite, rounds=3, scenarios={"talk": scenario})) == 2
    assert "not a histogram" in capsys.readouterr().err


def test_a_scenario_that_the_run_does_not_have_is_not_measured(desk):
    run = run_of(desk.suite, rounds=3)
    desk.write(suite_text() + "scenarios: {rush: {load: {rate: 5/s, for: 10s}, mix: {home: 1}}}\n")
    assert desk.compare(run) == 3
    assert "scenario rush was not measured" in desk.comment


def test_an_endpoint_that_the_run_does_not_have_is_not_measured(desk):
    run = run_of(suite_of(names=("home", "list")))
    desk.write(suite_text(names=("home", "list", "detail")))
    assert desk.compare(run) == 3
    assert desk.outcomes["detail/errors"] == "not_measured"


def test_previews_of_different_commits_are_not_measured(desk):
    runs = [run_of(desk.suite, f"c{n}", commit=f"commit {n}", rounds=3) for n in range(2)]
    assert desk.compare(*runs) == 3
    assert "the previews serve different commits" in desk.comment.splitlines()[0]


def test_a_preview_that_never_came_up_is_told_of_before_its_unknown_commit(desk):
    down = Notice(code="not-measured", message=str(NotMeasured("the preview was not ready")))
    runs = [run_of(desk.suite, rounds=3), run_of(desk.suite, "c1", commit=None, rounds=3, not_measured=[down])]
    assert desk.compare(*runs) == 3
    assert "the preview was not ready" in desk.comment.splitlines()[0]


def test_runs_of_different_environments_are_not_judged_together(desk):
    desk.store(history_of(desk.suite, 5, rounds=3))
    runs = [run_of(desk.suite, rounds=3), run_of(desk.suite, "c1", rounds=3, environment=PREVIEWS)]
    assert desk.compare(*runs) == 3
    assert "different environments" in desk.comment.splitlines()[0]


def test_no_candidate_is_its_own_baseline(desk):
    slow = World(slower=dict.fromkeys(("home",), 1.6))
    runs = [run_of(desk.suite, f"c{n}", slow) for n in range(2)]
    desk.store([*history_of(desk.suite, 10), *runs])
    assert desk.compare(*runs) == 1
    assert not {"c0", "c1"} & set(desk.verdict["baselines"])
    assert desk.outcomes["home/p50"] == "regressed"


def test_baselines_on_a_branch_are_answered_with_how_to_get_at_them():
    suite = read_suite(b'baselines: {store: "branch:perf-baselines"}\nendpoints: {home: GET /}\n', "gate.yml")
    with pytest.raises(UsageError) as refused:
        open_store(suite, Path("gate.yml"), None)
    for step in ("git fetch origin perf-baselines", "git worktree add ../runs perf-baselines", "dir:../runs"):
        assert step in refused.value.cure
