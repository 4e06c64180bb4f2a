"""`gate report`: render a verdict again."""

from __future__ import annotations

from pathlib import Path

from gate.commands.effects import Effects
from gate.commands.judging import deliver
from gate.commands.outputs import read_verdict
from gate.errors import ExitCode


def run(file: Path, out: Path, effects: Effects, *, as_json: bool = False) -> ExitCode:
    """Write and show the report of a verdict file; ends with the verdict's own code."""
    return deliver(read_verdict(file), out, effects, as_json=as_json)
