"""`gate run`: measure only."""

from __future__ import annotations

from pathlib import Path

from gate.commands.effects import Effects
from gate.commands.measuring import Targets, measure, prepare
from gate.config.suite import Suite
from gate.errors import ExitCode, NotMeasured


def run(suite: Suite, targets: Targets, out: Path, effects: Effects) -> ExitCode:
    """Measure each deployment and write its run.

    Raises
    ------
    NotMeasured
        If a deployment could not be measured; its file is marked.
    """
    measured = measure(prepare(suite, targets, effects), out, effects)
    for path in measured.files:
        effects.console.show(f"{path}\n")
    if measured.stopped_by is not None:
        raise measured.stopped_by
    for done in measured.runs:
        if done.not_measured:
            raise NotMeasured(done.not_measured[0].message, done.not_measured[0].cure)
    return ExitCode.APPROVED
