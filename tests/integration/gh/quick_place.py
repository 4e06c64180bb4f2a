"""A pull request that is judged without load, by the whole action in a process on a quick clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fake_checks import FakeChecks
from fake_github import BASE, HEAD, FakeGitHub
from fake_pulls import Pulls
from runner import QUICK_CLOCK, Runner

NOWHERE = SimpleNamespace(origin="http://127.0.0.1:1024")
"""A preview that is never asked."""
SUITE = """\
suite: shop
preview: {hosts: ["127.0.0.1"], ready: {timeout: 2s}}
endpoints: {list: {request: GET /list, rate: 100/s, objectives: {max: 5s}}}
policy: {absolute_floor: 60s, max_rate: 200/s, budget: {time: 2s}}
"""
OF_ANOTHER_FOLDER = SUITE + 'paths: ["api/**"]\n'
STORED = "baselines/v1/shop/20260101T000000Z-x-1.json"


@dataclass
class Place:
    """The repository, and what became of it."""

    runner: Runner
    github: FakeGitHub
    checks: FakeChecks

    @classmethod
    def made(cls, folder: Path, github: FakeGitHub, checks: FakeChecks) -> Place:
        """A pull request that touches nothing of the suite's."""
        pulls = Pulls(github)
        pulls.add(7, HEAD, BASE)
        pulls.changes(7, "app/views.py")
        for sha, branch in ((HEAD, "topic"), (BASE, "main")):
            github.commit(sha, {"gate.yml": OF_ANOTHER_FOLDER.encode()}, branch)
        runner = Runner(folder, github)
        runner.program = QUICK_CLOCK
        return cls(runner, github, checks)

    def run(self, *faults: tuple[str, dict[str, Any]], **given: Any) -> int:
        for on, how in faults:
            self.github.fail(on, **how)
        return self.runner.run(NOWHERE, **given)

    def damaged(self) -> None:
        """Stored runs that cannot be used: BLOCKED - not measured."""
        self.github.commit(BASE, {"gate.yml": SUITE.encode(), STORED: b"{"})
        self.github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")

    @property
    def slept_s(self) -> float:
        return float(re.search(r"^slept (\d+) s$", self.runner.log, re.MULTILINE)[1])

    @property
    def verdict(self) -> Path:
        return self.runner.workspace / "gate-out" / "verdict.json"

    @property
    def summary(self) -> str:
        return self.runner.summary.read_text().replace("\\", "")

    @property
    def conclusions(self) -> list[str]:
        return [run["conclusion"] for run in self.checks.runs]
