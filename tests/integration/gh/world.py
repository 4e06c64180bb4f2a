"""A repository as the action sees it over days: commits, deployments, pull requests, comments, kept results."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fake_artifacts import Storage, add_artifacts, storing
from fake_checks import FakeChecks
from fake_deployments import FakeDeployments
from fake_github import FakeGitHub
from fake_objects import API, ObjectStore
from fake_people import People, add_people
from fake_pulls import Pulls
from runner import Runner

from tests.integration.load.servers import Server, answer, serving

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
    suite: bytes
    runs: int = 0
    main: list[str] = field(default_factory=list)

    def commit(self, message: str, branch: str = "main") -> str:
        """One more commit on a branch that starts at main; a server serves it from now on."""
        parents = tuple(self.main[-1:])
        sha = self.objects.seed(branch, {"gate.yml": self.suite, "README.md": message.encode()}, parents, message)
        if branch == "main":
            self.main.append(sha)
            self.history.history(*self.main)
        self.deployed.commit = sha
        return sha

    def refresh(self) -> int:
        push = {"ref": "refs/heads/main", "after": self.main[-1], "repository": self.runner.event()["repository"]}
        return self._run(push, "push", self.main[-1])

    def check(self, number: int, head: str, **inputs: str) -> int:
        self.pulls.add(number, head, self.main[-1], branch=f"topic-{number}")
        self.pulls.changes(number, "README.md")
        event = self.runner.event()
        pull = event["pull_request"] | {"number": number}
        pull["head"] = pull["head"] | {"sha": head, "ref": f"topic-{number}"}
        pull["base"] = pull["base"] | {"sha": self.main[-1]}
        return self._run(event | {"number": number, "pull_request": pull}, "pull_request", head, **inputs)

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

    def keep_results(self, run_id: int, name: str = "gate-shop") -> None:
        """As the step that uploads the artifact does; the next job has a workspace of its own."""
        results = self.runner.workspace / "gate-out"
        files = [path for path in results.rglob("*") if path.is_file()]
        self.storage.put({str(path.relative_to(results)): path.read_bytes() for path in files}, name=name, run=run_id)
        shutil.rmtree(results)

    def conclusions(self, sha: str) -> list[str]:
        return [run["conclusion"] for run in self.checks.runs if run["head_sha"] == sha]

    def _run(self, event: dict, name: str, sha: str, **inputs: str) -> int:
        if inputs.get("mode") not in ("confirm", "judge"):  # jobs of the run that checks
            self.runs += 1
        given = {"preview-url": self.server.origin} if name != "issue_comment" else {"preview-url": ""}
        return self.runner.run(self.server, event, name=name, run_id=self.runs, sha=sha, **given, **inputs)


@contextmanager
def living(suite: bytes, folder: Path, github: FakeGitHub, checks: FakeChecks) -> Iterator[World]:
    """A world whose main has this suite."""
    objects, deployed = ObjectStore(github), Deployed()
    with storing() as storage, serving(deployed) as server:
        add_artifacts(github, storage)
        add_people(github, People({"mona": "maintain", "reader": "read"}, [], {}))
        # The line of main is told by the deployments' fake; what those before have of it goes.
        github.operations = {route: told for route, told in github.operations.items() if "compare" not in route}
        pulls, history, runner = Pulls(github), FakeDeployments(github), Runner(folder, github)
        yield World(github, objects, checks, pulls, history, storage, runner, server, deployed, suite)
