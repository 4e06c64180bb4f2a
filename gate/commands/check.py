"""`gate check`: measure a preview, compare it, answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.baseline.learnt import beliefs_for
from gate.baseline.store import Store
from gate.commands.conducting import Believe
from gate.commands.effects import Effects
from gate.commands.judging import deliver, judge_runs, read_baselines, unusable_baselines
from gate.commands.measuring import Measurements, Prepared, Targets, measure, prepare
from gate.commands.outputs import REPORT_FILE, write_whole
from gate.config.journeys import without_steps
from gate.config.suite import Suite
from gate.errors import BaselineError, Cancelled, ExitCode
from gate.measure.access import host_class
from gate.measure.outlook import environment_of
from gate.record.run import Run
from gate.stats.beliefs import Beliefs
from gate.verdict.acceptance import Acceptance
from gate.verdict.rules import not_measured
from gate.verdict.values import Verdict


@dataclass(frozen=True)
class Checked:
    """A verdict and the files behind it."""

    verdict: Verdict
    run_files: tuple[Path, ...]


def check(
    suite: Suite,
    store: Store,
    targets: Targets,
    out: Path,
    effects: Effects,
    acceptances: Sequence[Acceptance] = (),
) -> Checked:
    """Stored runs first, for they are cheap to refuse; then measure; then judge. Never writes to the store.

    Parameters
    ----------
    acceptances : sequence of Acceptance
        Regressions that people accepted for this commit when it was measured before.

    Raises
    ------
    Cancelled
        If a signal ended it; what was measured is in a run file marked incomplete, and in the long report.
    """
    prepared = prepare(suite, targets, effects)
    try:
        stored = read_baselines(suite, store, effects)
    except BaselineError as error:
        return Checked(unusable_baselines(suite, error, effects), ())
    measured = measure(prepared, out, effects, _believe(prepared, stored, effects))
    if isinstance(measured.stopped_by, Cancelled):
        _tell_so_far(suite, measured, out, effects)
        raise measured.stopped_by
    try:
        verdict = judge_runs(suite, measured.runs, stored, effects, acceptances)
    except BaselineError as error:
        verdict = unusable_baselines(suite, error, effects)
    return Checked(verdict, measured.files)


def _tell_so_far(suite: Suite, measured: Measurements, out: Path, effects: Effects) -> None:
    """The long report on what was measured before a signal, if anything was; there is no verdict and no comment."""
    from gate.report.render import report

    message = measured.stopped_by.message if measured.stopped_by is not None else ""
    verdict = not_measured(without_steps(suite), effects.tool, message, candidates=measured.runs)
    if verdict.assessment.gaps:
        write_whole(out / REPORT_FILE, report(verdict).encode())


def _believe(prepared: Prepared, stored: list[Run], effects: Effects) -> Believe:
    """What stored duets teach of the deployments that are about to be measured."""
    first = prepared.origins[0]
    environment = environment_of(prepared.suite, first["candidate"], effects.runner)
    base_host = host_class(prepared.suite, first["base"]) if "base" in first else None

    def believe(suite: Suite, one_host: bool) -> Beliefs:
        return beliefs_for(without_steps(suite), stored, environment, one_host=one_host, base_host=base_host).beliefs

    return believe


def run(
    suite: Suite, store: Store, targets: Targets, out: Path, effects: Effects, *, as_json: bool = False
) -> ExitCode:
    """Check and deliver on the command line."""
    checked = check(suite, store, targets, out, effects)
    return deliver(checked.verdict, out, effects, as_json=as_json)
