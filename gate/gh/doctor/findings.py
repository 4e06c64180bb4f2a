"""One line of the doctor's: what was looked at, how it stands, what cures it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.errors import ExitCode
from gate.gh.doctor.facts import Unseen


class State(StrEnum):
    """How something stands."""

    OK = "ok"
    MISSING = "missing"
    ADVICE = "advice"
    """It works without; somebody should know."""
    UNKNOWN = "unknown"
    """It could not be looked at, and is needed."""
    NOT_LOOKED_AT = "not seen"
    """It could not be looked at, and nothing depends on it."""


@dataclass(frozen=True)
class Finding:
    """How one thing stands."""

    name: str
    state: State
    seen: str
    cure: str = ""


def ok(name: str, seen: str) -> Finding:
    """Looked at, and as it should be."""
    return Finding(name, State.OK, seen)


def missing(name: str, seen: str, cure: str) -> Finding:
    """Looked at, and not as it must be."""
    return Finding(name, State.MISSING, seen, cure)


def advice(name: str, seen: str, cure: str) -> Finding:
    """Looked at, and better otherwise."""
    return Finding(name, State.ADVICE, seen, cure)


def unknown(name: str, unseen: Unseen, *, is_needed: bool = True) -> Finding:
    """Not looked at."""
    state = State.UNKNOWN if is_needed else State.NOT_LOOKED_AT
    return Finding(name, state, f"could not be looked at: {unseen.why}", unseen.cure)


def exit_code(findings: Sequence[Finding]) -> ExitCode:
    """0 where all that is needed is there, 1 where something is missing, 3 where it could not be looked at."""
    states = {finding.state for finding in findings}
    if State.MISSING in states:
        return ExitCode.BLOCKED
    return ExitCode.NOT_MEASURED if State.UNKNOWN in states or not states else ExitCode.APPROVED
