"""Deployments of one commit side by side: what is stored, what is said, and what a failure leaves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from gate.commands import calibrate
from gate.commands.calibrate import pairs_of, with_time
from gate.config.read import read_suite
from gate.errors import Cancelled, ExitCode, UsageError
from gate.measure.layout import lay_out_same_code
from gate.record.codec import decode_run
from gate.record.run import Run
from tests.builders import suite_text
from tests.integration.load.servers import answer, serving, steady

SUITE = suite_text(
    "preview: {ready: {timeout: 1s}}\nendpoints: {home: {request: GET /home, rate: 200/s}}\n"
    "policy: {max_rate: 200/s, budget: {time: 2s}}\n"
)


def runs_of(desk) -> list[Run]:
    return [decode_run(content) for content in desk.files().values()]


# Which deployments meet.


def test_previews_meet_each_other_both_ways_round():
    assert pairs_of(["a", "b", "c"], [], None) == [
        *[("a", "b"), ("a", "c"), ("b", "c")],
        *[("b", "a"), ("c", "a"), ("c", "b")],
    ]


def test_with_bases_the_preview_stays_the_candidate_for_the_hosts_are_to_be_learnt():
    assert pairs_of(["a", "b"], ["m"], 3) == [("a", "m"), ("b", "m"), ("a", "m")]


def test_one_deployment_stands_beside_itself():
    assert pairs_of(["a", "a"], [], 2) == [("a", "a")] * 2


@pytest.mark.parametrize(("previews", "duets"), [([], None), (["a"], 0), (["a"], 101)])
def test_numbers_that_make_no_sense_are_refused(previews, duets):
    with pytest.raises(UsageError):
        pairs_of(previews, [], duets)


def test_longer_duets_have_more_rounds_and_requests_in_proportion():
    suite = read_suite(SUITE.encode(), "gate.yml")
    longer = with_time(suite, 1)
    assert (longer.policy.budget.time_s, longer.policy.budget.requests) == (60, 30 * suite.policy.budget.requests)
    assert lay_out_same_code(longer).most_rounds(0) > lay_out_same_code(suite).most_rounds(0)
    assert with_time(suite, None) is suite
    with pytest.raises(UsageError, match="duet-minutes"):
        with_time(suite, float("nan"))


# On real servers.


def test_two_deployments_are_measured_both_ways_and_stored_as_no_baseline(desk, capsys):
    desk.write(SUITE)
    with serving(steady()) as one, serving(steady()) as other:
        assert desk.run("calibrate", "--preview", one.origin, "--preview", other.origin) == 0
    records = [run.calibration for run in runs_of(desk)]
    assert len(records) == 2
    assert {(record.candidate, record.base) for record in records} == {
        (records[0].candidate, records[0].base),
        (records[0].base, records[0].candidate),
    }
    said = capsys.readouterr().out
    assert "no stored run of main; calibrations stand in" in said
    assert "1 of the 10 independent same-code duets" in said
    assert "false blocks at most 1.0 %" in said
    assert "rounds, and 20 would teach more: --duet-minutes 0.2" in said
    out = [json.loads(path.read_text())["run"] for path in desk.out.glob("run-*.json")]
    assert all(run["calibration"] is not None for run in out), "the files that were told of are what is stored"


def test_what_is_proposed_can_be_pasted(desk, capsys):
    desk.write(SUITE)
    with serving(steady()) as server:
        assert desk.run("calibrate", "--preview", server.origin) == 0
    said = capsys.readouterr().out
    assert "how deployments differ" in said
    pasted = said[said.index("policy:") :].split("\n\n")[0]
    text = yaml.safe_dump({**yaml.safe_load(SUITE), **yaml.safe_load(pasted)})
    suite = read_suite(text.encode(), "gate.yml")
    assert suite.policy.max_rate_rps <= 200
    assert desk.suite_file.read_text() == SUITE, "nothing is written into the suite"


def test_the_rate_proposed_is_a_share_of_the_capacity_that_was_found(desk, capsys):
    load = "{find: max_rate, until: p95 <= 1s, from: 50/s, limit: 60/s, for: 1s}"
    desk.write(f"{SUITE}scenarios: {{most: {{load: {load}, mix: {{home: 1}}}}}}\n")
    with serving(steady()) as server:
        assert desk.run("calibrate", "--preview", server.origin, "--duets", 2) == 0
    searches = [run for run in runs_of(desk) if run.scenarios]
    assert len(searches) == 1, "searched for once"
    capacity = searches[0].scenarios["most"].search.capacity_rps
    said = capsys.readouterr().out
    proposed = float(yaml.safe_load(said[said.index("policy:") :].split("\n\n")[0])["policy"]["max_rate"].split("/")[0])
    assert proposed <= 0.3 * capacity


def test_a_signal_keeps_the_duets_that_were_made(desk, monkeypatch):
    desk.write(SUITE)
    measure, calls = calibrate.measure, []

    def cancelled_at_the_second(*given, **more):
        calls.append(1)
        measured = measure(*given, **more)
        ended = Cancelled("cancelled by SIGTERM", ExitCode.TERMINATED)
        return measured if len(calls) == 1 else replace(measured, stopped_by=ended)

    monkeypatch.setattr(calibrate, "measure", cancelled_at_the_second)
    with serving(steady()) as server:
        assert desk.run("calibrate", "--preview", server.origin, "--duets", 3) == ExitCode.TERMINATED
    assert len(runs_of(desk)) == 1


def test_a_deployment_that_fails_teaches_nothing_and_is_not_stored(desk, capsys):
    def failing(connection, line: str, number: int) -> bool:
        connection.sendall(answer(500 if "/home" in line and number > 1 else 200))
        return True

    desk.write(SUITE)
    with serving(steady()) as good, serving(failing) as bad:
        assert desk.run("calibrate", "--preview", bad.origin, "--preview", good.origin) == 3
    assert "did not answer as expected" in capsys.readouterr().err
    assert desk.files() == {}


def test_deployments_of_different_commits_are_refused_and_the_second_is_not_stored(desk, capsys):
    """What differs must not be the code."""

    def serving_commit(commit: str):
        def behave(connection, line: str, number: int) -> bool:
            connection.sendall(answer(200, headers=f"Content-Type: application/json\r\nX-Commit: {commit}\r\n"))
            return True

        return behave

    desk.write(SUITE.replace("ready: {timeout: 1s}", "ready: {timeout: 1s}, commit: {header: X-Commit}"))
    with serving(serving_commit("a" * 40)) as one, serving(serving_commit("b" * 40)) as other:
        assert desk.run("calibrate", "--preview", one.origin, "--preview", other.origin) == 2
    assert "serve different commits: aaaaaaaaaaaa and bbbbbbbbbbbb" in capsys.readouterr().err
    assert desk.files() == {}
