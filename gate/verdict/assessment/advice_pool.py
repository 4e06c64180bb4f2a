"""The rule about a pool of connections that was full, and the size that would do, where one would. Pure."""

from __future__ import annotations

import math

from gate.units import format_duration, format_ratio
from gate.verdict.assessment.advice import Finding, times
from gate.verdict.assessment.advice_speed import busy_beside
from gate.verdict.assessment.bottleneck import is_full
from gate.verdict.assessment.grounds import Grounds, ids
from gate.verdict.assessment.kinds import came_to
from gate.verdict.assessment.watch import POOL
from gate.verdict.details import Served
from gate.verdict.loaded import ResourceUse

LEAST_TOLD = 20
"""Answers, or calls; the time of a few may have passed in a pause of the machine."""
STRETCHED = 1.5
"""Times the hold without load, from which on those who have a connection wait as well, for something behind the pool:
a larger one would have more of them wait there."""


def pool_exhausted(grounds: Grounds) -> Finding | None:
    """A pool of connections that was full while requests waited."""
    full = [use for use in grounds.assessment.resources if use.resource == POOL.name and is_full(use)]
    if not full:
        return None
    worst = max(full, key=lambda use: _weight(grounds, use))
    share = format_ratio(worst.full_ratio)
    seen = f"the connection pool of {worst.size:.0f} was full in {share} of the samples of {worst.window}"
    rows = [row for row in grounds.rows if row.endpoint == worst.window and came_to(row) == "failed"]
    return Finding(f"{seen}; {_no_cure(grounds, worst) or _cure(grounds, worst)}", ids(rows))


def _weight(grounds: Grounds, use: ResourceUse) -> tuple[bool, bool, float]:
    """Of several scenarios what missed a limit comes first, then what no larger pool would help."""
    missed, beyond_help = _allowed_s(grounds, use.window) is not None, bool(_no_cure(grounds, use))
    held = _held_longest(grounds, use.window)
    held_s = held.times["held"] if held is not None else 0.0
    return missed, beyond_help, held_s if beyond_help else _needed(grounds, use) or 0.0


def _no_cure(grounds: Grounds, use: ResourceUse) -> str:
    """Why a larger pool would not help; empty where nothing speaks against one."""
    if busy_beside(grounds, use):
        return "so were the processors: a larger one would only let more wait for those"
    held, allowed_s = _held_longest(grounds, use.window), _allowed_s(grounds, use.window)
    if held is None:
        return ""
    held_s = held.times["held"]
    holds = f"{held.endpoint} holds a connection for {format_duration(held_s)}"
    if allowed_s is not None and held_s >= allowed_s:
        return f"{holds}, where an answer may take {format_duration(allowed_s)}: hold it for a shorter time first"
    alone_s = _alone_s(grounds, held.endpoint)
    if alone_s is not None and held_s >= STRETCHED * alone_s:
        more = f"{times(held_s / alone_s)} times as long as without load"
        return f"{holds}, {more}: it waits for something else then, and a larger pool would have more of them wait"
    return ""


def _cure(grounds: Grounds, use: ResourceUse) -> str:
    needed = _needed(grounds, use)
    if needed is None or needed <= use.size:
        return "hold connections for a shorter time"
    would = f"a pool of about {needed:.0f} would do if connections are held as long as now, and all else keeps up"
    return f"{would}{_allowed(grounds, needed)}"


def _needed(grounds: Grounds, use: ResourceUse) -> float | None:
    """The size that would meet the limit that was missed, else serve all requests under way at once; None if unknown.

    While waiting for a connection is what limits, throughput grows with the size. Users who think for ``Z`` make
    ``N / (Z + L)`` if an answer takes as long as it may (the interactive response time law, Denning and Buzen, 1978,
    https://doi.org/10.1145/356733.356735): of those who think, a pool that is so much larger as answers are too slow
    would be too large by far. A rate makes what it asks for, those that were never sent among it.
    """
    scenario, allowed_s = grounds.scenario(use.window), _allowed_s(grounds, use.window)
    if scenario is None or scenario.executor == "find" or not scenario.rate_rps or scenario.mean_s is None:
        return None
    if scenario.asked_rps is not None:
        return math.ceil(use.size * scenario.asked_rps / scenario.rate_rps)
    if allowed_s is None or scenario.users is None:
        return math.ceil(scenario.rate_rps * scenario.mean_s)
    return math.ceil(use.size * scenario.users / (scenario.think_s + allowed_s) / scenario.rate_rps)


def _allowed_s(grounds: Grounds, scenario: str) -> float | None:
    """The shortest limit on time that a scenario missed."""
    limits = [row.limit for row in grounds.failed if row.endpoint == scenario and row.unit == "s" and row.limit]
    return min(limits, default=None)


def _held_longest(grounds: Grounds, scenario: str) -> Served | None:
    """Of what was asked in a scenario the endpoint that holds its connection for the longest."""
    found = (said for said in _of_candidate(grounds, scenario) if said.told >= LEAST_TOLD and "held" in said.times)
    return max(found, key=lambda said: said.times["held"], default=None)


def _alone_s(grounds: Grounds, endpoint: str) -> float | None:
    """How long an endpoint holds it in its blocks, at a rate at which hardly anything waits."""
    return next((s.times.get("held") for s in _of_candidate(grounds, "") if s.endpoint == endpoint), None)


def _of_candidate(grounds: Grounds, scenario: str) -> list[Served]:
    return [said for said in grounds.details.served if said.of == "candidate" and said.scenario == scenario]


def _allowed(grounds: Grounds, needed: float) -> str:
    watch = grounds.assessment.watch
    most = watch.facts.get("postgres.max_connections") if watch else None
    if most is None:
        return ""
    enough = "enough" if most >= needed else "not enough: a shorter hold or a pooler in front is needed"
    return f" (PostgreSQL allows {most:.0f} connections, which is {enough})"
