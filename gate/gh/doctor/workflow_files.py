"""Workflow files: when their jobs start, which of them use the gate, and with which rights. Pure.

Only what the file says by itself: conditions and expressions are not evaluated.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

_ACTION = re.compile(r"[\w.-]+/(?:perf-)?gate(?:/[\w./-]+)?@(\S+)", re.ASCII | re.IGNORECASE)
_STEP = re.compile(r"\bgate(?:@\S+)?[\"']? (?:-\S+ )*action\b|\bgate action\b")
_FULL_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class GateJob:
    """A job with a step that is the gate."""

    file: str
    name: str
    events: Mapping[str, Mapping[str, object]]
    """What starts it, with what limits each event."""
    permissions: Mapping[str, str] | None
    """Rights of its token by name, ``*`` for all; None where the file leaves them to the repository."""
    inputs: Mapping[str, str]
    version: str
    """What follows the ``@``; empty for a plain step."""
    has_timeout: bool
    has_concurrency: bool
    is_cancelled: bool
    """Whether a newer run ends one that is under way."""

    @property
    def is_pinned(self) -> bool:
        """Whether the action is named by a full commit; a plain step names it in its command."""
        return not self.version or _FULL_SHA.fullmatch(self.version) is not None

    def suites(self) -> tuple[str, ...]:
        """Paths of the suites it is told of."""
        return tuple(
            part.strip() for part in re.split(r"[\r\n,]+", self.inputs.get("suite", "gate.yml")) if part.strip()
        )


@dataclass(frozen=True)
class WorkflowFile:
    """One file below ``.github/workflows``."""

    name: str
    jobs: tuple[GateJob, ...] = ()
    problem: str = ""
    """Why it cannot be understood; GitHub would start nothing either."""
    calls: tuple[str, ...] = field(default=())
    """Reusable workflows that its jobs are: what is in them is not known here."""


def parse(name: str, content: bytes) -> WorkflowFile:
    """Read one file; one that is no workflow has a problem and no jobs."""
    try:
        # To YAML 1.1 the key `on` is true; the base loader leaves every scalar a text, and makes no objects.
        data = yaml.load(content, yaml.BaseLoader)  # noqa: S506 - the base loader builds nothing but texts
    except (yaml.YAMLError, ValueError, RecursionError):
        return WorkflowFile(name, problem="it is no YAML")
    top = _mapping(data)
    jobs = _mapping(top.get("jobs"))
    if not jobs or "on" not in top:
        return WorkflowFile(name, problem="it has no jobs, or nothing that starts them")
    events = _events(top["on"])
    found = [job for key, value in jobs.items() for job in _gate_jobs(name, key, events, top, _mapping(value))]
    calls = tuple(uses for value in jobs.values() if isinstance(uses := _mapping(value).get("uses"), str))
    return WorkflowFile(name, tuple(found), calls=calls)


def _gate_jobs(
    file: str,
    key: str,
    events: Mapping[str, Mapping[str, object]],
    top: Mapping[str, object],
    job: Mapping[str, object],
) -> Iterator[GateJob]:
    steps = job.get("steps")
    for step in map(_mapping, steps if isinstance(steps, list) else ()):
        used = _used(step)
        if used is None:
            continue
        concurrency = job.get("concurrency", top.get("concurrency"))
        yield GateJob(
            file=file,
            name=_text(job.get("name")) or key,
            events=events,
            permissions=_permissions(job["permissions"] if "permissions" in job else top.get("permissions")),
            inputs=_inputs(step),
            version=used,
            has_timeout="timeout-minutes" in job or "timeout-minutes" in step,
            has_concurrency=concurrency is not None,
            is_cancelled=_mapping(concurrency).get("cancel-in-progress", "false") != "false",
        )


def _used(step: Mapping[str, object]) -> str | None:
    """Version of the gate that a step is; empty for a plain one, None for a step that is something else."""
    uses = _ACTION.fullmatch(_text(step.get("uses")))
    if uses:
        return uses[1]
    return "" if _STEP.search(_text(step.get("run"))) else None


def _inputs(step: Mapping[str, object]) -> Mapping[str, str]:
    given = {name.lower(): _text(value) for name, value in _mapping(step.get("with")).items()}
    for name, value in _mapping(step.get("env")).items():
        if name.startswith("INPUT_"):
            given[name.removeprefix("INPUT_").lower()] = _text(value)
    return given


def _events(value: object) -> dict[str, Mapping[str, object]]:
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, list):
        return {_text(name): {} for name in value}
    return {name: _mapping(limits) for name, limits in _mapping(value).items()}


def _permissions(value: object) -> Mapping[str, str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        every = {"read-all": {"*": "read"}, "write-all": {"*": "write"}}
        return every.get(value, {})
    return {name: _text(right) for name, right in _mapping(value).items()}


def _mapping(value: object) -> Mapping[str, object]:
    return {name: one for name, one in value.items() if isinstance(name, str)} if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """A scalar; anything else is none, and is not written out: a few aliases can stand for more than memory holds."""
    return value if isinstance(value, str) else ""
