"""`gate doctor`: what is set up on GitHub, what is not, and what cures it."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from gate.commands.effects import Effects
from gate.commands.measuring import Prepared, Targets, files_beside, prepare
from gate.commands.place import find_place
from gate.config.environment import missing_names
from gate.config.suite import Suite
from gate.errors import ExitCode, GateError, UsageError
from gate.gh.doctor.diagnosis import diagnose
from gate.gh.doctor.facts import Answers, SuiteFile, Unseen, Wrong
from gate.gh.doctor.findings import Finding, State, exit_code
from gate.gh.doctor.reading import Doctor, read_as_suite
from gate.gh.events.given import api_url_of, token_of
from gate.gh.rest.api import Effects as ApiEffects
from gate.gh.rest.client import Client
from gate.measure.access import wire_of
from gate.measure.network import fetch_resolving
from gate.measure.ready import wait_ready
from gate.measure.single import tokens

SCHEMA = "gate.doctor/1"
MOST_WAIT_S = 30.0
"""For a preview to answer: it is asked whether it is up, not waited for."""
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_INDENT = " " * 11


@dataclass(frozen=True)
class Asked:
    """What was said on the command line."""

    repository: str | None
    suite: Path
    api_url: str = ""
    previews: tuple[str, ...] = ()


def run(asked: Asked, effects: Effects, folder: Path, *, as_json: bool) -> ExitCode:
    """Look at everything and say how it stands.

    Raises
    ------
    UsageError
        If there is no token, or no repository to look at.
    """
    token = effects.environ.get("GITHUB_TOKEN", "") or effects.environ.get("GH_TOKEN", "")
    if not token:
        raise UsageError("GITHUB_TOKEN is not set", "GITHUB_TOKEN=$(gh auth token) gate doctor")
    repository = _repository(asked.repository, folder)
    suite_path = _path(asked.suite)
    api = ApiEffects(time.sleep, time.monotonic, random.random)
    client = Client(repository, token_of(token), api_url_of(asked.api_url, ""), api)
    doctor = Doctor(client, suite_path, effects.utc_now)
    previews = asked.previews

    def ask(suite: Suite) -> Answers | Wrong | Unseen:
        return preview_of(suite, previews, effects)

    findings = diagnose(doctor.look(_here(asked.suite), ask if previews else None))
    code = exit_code(findings)
    told = as_data(repository, suite_path, findings) if as_json else as_text(repository, suite_path, findings)
    effects.console.show(told)
    return code


def as_text(repository: str, suite_path: str, findings: Sequence[Finding]) -> str:
    """The findings for people: a line each, its cure below."""
    width = max(len(finding.name) for finding in findings)
    lines = [f"{repository}, {suite_path}", ""]
    for finding in findings:
        first, *rest = finding.seen.split("\n")
        lines.append(f"{finding.state:<8}   {finding.name:<{width}}   {first}")
        lines += [f"{_INDENT}{'':<{width}}   {line}" for line in rest]
        if finding.cure:
            lines.append(f"{_INDENT}{'':<{width}}   > {finding.cure}")
    return "\n".join([*lines, "", _summed_up(findings)]) + "\n"


def as_data(repository: str, suite_path: str, findings: Sequence[Finding]) -> str:
    """The findings as JSON."""
    content = {
        "schema": SCHEMA,
        "repository": repository,
        "suite": suite_path,
        "exit_code": int(exit_code(findings)),
        "findings": [
            {"name": one.name, "state": str(one.state), "seen": one.seen, "cure": one.cure} for one in findings
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def preview_of(suite: Suite, urls: Sequence[str], effects: Effects) -> Answers | Wrong | Unseen:
    """Ask previews whether they are up, through the same guard as the load would be."""
    unset = missing_names(suite, effects.environ)
    if unset:
        return Unseen(f"the suite takes values that are not set: {'; '.join(unset)}", "set them in the environment")
    try:
        prepared = prepare(suite, Targets(previews=tuple(urls)), replace(effects, hosts_required=True))
        origins = [pair["candidate"] for pair in prepared.origins]
        after_s = [_up_after_s(prepared, origin, effects) for origin in origins]
    except GateError as error:
        return Wrong(error.message, error.cure)
    return Answers(", ".join(origins), max(after_s))


def _up_after_s(prepared: Prepared, origin: str, effects: Effects) -> float:
    suite = _impatient(prepared.suite)
    fetch = fetch_resolving(prepared.network, wire_of(suite, prepared.environment), origin)
    return wait_ready(suite, origin, prepared.environment, None, fetch, effects.clock, tokens("doctor")).after_s


def _impatient(suite: Suite) -> Suite:
    ready = suite.preview.ready
    ready = ready.model_copy(update={"timeout_s": min(ready.timeout_s, MOST_WAIT_S)})
    return suite.model_copy(update={"preview": suite.preview.model_copy(update={"ready": ready})})


def _summed_up(findings: Sequence[Finding]) -> str:
    count = {state: sum(finding.state is state for finding in findings) for state in State}
    if exit_code(findings) is ExitCode.APPROVED:
        return "all that is needed is there"
    parts = []
    if count[State.MISSING]:
        parts.append(f"{count[State.MISSING]} missing")
    if count[State.UNKNOWN]:
        parts.append(f"{count[State.UNKNOWN]} could not be looked at")
    return ", ".join(parts) or "nothing was looked at"


def _here(path: Path) -> SuiteFile:
    try:
        return read_as_suite(path.read_bytes(), str(path), files_beside(path))
    except FileNotFoundError:
        return SuiteFile(None)
    except OSError as error:
        return SuiteFile(b"", None, f"{path} cannot be read: {error.strerror}")


def _repository(given: str | None, folder: Path) -> str:
    if given is None:
        given = find_place(folder).remote
        if not given:
            raise UsageError("which repository is meant is not known: origin names none", "give --repo OWNER/NAME")
    if not _REPOSITORY.fullmatch(given):
        raise UsageError(f"--repo is {given!r}", "write it like OWNER/NAME")
    return given


def _path(path: Path) -> str:
    """The suite's path in the repository; one stands at its top."""
    pure = PurePosixPath(path.as_posix())
    if pure.is_absolute() or ".." in pure.parts:
        raise UsageError(
            f"--suite is {str(path)!r}", "stand at the top of the repository, and name the file from there"
        )
    return str(pure)
