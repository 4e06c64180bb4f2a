"""What a set-up can see, as a table and in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gate.config.telemetry import Telemetry
from gate.measure.plan import Cost
from gate.stats.designs import METRICS
from gate.units import format_duration, format_ratio
from gate.verdict.needs import Need, Obstacle, Option, most_runs
from gate.verdict.proposals import Proposal
from gate.verdict.sight import SetUp, Way

_HEAD = ("way", "p50", "p95", "requests", "time", "measured afresh")


def table(set_up: SetUp, ways: Sequence[Way]) -> str:
    """One line for each way, aligned."""
    lines = [_HEAD, *(_cells(set_up, way) for way in ways)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(rows) + "\n"


def _cells(set_up: SetUp, way: Way) -> tuple[str, ...]:
    afresh = f"{format_ratio(way.afresh)} of harmless pull requests" if way.afresh > 0 else "none"
    sizes = (_size(set_up, way, metric) for metric in range(len(METRICS)))
    return (name_of(way), *sizes, f"{way.requests:,.0f}", format_duration(way.time_s), afresh)


def _size(set_up: SetUp, way: Way, metric: int) -> str:
    """The typical endpoint, and the worst if it is far off."""
    typical, column = way.typical(metric), way.sees[:, metric]
    if not math.isfinite(typical):
        return "not known"
    worst = int(np.nanargmax(column))
    far = f" ({set_up.noise.names[worst]} {_signed(column[worst])})" if column[worst] > 1.3 * typical else ""
    return _signed(typical) + far


def _signed(ratio: float) -> str:
    return format_ratio(float(ratio), signed=True)


def name_of(way: Way) -> str:
    """As people say it."""
    if way.kind == "stored":
        confirmed = "" if way.afresh == 0 else ", two runs confirm"
        return f"{way.runs} stored run{'s' if way.runs != 1 else ''}{confirmed}"
    first, fresh = way.pairs
    at_first = "one pair of deployments" if first == 1 else f"{first} pairs"
    again = f", {fresh} fresh" if fresh else ""
    return f"duet, {way.design.split()[0]}: {at_first}{again}"


def sentence(set_up: SetUp, way: Way) -> str:
    """What this set-up can see, in one sentence."""
    rate = format_ratio(set_up.suite.policy.false_block_rate)
    sizes = ", ".join(f"{_signed(way.typical(number))} on {metric}" for number, metric in enumerate(METRICS))
    return f"{format_duration(way.time_s)}, {name_of(way)}: {sizes}, false blocks at most {rate}"


def spent(budget: Cost) -> str:
    """A budget in words."""
    return f"{format_duration(budget.time_s)} and {budget.requests:,} requests"


def proposal(found: Proposal) -> list[str]:
    """Lines to paste into a suite, with reasons."""
    tolerance = ", ".join(f"{metric}: {100 * value:.3g}%" for metric, value in found.tolerance.items())
    return [
        "to paste into the suite:",
        "policy:",
        f"  max_rate: {found.max_rate_rps:g}/s    # {found.rate_why}",
        f"  tolerance: {{{tolerance}}}    # {found.tolerance_why}",
        f"  budget: {{time: {found.time_s:g}s, requests: {found.requests}}}    # {found.budget_why}",
    ]


def need(set_up: SetUp, found: Need) -> list[str]:
    """What it takes to see a slowdown, the least first, or why it cannot be had."""
    to_see = f"to see {_signed(found.see)} on {METRICS[found.metric]}"
    if found.options:
        told = [_option(set_up, option) for option in found.options]
        lines = [f"{to_see}: {told[0]}", *(f"  or {one}" for one in told[1:])]
        return [*lines, *(f"  not {_obstacle(set_up, found, one)}" for one in found.obstacles)]
    if all(one.why == "policy" for one in found.obstacles):
        return [f"{to_see}: cannot be had: {_passes(found, min(one.best for one in found.obstacles))}"]
    return [f"{to_see}: cannot be had", *(f"  not {_obstacle(set_up, found, one)}" for one in found.obstacles)]


def _option(set_up: SetUp, option: Option) -> str:
    way, budget = option.way, option.budget
    with_what = f"a base and {_deployments(way)}" if way.kind == "duet" else _runs(set_up, way)
    needed = (
        f"within the {spent(budget)} there are"
        if option.is_enough
        else f"policy.budget: {{time: {budget.time_s:g}s, requests: {budget.requests}}}"
    )
    return f"{with_what}; {needed}, of which a harmless pull request takes {format_duration(way.time_s)}"


def _deployments(way: Way) -> str:
    count = sum(way.pairs)
    if count == 1:
        return "one deployment of each side"
    hook = ", or one of each and preview.redeploy" if way.pairs[0] == 1 else ""
    return f"{count} deployments of each side{hook}"


def _runs(set_up: SetUp, way: Way) -> str:
    there = set_up.noise.runs
    known = "which are there" if there >= way.runs else f"there are {there}" if there else "there is none yet"
    return f"{way.runs} stored run{'s' if way.runs != 1 else ''} of main ({known})"


def _obstacle(set_up: SetUp, found: Need, one: Obstacle) -> str:
    """Continues a sentence that begins with "not"."""
    how = "with a base" if one.kind == "duet" else "with stored runs"
    best = _other_than(one.best, found.see)
    if one.why == "unknown":
        return f"{how}: nothing is known of the noise; `gate refresh` stores a run"
    if one.why == "policy":
        return f"{how}: {_passes(found, one.best)}"
    if one.why == "time":
        return f"{how} within six hours"
    if one.kind == "stored":
        return (
            f"{how}: one run of the preview varies so much by itself that compared with {most_runs(set_up)} of main it"
            f" shows {best} at best"
        )
    if one.why == "designs":
        return f"{how}: the most thorough design there is shows {best} at best"
    learn = "" if set_up.beliefs.duets else "; that is assumed, and `gate calibrate` would learn it"
    return (
        f"{how}, however long: deployments of the same code are taken to differ so much that four of each side show"
        f" {best} at best{learn}"
    )


def _passes(found: Need, best: float) -> str:
    return (
        f"policy.tolerance or policy.absolute_floor let it pass; the smallest that is caught four times in five under"
        f" them is {_other_than(best, found.see)}"
    )


def _other_than(size: float, see: float) -> str:
    """A size in as many digits as tell it from the one that was asked for."""
    told = (_signed(size), *(f"{100 * size:+.{digits}g} %" for digits in range(4, 10)))
    return next((text for text in told if text != _signed(see)), told[-1])


def watched_words(telemetry: Telemetry) -> str:
    """What is read of the server, by source, how often, and how many limits are set on it."""
    sources = {
        "a page for Prometheus": telemetry.prometheus is not None,
        "PostgreSQL": telemetry.postgres is not None,
        "Redis": telemetry.redis is not None,
        "the processes of preview.serve": telemetry.processes,
    }
    named = ", ".join(source for source, is_read in sources.items() if is_read)
    limits = len(telemetry.objectives)
    judged = f"; {limits} objective{'' if limits == 1 else 's'} on what is said" if limits else ""
    rest = f"; left alone for {format_duration(telemetry.rest_s)} around scenarios" if telemetry.rest_s else ""
    return f"{named}, every {format_duration(telemetry.every_s)}{rest}{judged}"
