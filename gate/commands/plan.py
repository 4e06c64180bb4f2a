"""`gate plan`: what can be seen in so many minutes, and what it would take to see more. Makes no connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.baseline.learnt import beliefs_for
from gate.baseline.noise import noise_of
from gate.baseline.store import Store
from gate.commands.effects import Effects
from gate.commands.judging import read_baselines
from gate.config.suite import Suite
from gate.errors import ExitCode, UsageError
from gate.measure.counts import MIN_ROUNDS
from gate.record.run import Run
from gate.report import plan as report
from gate.stats.designs import METRICS
from gate.stats.stored import FEW_RUNS
from gate.units import format_duration, format_ratio, parse_ratio
from gate.verdict.needs import duet_need, stored_need
from gate.verdict.sight import SetUp, Way, duet_ways, stored_way

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
    time_s = suite.policy.budget.time_s if asked.time_s is None else asked.time_s
    set_up, told = look(suite, read_baselines(suite, store, effects))
    shown = effects.console.show
    shown("".join(f"{line}\n" for line in told) + "\n")
    shown(
        f"In {format_duration(time_s)} the typical endpoint's smallest slowdown that is caught four times in five,"
        f" false blocks at most {format_ratio(suite.policy.false_block_rate)}:\n\n"
    )
    shown(report.table(set_up, ways(set_up, time_s, asked.previews), time_s))
    if not any(way.kind == "duet" for way in duet_ways(set_up, time_s)):
        least_s = MIN_ROUNDS * set_up.rounds_s(2)
        shown(f"\nthere is no time for a duet, which takes {format_duration(least_s)} at least\n")
    if asked.see is not None:
        shown("\n" + "".join(f"{line}\n" for line in _needs(set_up, asked.see)))
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


def ways(set_up: SetUp, time_s: float, previews: int | None) -> list[Way]:
    """All ways that the deployments at hand allow, and stored runs as they are and as they may become."""
    found = [way for way in duet_ways(set_up, time_s) if previews is None or way.pairs[0] <= previews]
    runs = sorted({*([set_up.noise.runs] if set_up.noise.runs else []), *_RUNS})
    return [*found, *(stored_way(set_up, count, time_s) for count in runs)]


def _needs(set_up: SetUp, see: float) -> list[str]:
    return [
        report.need(find(set_up, see, metric), see)
        for find in (duet_need, stored_need)
        for metric in range(len(METRICS))
    ]
