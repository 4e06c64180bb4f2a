"""The whole action in a process of its own, as the runner starts it: event in, load on a real server, comment out."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_deployments import FakeDeployments
from fake_github import BASE, HEAD, TOKEN, FakeGitHub
from fake_pulls import Pulls as FakePulls
from runner import Runner

from gate.gh.telling.ledger import read
from tests.integration.load.servers import answer, serving, steady

SUITE = """\
suite: shop
preview: {hosts: ["127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 2s}}
endpoints:
  list: {request: GET /list, rate: 100/s, objectives: {max: 5s}}
  detail: {request: GET /detail, rate: 100/s, objectives: {max: 5s}}
policy: {absolute_floor: 60s, max_rate: 200/s, budget: {time: 2s}}
"""


def shop(connection: socket.socket, line: str, _number: int) -> bool:
    head = f"Content-Type: application/json\r\nX-Commit: {HEAD}\r\n"
    connection.sendall(answer(500 if "/fail" in line else 200, headers=head))
    return True


@pytest.fixture
def pulls(github: FakeGitHub) -> FakePulls:
    fake = FakePulls(github)
    fake.add(7, HEAD, BASE)
    fake.changes(7, "app/views.py")
    return fake


@pytest.fixture
def runner(tmp_path: Path, github: FakeGitHub, checks: FakeChecks, pulls: FakePulls) -> Runner:
    github.commit(BASE, {"gate.yml": SUITE.encode()})
    github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    return Runner(tmp_path, github)


def test_a_pull_request_is_measured_commented_on_and_summed_up(runner, github, checks):
    with serving(shop) as server:
        assert runner.run(server) == 0, runner.log
        assert not any("/soft" in line for line in server.requests), "the workspace's suite was used"
        assert sum("/list" in line for line in server.requests) >= 150
    (body,) = github.bodies()
    first, second = body.split("\n")[:2]
    assert first == "<!-- gate:shop run=1.1 -->"
    assert second.startswith("**APPROVED**: no baseline yet; 2 of 2 objectives met")
    assert runner.outputs["verdict"] == "APPROVED"
    assert runner.outputs["exit-code"] == "0"
    assert list(runner.outputs)[-1] == "verdict"
    assert (runner.workspace / runner.outputs["report"]).read_text() in body
    assert json.loads((runner.workspace / runner.outputs["verdict-file"]).read_text())["commit"] == HEAD
    assert "**APPROVED**" in runner.summary.read_text()
    assert TOKEN not in runner.log.replace(f"::add-mask::{TOKEN}", "")
    (check,) = checks.runs
    assert (check["head_sha"], check["conclusion"], check["external_id"]) == (HEAD, "success", f"1.1.{HEAD}")
    ledger = read(check["output"]["text"])
    (file,) = ledger.run_files
    content = (runner.workspace / runner.outputs["run-files"]).read_bytes()
    assert (file.sha256, file.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


WITH_FILE = SUITE.replace("GET /detail", '"GET /detail/{n}"') + "data: {n: {csv: data/n.csv, column: id}}\n"


def test_files_beside_the_suite_are_those_of_the_base_commit(runner, github):
    github.commit(BASE, {"perf/gate.yml": WITH_FILE.encode(), "perf/data/n.csv": b"id\n17\n"})
    (runner.workspace / "perf" / "data").mkdir(parents=True)
    (runner.workspace / "perf" / "data" / "n.csv").write_text("id\nsoft\n")
    with serving(shop) as server:
        assert runner.run(server, suite="perf/gate.yml") == 0, runner.log
        sent = {line.split(" ")[1] for line in server.requests if "/detail" in line}
    assert sent == {"/detail/17"}


def test_a_file_that_the_base_commit_has_not_is_exit_2(runner, github):
    github.commit(BASE, {"gate.yml": WITH_FILE.encode()})
    with serving(shop) as server:
        assert runner.run(server) == 2
        assert server.requests == []
    assert f"data.n.csv: data/n.csv: cannot be read: it is not in the repository at {BASE[:12]}" in runner.log


def test_a_second_run_edits_the_comment_in_place(runner, github):
    with serving(shop) as server:
        runner.run(server, run_id=1)
        runner.run(server, run_id=2)
    (body,) = github.bodies()
    assert "run=2.1" in body


def test_a_failing_objective_fails_the_step_and_says_so(runner, github):
    github.commit(
        BASE, {"gate.yml": SUITE.replace("GET /detail", "GET /fail").replace("max: 5s", "error_rate: 1%").encode()}
    )
    with serving(shop) as server:
        assert runner.run(server) == 1
    assert (
        github.bodies()[0]
        .split("\n")[1]
        .startswith("**BLOCKED**: detail misses its objective: error rate is 100 %, the limit is 1.0 %")
    )
    assert runner.outputs["verdict"] == "BLOCKED"


def test_stored_runs_are_read_at_the_base_commit(runner, github):
    """A refresh on main writes into the workspace; committed, the next pull request is compared with it."""
    FakeDeployments(github).history(BASE)
    push = {"ref": "refs/heads/main", "after": BASE, "repository": runner.event()["repository"]}

    def main(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(answer(headers=f"Content-Type: application/json\r\nX-Commit: {BASE}\r\n"))
        return True

    with serving(main) as server:
        assert runner.run(server, push, name="push") == 0, runner.log
    (stored,) = (runner.workspace / "baselines" / "v1" / "shop").iterdir()
    github.commit(BASE, {"gate.yml": SUITE.encode(), f"baselines/v1/shop/{stored.name}": stored.read_bytes()})
    (runner.workspace / "baselines" / "v1" / "shop" / "20990101T000000Z-soft-000000.json").write_text("{}")
    with serving(shop) as server:
        code = runner.run(server, run_id=2)
    assert code == 0, runner.log
    assert "compared with 1 stored run of main" in github.bodies()[0].replace("\\", "")


def test_a_damaged_stored_run_is_exit_5_and_the_preview_is_left_alone(runner, github):
    github.commit(BASE, {"gate.yml": SUITE.encode(), "baselines/v1/shop/20260101T000000Z-x-1.json": b"{"})
    with serving(shop) as server:
        assert runner.run(server) == 5
        assert server.requests == []
    assert "not measured" in github.bodies()[0].replace("\\", "")
    assert runner.outputs["verdict"] == "BLOCKED"


def test_a_host_the_base_suite_does_not_name_is_never_asked(runner, github):
    github.commit(BASE, {"gate.yml": SUITE.replace('"127.0.0.1"', '"*.example.app"').encode()})
    with serving(shop) as server:
        assert runner.run(server) == 2
        assert server.connections == 0
    assert (runner.outputs["exit-code"], runner.outputs["verdict"]) == ("2", "")


def test_the_pull_request_that_adds_the_suite_is_measured_without_consequence(runner, github):
    github.commit(BASE, {"README.md": b"a shop"})
    github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    with serving(shop) as server:
        assert runner.run(server) == 0, runner.log
        assert sum("/list" in line for line in server.requests) >= 150
    assert github.bodies()[0].split("\n")[1].startswith("**Not in effect until merged, would be APPROVED**")
    assert runner.outputs["verdict"] == ""


def test_a_fork_cannot_name_a_target_by_adding_a_suite(runner, github):
    github.commit(BASE, {"README.md": b"a shop"})
    github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    event = runner.event()
    event["pull_request"]["head"] = event["pull_request"]["head"] | {
        "repo": {"full_name": "stranger/shop", "fork": True}
    }
    with serving(shop) as server:
        assert runner.run(server, event) == 2
        assert server.connections == 0


def test_a_comment_that_cannot_be_written_is_a_warning_and_the_check_stands(runner, github, checks):
    github.fail("POST .*comments", times=50, status=403, message="Resource not accessible by integration")
    with serving(shop) as server:
        assert runner.run(server) == 0
    assert [run["conclusion"] for run in checks.runs] == ["success"]
    assert "::warning title=gate / shop::the comment could not be written" in runner.log
    assert "**APPROVED**" in runner.summary.read_text()


def test_a_verdict_that_cannot_be_delivered_is_exit_4_and_stands_on_disk(runner, github):
    github.fail("POST .*(check-runs|statuses)", times=50, status=403, message="Resource not accessible by integration")
    with serving(shop) as server:
        assert runner.run(server) == 4
    assert json.loads((runner.workspace / "gate-out" / "verdict.json").read_text())["verdict"] == "APPROVED"
    assert (runner.outputs["verdict"], runner.outputs["exit-code"]) == ("APPROVED", "4")
    assert "**APPROVED**" in runner.summary.read_text()
    assert "permissions: {checks: write}" in runner.log


def test_a_run_without_verdict_leaves_a_failed_check(runner, github, checks):
    github.commit(BASE, {"gate.yml": SUITE.replace('"127.0.0.1"', '"*.example.app"').encode()})
    with serving(shop) as server:
        assert runner.run(server) == 2
    assert [(run["name"], run["conclusion"]) for run in checks.runs] == [("gate / shop", "failure")]
    assert github.bodies() == []


def test_a_merge_queue_is_not_measured_by_what_a_pull_request_has_deployed(runner, github, checks):
    queued = "e" * 40
    github.commit(queued, {"gate.yml": SUITE.encode()}, f"gh-readonly-queue/main/pr-7-{BASE}")
    group = {"base_ref": "refs/heads/main", "head_sha": queued, "base_sha": BASE}
    group["head_ref"] = f"refs/heads/gh-readonly-queue/main/pr-7-{BASE}"
    event = {"action": "checks_requested", "merge_group": group, "repository": runner.event()["repository"]}
    with serving(shop) as server:
        preview = f'preview: {{url: "{server.origin}/{{number}}", hosts: ["127.0.0.1"]}}\n'
        suite = "suite: shop\n" + preview + SUITE[SUITE.index("endpoints") :]
        github.commit(BASE, {"gate.yml": suite.encode()})
        assert runner.run(server, event, name="merge_group", **{"preview-url": ""}) == 2, runner.log
        assert server.connections == 0
    assert "preview.url holds {number}, which is not known of this event" in runner.log
    assert [(run["head_sha"], run["conclusion"]) for run in checks.runs] == [(queued, "failure")]


@pytest.mark.parametrize("tells_commit", [True, False])
def test_who_reads_a_verdict_is_told_that_its_preview_was_named_by_hand(runner, github, tells_commit):
    """Whoever may start the workflow could name main's own deployment, and the check stands on the head."""
    suite = SUITE if tells_commit else SUITE.replace(" commit: {header: X-Commit},", "")
    github.commit(BASE, {"gate.yml": suite.encode()})
    github.commit(HEAD, {"gate.yml": suite.encode()}, "topic")
    event = {"inputs": {}, "ref": "refs/heads/main", "repository": runner.event()["repository"]}
    with serving(shop) as server:
        assert runner.run(server, event, name="workflow_dispatch", **{"pull-request": "7"}) == 0, runner.log
    (body,) = (text.replace("\\", "") for text in github.bodies())
    assert ("named by hand" in body) is not tells_commit


def test_measuring_only_judges_nothing(runner):
    with serving(shop) as server:
        assert runner.run(server, mode="measure") == 0
    assert runner.outputs["verdict"] == ""
    assert runner.outputs["run-files"].startswith("gate-out/run-")


def test_another_commit_than_the_head_is_not_measured(runner, github):
    with serving(steady()) as server:
        assert runner.run(server) == 3
    assert "did not serve commit" in github.bodies()[0]


def test_a_record_that_cannot_be_read_accepts_nothing_and_stops_nothing(runner, github, checks):
    checks.make(
        head_sha=HEAD, name="gate / shop", output={"title": "t", "summary": "s", "text": "<!-- gate:ledger --> cut"}
    )
    with serving(shop) as server:
        assert runner.run(server) == 0, runner.log
        assert "what was accepted of this commit before is not known: the record in the check run is cut" in runner.log
        github.fail(
            "GET .*/commits/.*/check-runs", times=50, status=403, message="Resource not accessible by integration"
        )
        assert runner.run(server, run_id=2) == 0, runner.log
    assert "what was accepted of this commit before is not known" in runner.log
    assert [run["conclusion"] for run in checks.runs[1:]] == ["success", "success"]


OTHER = (
    SUITE.replace("suite: shop", "suite: admin")
    .replace("GET /detail", "GET /fail")
    .replace("max: 5s", "error_rate: 1%")
)


def test_several_suites_have_a_check_and_a_comment_each_and_one_verdict(runner, github, checks):
    files = {"gate.yml": SUITE.encode(), "admin.yml": OTHER.encode()}
    github.commit(BASE, files)
    github.commit(HEAD, files, "topic")
    with serving(shop) as server:
        assert runner.run(server, suite="gate.yml, admin.yml") == 1, runner.log
    assert {run["name"]: run["conclusion"] for run in checks.runs} == {
        "gate / shop": "success",
        "gate / admin": "failure",
    }
    assert len(github.bodies()) == 2
    assert runner.outputs["verdict"] == "BLOCKED"
    reports = runner.outputs["report"].splitlines()
    assert reports == ["gate-out/shop/comment.md", "gate-out/admin/comment.md"]
    assert all((runner.workspace / report).is_file() for report in reports)


def test_an_error_of_one_suite_is_not_the_others(runner, github, checks):
    files = {
        "gate.yml": SUITE.replace('"127.0.0.1"', '"*.example.app"').encode(),
        "admin.yml": SUITE.replace("suite: shop", "suite: admin").encode(),
    }
    github.commit(BASE, files)
    github.commit(HEAD, files, "topic")
    with serving(shop) as server:
        assert runner.run(server, suite="gate.yml, admin.yml") == 2, runner.log
    assert {run["name"]: run["conclusion"] for run in checks.runs} == {
        "gate / shop": "failure",
        "gate / admin": "success",
    }
    assert (runner.outputs["exit-code"], runner.outputs["verdict"]) == ("2", "")


def test_a_suite_that_is_not_affected_passes_without_load(runner, github, checks, pulls):
    suite = SUITE.replace("suite: shop\n", 'suite: shop\npaths: ["api/**"]\n').encode()
    github.commit(BASE, {"gate.yml": suite})
    github.commit(HEAD, {"gate.yml": suite}, "topic")
    with serving(shop) as server:
        assert runner.run(server) == 0, runner.log
        assert server.connections == 0
        assert checks.runs[-1]["conclusion"] == "success"
        assert "not affected" in checks.runs[-1]["output"]["title"]
        pulls.changes(7, "api/views.py")
        assert runner.run(server, run_id=2) == 0, runner.log
        assert server.connections > 0


def test_a_suite_that_is_changed_says_so_and_measures_what_is_new_without_gating_it(runner, github):
    head = SUITE.replace("endpoints:\n", "endpoints:\n  fresh: {request: GET /fail/fresh, rate: 100/s}\n")
    github.commit(HEAD, {"gate.yml": head.encode()}, "topic")
    with serving(shop) as server:
        assert runner.run(server) == 0, runner.log
        assert any("/fail/fresh" in line for line in server.requests)
    (body,) = (text.replace("\\", "") for text in github.bodies())
    assert "gate.yml is changed here; not in effect until merged" in body
    assert "fresh is new in this pull request and is measured and not gated" in body


def test_beside_a_base_new_endpoints_wait_for_the_merge(runner, github):
    suite = SUITE.replace("time: 2s", "time: 6s")
    head = suite.replace("endpoints:\n", "endpoints:\n  fresh: {request: GET /fresh, rate: 100/s}\n")
    github.commit(BASE, {"gate.yml": suite.encode()})
    github.commit(HEAD, {"gate.yml": head.encode()}, "topic")
    FakeDeployments(github).history(BASE, HEAD)

    def main(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(answer(headers=f"Content-Type: application/json\r\nX-Commit: {BASE}\r\n"))
        return True

    with serving(shop) as server, serving(main) as base:
        runner.run(server, **{"base-url": base.origin})
        asked = [*server.requests, *base.requests]
        assert any("/list" in line for line in base.requests), runner.log
        assert not any("/fresh" in line for line in asked)
    (body,) = (text.replace("\\", "") for text in github.bodies())
    assert "fresh is new in this pull request and is not measured before the merge" in body
