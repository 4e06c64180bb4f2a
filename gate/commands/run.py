"""`gate run`: measure only; after runs on other runners, what those made suspect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gate.baseline.store import Store
from gate.commands.effects import Effects
from gate.commands.judging import read_baselines, suspicion_of
from gate.commands.measuring import Targets, measure, prepare
from gate.commands.outputs import read_run
from gate.config.suite import Suite
from gate.errors import ExitCode, NotMeasured, UsageError
from gate.record.value import NOT_REACHED


@dataclass(frozen=True)
class After:
    """Runs to go on from, and the stored runs that say what is suspected in them."""

    files: tuple[Path, ...]
    store: Store


def run(suite: Suite, targets: Targets, out: Path, effects: Effects, after: After | None = None) -> ExitCode:
    """Measure each deployment and write its run.

    Raises
    ------
    NotMeasured
        If a deployment could not be measured; its file is marked.
    UsageError
        If nothing is suspected in the runs to go on from.
    BaselineError
        If the stored runs that would say so cannot be read.
    """
    prepared, suspicion = prepare(suite, targets, effects), None
    if after is not None:
        if "base" in prepared.origins[0]:
            raise UsageError(
                "--after is for previews compared with stored runs, and a base deployment is given",
                "leave the base out; beside a base what is suspected is measured again in the same check",
            )
        runs = tuple(read_run(path) for path in after.files)
        suspicion = suspicion_of(suite, runs, read_baselines(suite, after.store, effects))
    measured = measure(prepared, out, effects, after=suspicion)
    for path in measured.files:
        effects.console.show(f"{path}\n")
    if measured.stopped_by is not None:
        raise measured.stopped_by
    for done in measured.runs:
        for notice in done.notices:
            if notice.code == NOT_REACHED:
                effects.console.warn(f"gate: {notice.message}; {notice.cure}")
        if done.not_measured:
            raise NotMeasured(done.not_measured[0].message, done.not_measured[0].cure)
    return ExitCode.APPROVED
