"""`gate plan`: what can be seen in so many minutes, and what it would take to see more. Makes no connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.baseline.learnt import beliefs_for
from gate.baseline.noise import noise_of
from gate.baseline.store import Store
from gate.commands.effects import Effects
from gate.commands.judging import read_baselines
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.measure.plan import Cost
from gate.probes.words import most_requests
from gate.record.run import Run
from gate.report import plan as report
from gate.stats.designs import METRICS
from gate.stats.stored import FEW_RUNS
from gate.units import format_ratio, parse_ratio
from gate.verdict.afford import budget_of, duet_ways, least_budget, stored_within
from gate.verdict.needs import need_of
from gate.verdict.sight import SetUp, Way

_MOST_MINUTES = 360
_RUNS = (10, 20)
"""Stored runs that are told of beside those there are."""


@dataclass(frozen=True)
class Asked:
    """What is asked for on the command line."""

    time_s: float | None = None
    """For one pull request; the suite's budget unless said."""
    previews: int | None = None
    """Deployments of each side at hand; ways that need more are left out."""
    see: float | None = None
    """Slowdown that should be seen, a ratio."""


def asked(minutes: float | None, previews: int | None, see: str | None) -> Asked:
    """Read the options.

    Raises
    ------
    UsageError
        For a number that means nothing.
    """
    if minutes is not None and not 0 < minutes <= _MOST_MINUTES:
        raise UsageError(f"--minutes {minutes:g} is not a time for a pull request", "write it like 3 or 0.5")
    if previews is not None and previews < 1:
        raise UsageError(f"--preview-count {previews} leaves nothing to measure", "write it like 2")
    try:
        ratio = None if see is None else parse_ratio(see)
    except ValueError as error:
        raise UsageError(f"--see {see!r} {error}", "write it like 10%") from None
    if ratio is not None and not ratio > 0:
        raise UsageError("--see 0% is no slowdown", "write it like 10%")
    return Asked(None if minutes is None else 60 * minutes, previews, ratio)


def run(suite: Suite, store: Store, asked: Asked, effects: Effects) -> ExitCode:
    """Tell what each way would see.

    Raises
    ------
    UsageError
        If nothing comparable is stored.
    BaselineError
        If the store holds something unusable.
    """
    there_is = budget_of(suite)
    budget = there_is if asked.time_s is None else replace(there_is, time_s=asked.time_s)
    set_up, told = look(suite, read_baselines(suite, store, effects))
    shown = effects.console.show
    if suite.telemetry.watches:
        told = [*told, f"watched while the load runs: {report.watched_words(suite.telemetry)}"]
    shown("".join(f"{line}\n" for line in told) + "\n")
    shown(
        f"In {report.spent(budget)} the typical endpoint's smallest slowdown that is caught four times in five,"
        f" false blocks at most {format_ratio(suite.policy.false_block_rate)}:\n\n"
    )
    shown(report.table(set_up, ways(set_up, budget, asked.previews)))
    for what, arms in (("a duet", 2), ("a comparison with stored runs", 1)):
        least = least_budget(suite, arms)
        if least.time_s > budget.time_s or least.requests > budget.requests:
            shown(f"\nthat is not enough for {what}, which takes {report.spent(least)} at least\n")
    if suite.probes:
        shown(f"\n{len(suite.probes)} probes come on top: at most {most_requests(suite):,} requests to the preview\n")
    if asked.see is not None:
        needs = [need_of(set_up, asked.see, metric, budget) for metric in range(len(METRICS))]
        shown("\n" + "".join(f"{line}\n" for found in needs for line in report.need(set_up, found)))
    return ExitCode.APPROVED


def look(suite: Suite, stored: Sequence[Run]) -> tuple[SetUp, list[str]]:
    """What stored runs say of a set-up, and where that comes from.

    Raises
    ------
    UsageError
        If nothing comparable is stored.
    """
    noise = noise_of(suite, stored)
    if noise is None:
        raise UsageError(
            f"no stored run of suite {suite.name} measured it as it is now, so nothing is known of its noise",
            "run `gate refresh` once or more, or `gate calibrate`",
        )
    newest = next(run for run in reversed(stored) if run.complete and not run.not_measured)
    taught = beliefs_for(suite, stored, newest.environment, one_host=newest.one_host)
    spread = format_ratio(float(noise.runner_sd[0])) + ("" if noise.runs >= FEW_RUNS else ", or so it is assumed")
    of_main = f"{noise.runs} stored runs of main" if noise.runs else "no stored run of main; calibrations stand in"
    told = [
        f"{of_main}; what all endpoints of a run share varies by {spread}",
        *(f"{notice.message}{f'; {notice.cure}' if notice.cure else ''}" for notice in taught.notices),
    ]
    if not noise.from_duets:
        told.append("pairs of blocks were not seen yet: runs of one deployment stand in, which vary more")
    return SetUp(suite, noise, taught.beliefs), told


def ways(set_up: SetUp, budget: Cost, previews: int | None) -> list[Way]:
    """All ways that the deployments at hand allow, and stored runs as they are and as they may become."""
    has_hook = set_up.suite.preview.redeploy is not None
    found = [
        way
        for way in duet_ways(set_up, budget)
        if previews is None or (way.pairs[0] if has_hook else sum(way.pairs)) <= previews
    ]
    runs = sorted({*([set_up.noise.runs] if set_up.noise.runs else []), *_RUNS})
    stored = (stored_within(set_up, count, budget) for count in runs)
    return [*found, *(way for way in stored if way is not None)]
