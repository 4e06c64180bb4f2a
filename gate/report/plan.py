"""What a set-up can see, as a table and in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gate.stats.designs import METRICS
from gate.units import format_duration, format_ratio
from gate.verdict.needs import MOST_RUNS, Need
from gate.verdict.proposals import Proposal
from gate.verdict.sight import SetUp, Way

_HEAD = ("way", "p50", "p95", "requests", "time", "fresh deployments")


def table(set_up: SetUp, ways: Sequence[Way], time_s: float) -> str:
    """One line for each way, aligned; one that takes longer on average than there is says so."""
    lines = [_HEAD, *(_cells(set_up, way, time_s) for way in ways)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(rows) + "\n"


def _cells(set_up: SetUp, way: Way, time_s: float) -> tuple[str, ...]:
    afresh = f"{format_ratio(way.afresh)} of harmless pull requests" if way.pairs[1] else "none"
    sizes = (_size(set_up, way, metric) for metric in range(len(METRICS)))
    takes = format_duration(way.time_s) + (", more than there is" if way.time_s - way.warmup_s > time_s else "")
    return (name_of(way), *sizes, f"{way.requests:,.0f}", takes, afresh)


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
        return f"{way.runs} stored run{'s' if way.runs != 1 else ''}"
    first, fresh = way.pairs
    at_first = "one pair of deployments" if first == 1 else f"{first} pairs"
    again = f", {fresh} fresh" if fresh else ""
    return f"duet, {way.design.split()[0]}: {at_first}{again}"


def sentence(set_up: SetUp, way: Way) -> str:
    """What this set-up can see, in one sentence."""
    rate = format_ratio(set_up.suite.policy.false_block_rate)
    sizes = ", ".join(f"{_signed(way.typical(number))} on {metric}" for number, metric in enumerate(METRICS))
    return f"{format_duration(way.time_s)}, {name_of(way)}: {sizes}, false blocks at most {rate}"


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


def need(found: Need, see: float) -> str:
    """What it takes to see a slowdown, or why it cannot be had."""
    to_see = f"to see {_signed(see)} on {METRICS[found.metric]}"
    if found.kind == "stored":
        if found.way is not None:
            return f"{to_see} with stored runs: {found.way.runs} of them"
        return (
            f"{to_see} with stored runs: cannot be had: runs of main differ among each other; with {MOST_RUNS} of them"
            f" one run of a preview shows {_signed(found.best)} at best; give a base deployment"
        )
    if found.way is not None:
        return f"{to_see} with a base: {name_of(found.way)}; about {format_duration(found.way.time_s)}"
    if found.floor > see:
        return (
            f"{to_see} with a base: cannot be had by measuring longer: deployments of the same code are believed to"
            f" differ so much that four pairs of them show {_signed(found.floor)} at best"
        )
    return (
        f"{to_see} with a base: cannot be had by the designs there are; the most thorough shows {_signed(found.best)},"
        f" more requests would show {_signed(found.floor)}"
    )
