"""A whole story: main is stored, a pull request is fine, slower, accepted, merged, and the level of main is new."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_artifacts import Storage, add_artifacts, storing
from fake_checks import FakeChecks
from fake_deployments import FakeDeployments
from fake_github import REPOSITORY, FakeGitHub
from fake_objects import API, ObjectStore
from fake_people import People, add_people
from fake_pulls import Pulls
from runner import Runner

from gate.record.codec import decode_run
from gate.record.run import Run
from tests.integration.load.servers import Server, answer, serving

SUITE = b"""\
suite: shop
preview: {hosts: ["127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 5s}}
endpoints:
  list: {request: GET /list, rate: 100/s}
  detail: {request: GET /detail, rate: 100/s}
policy: {absolute_floor: 20ms, max_rate: 200/s, budget: {time: 3s}}
baselines: {store: "branch:perf-baselines"}
"""
SLOWER_S = 0.08


@dataclass
class Deployed:
    """A server that says which commit it serves; its list may have become slower."""

    commit: str = ""
    slower: bool = False

    def __call__(self, connection: socket.socket, line: str, _number: int) -> bool:
        if self.slower and "/list" in line:
            time.sleep(SLOWER_S)
        connection.sendall(answer(headers=f"Content-Type: application/json\r\nX-Commit: {self.commit}\r\n"))
        return True


@dataclass
class World:
    """A repository with its pull requests, and what is deployed of it."""

    github: FakeGitHub
    objects: ObjectStore
    checks: FakeChecks
    pulls: Pulls
    history: FakeDeployments
    storage: Storage
    runner: Runner
    server: Server
    deployed: Deployed
    runs: int = 0
    main: list[str] = field(default_factory=list)

    def commit(self, message: str, branch: str = "main") -> str:
        """One more commit on a branch that starts at main; a server serves it from now on."""
        parents = tuple(self.main[-1:])
        sha = self.objects.seed(branch, {"gate.yml": SUITE, "README.md": message.encode()}, parents, message)
        if branch == "main":
            self.main.append(sha)
            self.history.history(*self.main)
        self.deployed.commit = sha
        return sha

    def refresh(self) -> int:
        push = {"ref": "refs/heads/main", "after": self.main[-1], "repository": self.runner.event()["repository"]}
        return self._run(push, "push", self.main[-1])

    def check(self, number: int, head: str) -> int:
        self.pulls.add(number, head, self.main[-1], branch=f"topic-{number}")
        self.pulls.changes(number, "README.md")
        event = self.runner.event()
        pull = event["pull_request"] | {"number": number}
        pull["head"] = pull["head"] | {"sha": head, "ref": f"topic-{number}"}
        pull["base"] = pull["base"] | {"sha": self.main[-1]}
        return self._run(event | {"number": number, "pull_request": pull}, "pull_request", head)

    def comment(self, author: str, body: str, number: int = 7) -> int:
        said = {
            "body": body,
            "user": {"login": author, "type": "User"},
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5)),
        }
        issue = {"number": number, "state": "open", "user": {"login": "dev"}, "pull_request": {"url": f"{API}/x"}}
        repository = self.runner.event()["repository"]
        return self._run(
            {"action": "created", "issue": issue, "comment": said, "repository": repository},
            "issue_comment",
            self.main[-1],
        )

    def merge(self, number: int) -> None:
        sha = self.commit(f"Merge #{number}")
        self.pulls.github.pulls[number] |= {
            "state": "closed",
            "merged_at": "2026-11-20T14:00:00Z",
            "merge_commit_sha": sha,
        }

    def keep_results(self, run_id: int) -> None:
        """As the step that uploads the artifact does."""
        results = self.runner.workspace / "gate-out"
        self.storage.put({path.name: path.read_bytes() for path in results.iterdir()}, name="gate-shop", run=run_id)
        for path in results.iterdir():
            path.unlink()

    def conclusions(self, sha: str) -> list[str]:
        return [run["conclusion"] for run in self.checks.runs if run["head_sha"] == sha]

    def _run(self, event: dict, name: str, sha: str) -> int:
        self.runs += 1
        given = {"preview-url": self.server.origin} if name != "issue_comment" else {"preview-url": ""}
        return self.runner.run(self.server, event, name=name, run_id=self.runs, sha=sha, **given)


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub, checks: FakeChecks) -> Iterator[World]:
    objects, deployed = ObjectStore(github), Deployed()
    with storing() as storage, serving(deployed) as server:
        add_artifacts(github, storage)
        add_people(github, People({"mona": "maintain", "reader": "read"}, [], {}))
        # The line of main is told by the deployments' fake; what those before have of it goes.
        github.operations = {route: told for route, told in github.operations.items() if "compare" not in route}
        pulls, history = Pulls(github), FakeDeployments(github)
        yield World(github, objects, checks, pulls, history, storage, Runner(tmp_path, github), server, deployed)


def records(world: World) -> list[Run]:
    files = world.objects.files(world.objects.tip("perf-baselines"))
    runs = [content for name, content in sorted(files.items()) if name.startswith("v1/shop/")]
    return [decode_run(content) for content in runs]


def blocking(world: World) -> list[str]:
    """Rows that block by the verdict on disk, as a comment names them."""
    verdict = json.loads((world.runner.workspace / "gate-out" / "verdict.json").read_text())
    return [row["id"].removeprefix("shop/") for row in verdict["rows"] if row["blocks"]]


def test_from_the_first_baseline_to_the_new_level(world):
    for n in range(3):
        world.commit(f"main {n}")
        assert world.refresh() == 0, world.runner.log
    assert [record.commit for record in records(world)] == world.main
    assert len(world.objects.line("perf-baselines")) == 3, "one commit a refresh"

    fine = world.commit("fine", "topic-7")
    assert world.check(7, fine) == 0, world.runner.log
    assert world.conclusions(fine) == ["success"]
    (comment,) = world.github.comments
    assert comment["body"].split("\n")[1].startswith("**APPROVED**")
    assert "compared with 3 stored runs of main" in comment["body"].replace("\\", "")

    slow = world.commit("slow", "topic-7")
    world.deployed.slower = True
    assert world.check(7, slow) == 1, world.runner.log
    measured_in, rows = world.runs, blocking(world)
    assert rows
    assert all(row.startswith("list/p") for row in rows)
    (comment,) = world.github.comments
    assert "**BLOCKED**: list p" in comment["body"]
    assert "APPROVED" in comment["body"], "what changed since the last run is not told"
    assert world.conclusions(slow) == ["failure"]
    world.keep_results(measured_in)

    sent = len(world.server.requests)
    asked = "\n".join(f"/gate accept {row} the list shows more" for row in rows)
    assert world.comment("reader", asked) == 2
    assert "reader has the role read" in world.runner.log
    assert world.conclusions(slow) == ["failure"]
    failed = world.checks.make(name="gate / shop", head_sha=slow, conclusion="failure", status="completed")
    assert world.comment("mona", asked) == 3, "what a newer check could not measure was approved by an older one"
    world.checks.runs.remove(failed)
    assert world.comment("mona", asked) == 0, world.runner.log
    assert world.conclusions(slow) == ["failure", "success"]
    (comment,) = world.github.comments
    assert "accepted by mona: the list shows more" in comment["body"].replace("\\", "")
    assert len(world.server.requests) == sent, "an acceptance sent load"

    world.merge(7)
    assert world.refresh() == 0, world.runner.log
    stored = records(world)[-1]
    assert {change.row for change in stored.accepted} == {f"shop/{row}" for row in rows}
    assert "accepted by mona in #7" in stored.accepted[0].reason

    after = world.commit("after", "topic-8")
    assert world.check(8, after) == 0, world.runner.log
    assert world.conclusions(after) == ["success"]
    assert len(world.github.comments) == 2
    assert REPOSITORY in world.github.comments[-1]["html_url"]
