"""`gate refresh`: measure main and append one run to the baselines. It never judges.

With the previous main as base the run is a duet: its candidate is the baseline, and the difference of the two teaches
how much deployments of nearly the same code differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from gate.baseline.history import APPLICATION, is_sound
from gate.baseline.learnt import beliefs_for
from gate.baseline.store import Store
from gate.baseline.window import append_run
from gate.commands.effects import Effects
from gate.commands.judging import read_baselines
from gate.commands.measuring import Targets, measure, prepare
from gate.config.suite import Suite
from gate.errors import ExitCode, NotMeasured, UsageError
from gate.measure.outlook import environment_of
from gate.record.run import AcceptedChange, Environment, Run
from gate.stats.designs import METRICS
from gate.verdict.answers import WORKING
from gate.verdict.shared import has_latency

Accepted = Callable[[str | None], Sequence[AcceptedChange]]
"""What changed for good, and is meant, since the commit of the run that the new one follows; None if there is none, or
its commit is not known."""


def accepted_changes(suite: Suite, texts: Sequence[str]) -> list[AcceptedChange]:
    """Rows that are meant to have changed, from ``ROW=REASON``.

    Raises
    ------
    UsageError
        If one of them is no row of latency of the suite, or has no reason.
    """
    found = []
    for text in texts:
        row, _, reason = text.partition("=")
        name, endpoint, metric = row.strip().split("/") if row.count("/") == 2 else ("", "", "")
        if name != suite.name or endpoint not in (*suite.endpoints, APPLICATION) or metric not in METRICS:
            raise UsageError(
                f"--accept {text!r} names no row of this suite",
                f"write it like {suite.name}/{next(iter(suite.endpoints))}/p95=REASON; * is for what all rows share",
            )
        try:
            found.append(AcceptedChange(row=row.strip(), reason=reason.strip()))
        except ValidationError:
            raise UsageError(f"--accept {text!r} needs a reason of 1 to 200 characters after the =") from None
    return found


def run(
    suite: Suite,
    store: Store,
    targets: Targets,
    out: Path,
    effects: Effects,
    *,
    accepted: Accepted = lambda _: (),
) -> ExitCode:
    """Measure one deployment of main, beside the previous one if it is named, and store the run if it is sound.

    Parameters
    ----------
    accepted : callable
        Asked before anything is measured.

    Raises
    ------
    NotMeasured
        If it could not be measured; nothing is stored then.
    BaselineError
        If the store holds something unusable; it is left as it is.
    UsageError
        If more than one deployment was named, or the same one as base.
    """
    prepared = prepare(suite.without_probes(), targets, effects)
    if len(prepared.origins) != 1:
        raise UsageError(
            "a refresh measures one deployment of main", "give one --preview, and at most one --base: the previous main"
        )
    (origins,) = prepared.origins
    if origins.get("base") == origins["candidate"]:
        raise UsageError(
            f"main and the previous main are both {origins['candidate']}: a deployment beside itself teaches nothing",
            "give the address at which the previous deployment still answers as --base, or no --base",
        )
    stored = read_baselines(suite, store, effects)
    changes = accepted(_newest_commit(stored, environment_of(suite, origins["candidate"], effects.runner)))
    measured = measure(prepared, out, effects, same_code=True)
    if measured.stopped_by is not None:
        raise measured.stopped_by
    (done,) = measured.runs
    if done.not_measured:
        notice = done.not_measured[0]
        raise NotMeasured(f"nothing was stored: {notice.message}", notice.cure)
    refuse_failing(done)
    done = done.model_copy(update={"accepted": list(changes)})
    place = append_run(store, done)
    effects.console.show(f"stored {place}, run {len(store.names(suite.name))} of this suite; ten are enough\n")
    for name in done.endpoints:
        if suite.endpoints[name].is_loaded and not has_latency(done, name):
            effects.console.show(f"{name} has too few usable blocks: this run is no baseline of its latency\n")
    if "base" in origins:
        taught = beliefs_for(suite, [*stored, done], done.environment, one_host=done.one_host)
        effects.console.show("".join(f"{notice.message}\n" for notice in taught.notices))
    return ExitCode.APPROVED


def _newest_commit(stored: Sequence[Run], environment: Environment) -> str | None:
    """Of the run that the new one follows in its history; each class of environments has one of its own."""
    return next((run.commit for run in reversed(stored) if run.environment == environment and is_sound(run)), None)


def refuse_failing(done: Run) -> None:
    """Refuse to keep what mostly failed.

    Raises
    ------
    NotMeasured
        If an endpoint was hardly ever answered as expected.
    """
    arms = {name: record.arms["candidate"] for name, record in done.endpoints.items()}
    failing = {name: arm for name, arm in arms.items() if not arm.failed <= WORKING * arm.sent}
    if failing:
        told = ", ".join(
            f"{name} did not answer as expected, {a.failed} of {a.sent} times" for name, a in failing.items()
        )
        raise NotMeasured(
            f"nothing was stored: {told}",
            "a baseline of errors would make errors look normal; mend main or the suite",
        )
