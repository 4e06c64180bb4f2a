"""A stand-in for the Actions runner: one step that uses a container action, with the contract the real one keeps.

Written from what actions/runner does (ContainerActionHandler.cs, DockerCommandManager.cs, GitHubContext.cs and
ProcessInvoker.cs of https://github.com/actions/runner) and from
https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support. Podman takes docker's place.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.unit.gh.runner_port import commands_in, outputs_in

RUNNER_UID = 1001
ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PASSED = {
    "action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url", "base_ref", "env",
    "event_name", "event_path", "graphql_url", "head_ref", "job", "output", "path", "ref", "ref_name",
    "ref_protected", "ref_type", "repository", "repository_id", "repository_owner", "repository_owner_id",
    "retention_days", "run_attempt", "run_id", "run_number", "server_url", "sha", "state", "step_summary",
    "triggering_actor", "workflow", "workflow_ref", "workflow_sha", "workspace",
}  # fmt: skip
"""Members of the context ``github`` that become variables; the token is none of them."""
STEP_LIMIT_S = 120
TRIES = 3
ALONE = ("--cpu-shares", "20000")
"""A hosted runner does nothing else meanwhile. Here all of a container weighs as much as one process of other tests."""
PATIENCE_S = {signal.SIGINT: 7.5, signal.SIGTERM: 2.5}
"""How long a cancelled process is left alone after each signal; then it is killed."""


@dataclass(frozen=True)
class Step:
    """What came of it, as the runner sees it."""

    exit_code: int
    outputs: dict[str, str]
    summary: str
    log: str
    """Both streams, one after the other: both are read for commands."""

    @property
    def is_too_slow(self) -> bool:
        """Whether the load generator had no time: this machine has other work, which says nothing of the container."""
        return self.exit_code == 3 and "the load generator was late" in self.log

    @property
    def commands(self) -> set[str]:
        return {name for name, _ in commands_in(self.log)}


class Runner:
    """One job: a workspace that belongs to the runner's user, and fresh files for every step.

    Parameters
    ----------
    folder : Path
        Where the runner lives; empty.
    image : str
        Image of the action.
    """

    def __init__(self, folder: Path, image: str) -> None:
        self.image, self._temp = image, folder / "_temp"
        self.workspace = folder / "work" / "shop" / "shop"
        self._mounts = {
            self._temp / "_github_home": "/github/home",
            self._temp / "_github_workflow": "/github/workflow",
            self._temp / "_runner_file_commands": "/github/file_commands",
            self.workspace: "/github/workspace",
        }
        for path in self._mounts:
            path.mkdir(parents=True)
        for path in [*folder.rglob("*"), folder]:
            os.chown(path, RUNNER_UID, RUNNER_UID)
        self._socket = folder / "docker.sock"
        self._socket.touch()

    def step(self, *given: object, **named: object) -> Step:
        """Run the action, once more where this machine was too slow to measure; see :meth:`once`."""
        for _ in range(TRIES):
            step = self.once(*given, **named)
            if not step.is_too_slow:
                break
        return step

    def once(
        self,
        context: Mapping[str, str],
        event: Mapping[str, object],
        inputs: Mapping[str, str],
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        cancel_when: Callable[[], None] | None = None,
    ) -> Step:
        """Run the action once.

        Parameters
        ----------
        context : mapping
            Members of ``github``, the token among them.
        inputs : mapping
            What the workflow says under ``with``; the others get their defaults.
        environment : mapping, optional
            What it says under ``env``.
        options : sequence of str
            More options for ``run``, where the network is not the runner's own making.
        cancel_when : callable, optional
            Returns when the job is cancelled.
        """
        event_file = self._file("_github_workflow", "event.json", json.dumps(event))
        files = {name: self._file("_runner_file_commands", f"{name}_{secrets.token_hex(8)}", "") for name in _FILES}
        github = {**context, **files, "event_path": event_file, "workspace": str(self.workspace)}
        variables = {
            **(environment or {}),
            **_inputs(inputs, context["token"]),
            **{f"GITHUB_{name.upper()}": value for name, value in github.items() if name in PASSED},
            "HOME": str(self._temp / "_github_home"),
            "RUNNER_OS": "Linux",
            "RUNNER_ENVIRONMENT": "github-hosted",
            "RUNNER_TEMP": str(self._temp),
            "ACTIONS_RUNTIME_TOKEN": "RUNTIME_CANARY",
            "GITHUB_ACTIONS": "true",
            "CI": "true",
        }
        process = subprocess.Popen(
            [*self._command(variables, options), *ACTION["runs"]["args"]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if cancel_when is not None:
            cancel_when()
            _cancel(process)
        out, err = process.communicate(timeout=STEP_LIMIT_S)
        written = {name: Path(path).read_text(encoding="utf-8") for name, path in files.items()}
        return Step(process.returncode, outputs_in(written["output"]), written["step_summary"], out + err)

    def _command(self, variables: Mapping[str, str], options: Sequence[str]) -> list[str]:
        mounts = {self._socket: "/var/run/docker.sock", **self._mounts}
        return [
            *("podman", "run", "--rm", "--name", f"gate_{secrets.token_hex(4)}", "--workdir", "/github/workspace"),
            *(part for name, value in variables.items() for part in ("-e", f"{name}={self._inside(value)}")),
            *(part for path, inside in mounts.items() for part in ("-v", f"{path}:{inside}")),
            *ALONE,
            *options,
            self.image,
        ]

    def _inside(self, value: str) -> str:
        """The path in the container, for a value that is a path of the runner."""
        for path, inside in self._mounts.items():
            if value == str(path) or value.startswith(f"{path}/"):
                return inside + value.removeprefix(str(path))
        return value

    def _file(self, folder: str, name: str, content: str) -> str:
        path = self._temp / folder / name
        path.write_text(content, encoding="utf-8")
        os.chown(path, RUNNER_UID, RUNNER_UID)
        return str(path)


_FILES = ("output", "step_summary", "env", "state", "path")


def _inputs(given: Mapping[str, str], token: str) -> dict[str, str]:
    """Every input as a variable: in capitals, hyphens kept, its default where the workflow says nothing."""
    defaults = {name: said["default"].replace("${{ github.token }}", token) for name, said in ACTION["inputs"].items()}
    assert set(given) <= set(defaults), "the runner warns of inputs that the action does not have"
    return {f"INPUT_{name.upper()}": value for name, value in (defaults | dict(given)).items()}


def _cancel(process: subprocess.Popen[str]) -> None:
    for number, patience_s in PATIENCE_S.items():
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return
    process.kill()
