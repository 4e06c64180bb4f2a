"""One job of a workflow as the runner starts it: a workspace full of traps, an event, fresh files for its outputs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fake_github import BASE, HEAD, REPOSITORY, TOKEN, FakeGitHub
from forked import Forked

from tests.integration.load.servers import Server

QUICK_CLOCK = (str(Path(__file__).parent / "quick_clock.py"),)
TRAP = "raise SystemExit('the workspace was imported')\n"


class Runner:
    """Runs the action in a process of its own."""

    program: tuple[str, ...] = ("-m", "gate")

    @property
    def is_forked(self) -> bool:
        """Whether its process may be a copy: where it is on the quick clock, the start is not what is tested."""
        return self.program == QUICK_CLOCK

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        self.folder, self.github = folder, github
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        for name in ("yaml", "pydantic", "requests", "json", "sitecustomize", "github", "conftest"):
            (self.workspace / f"{name}.py").write_text(TRAP)
        (self.workspace / "gate.yml").write_text("endpoints: {mine: GET /soft}\n")
        self.log = ""
        self.variables: dict[str, str] = {}
        """Of the environment, beside those of the runner or in their place; an empty one is not set."""
        self.before: Callable[[], None] | None = None
        """Done in the process before it becomes the action's."""

    def event(self, **changes: object) -> dict:
        repository = {"full_name": REPOSITORY, "default_branch": "main", "name": "shop"}
        side = {"repo": repository | {"fork": False}}
        pull = {
            "number": 7,
            "state": "open",
            "draft": False,
            "user": {"login": "dev"},
            "head": side | {"sha": HEAD, "ref": "topic"},
            "base": side | {"sha": BASE, "ref": "main"},
        }
        return {"action": "synchronize", "number": 7, "pull_request": pull, "repository": repository} | changes

    def run(
        self,
        server: Server,
        event: dict | None = None,
        name: str = "pull_request",
        run_id: int = 1,
        sha: str = BASE,
        **inputs: str,
    ) -> int:
        return self.ended(self.start(server, event, name, run_id, sha, **inputs))

    def start(
        self,
        server: Server,
        event: dict | None = None,
        name: str = "pull_request",
        run_id: int = 1,
        sha: str = BASE,
        **inputs: str,
    ) -> subprocess.Popen[str] | Forked:
        files = {key: self.folder / f"{key}-{run_id}" for key in ("event", "output", "summary")}
        files["event"].write_text(json.dumps(event or self.event()))
        files["output"].write_text("")
        files["summary"].write_text("")
        self.output, self.summary = files["output"], files["summary"]
        given = {"token": TOKEN, "preview-url": server.origin, "api-url": self.github.url, "suite": "gate.yml"} | inputs
        environment = {
            **{f"INPUT_{key.upper()}": value for key, value in given.items()},
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(files["event"]),
            "GITHUB_SHA": sha,
            "GITHUB_REF": "refs/heads/main" if name != "pull_request" else "refs/pull/7/merge",
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "PYTHONPATH": ".",
            "PATH": os.defpath,
        }
        given = {name: value for name, value in (environment | self.variables).items() if value}
        if self.is_forked and self.before is None:
            return Forked(["action"], self.workspace, given, self.folder / f"log-{run_id}")
        return subprocess.Popen(
            [sys.executable, "-I", *self.program, "action"],
            cwd=self.workspace,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=self.before,
        )

    def ended(self, process: subprocess.Popen[str] | Forked) -> int:
        with process:
            try:
                self.log = "".join(process.communicate(timeout=90))
            except BaseException:
                process.kill()
                raise
        assert "Traceback" not in self.log, self.log
        assert "was imported" not in self.log
        return process.returncode

    @property
    def outputs(self) -> dict[str, str]:
        """As the runner reads them; a later value of a name wins."""
        values: dict[str, str] = {}
        lines = iter(self.output.read_text().splitlines())
        for line in lines:
            name, mark, value = re.fullmatch(r"([\w-]+)(=|<<)(.*)", line).groups()
            values[name] = value if mark == "=" else "\n".join(iter(lambda end=value: next(lines), value))
        return values
