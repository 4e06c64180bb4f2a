"""Rules about how fast answers come, how evenly, and how much room there is. Pure."""

from __future__ import annotations

from gate.units import format_duration, format_ratio, format_size
from gate.verdict.assessed import Headroom
from gate.verdict.assessment.advice import Finding, amount, each_once, some, times
from gate.verdict.assessment.bottleneck import MOSTLY_RATIO, is_full
from gate.verdict.assessment.grounds import Grounds, ids
from gate.verdict.assessment.kinds import is_at_least, is_beyond_answers, is_of_queue, kind_of, label
from gate.verdict.assessment.watch import PROCESSORS
from gate.verdict.loaded import ResourceUse
from gate.verdict.values import Row

UNEVEN = 10.0
"""p99 over p50: beyond it one in a hundred waits for something that the others do not."""
UNEVEN_S = 0.05
"""Below it nobody notices, however even the others are."""
LEAST_UNEVEN = 200
"""Requests that make a p99."""
COLD_TIMES, COLD_S = 10.0, 1.0
"""A first answer that is so many times as slow as later ones, and that long, is felt after every deployment."""
COMPRESSIBLE_BYTES = 1000.0
SCARCE = 1.5
"""Room below which the next campaign may reach the end."""
_OF_LOAD = ("capacity", "rate", "target:rate")


def busy_windows(grounds: Grounds) -> frozenset[str]:
    """Scenarios, and the blocks, in which the processors were full for most of the time."""
    return frozenset(use.window for use in grounds.assessment.resources if _is_busy(use))


def missed_latency(grounds: Grounds) -> Finding | None:
    """Limits on time that are missed: those that block first, and of them the farthest."""
    slow = [row for row in grounds.failed if kind_of(row) != "change" and row.unit == "s" and not is_at_least(row)]
    rows = [row for row in slow if not is_of_queue(row)]  # what waits there is not slow: it is not begun
    missed = ((room, row) for row in rows if (room := grounds.headroom_of(row)))
    found = sorted(missed, key=lambda each: (not each[1].blocks, each[0].times))
    if not found:
        return None
    told = [_slower(room, row) for room, row in found]
    return Finding(f"make faster: {some(told)}", ids(row for _, row in found))


def too_little(grounds: Grounds) -> Finding | None:
    """Rates and capacities that were asked for and not reached."""
    found = [row for row in grounds.failed if kind_of(row) == "objective" and is_at_least(row) and row.unit == "rps"]
    if not found:
        return None
    told = [f"{label(row)} is {amount(row.candidate or 0, 'rps')} of {amount(row.limit or 0, 'rps')}" for row in found]
    return Finding(f"more load than now must be borne: {some(told)}", ids(found))


def processors_full(grounds: Grounds) -> Finding | None:
    """A machine that had no more to give, whoever took it."""
    found = [use for use in grounds.assessment.resources if _is_busy(use)]
    if not found:
        return None
    told = [f"in {format_ratio(use.full_ratio)} of the samples of {use.window}" for use in found]
    seen = f"all {found[0].size:.0f} processors of the machine were at work {some(told)}"
    return Finding(f"{seen}; make an answer cost less of them, or give it more", [])


def busy_beside(grounds: Grounds, other: ResourceUse) -> bool:
    """Whether the processors were full as often as something else, or mostly: then what waits, waits for them."""
    often = min(MOSTLY_RATIO, other.full_ratio)
    return any(
        use.resource == PROCESSORS.name and use.window == other.window and is_full(use) and use.full_ratio >= often
        for use in grounds.assessment.resources
    )


def scarce(grounds: Grounds) -> Finding | None:
    """Rates, capacities and targets that are reached with little room."""
    found = [each for each in grounds.assessment.headroom if _is_of_load(each) and 1 <= each.times < SCARCE]
    if not found:
        return None
    told = [f"{_named(each)} has room for {times(each.times)} times the load it must bear" for each in found]
    return Finding(f"saturation is near: {some(told)}; plan more before more users come", [each.row for each in found])


def uneven(grounds: Grounds) -> Finding | None:
    """Endpoints of which a few answers take many times as long as most."""
    found = [
        each
        for each in grounds.assessment.endpoints
        if each.p50_s and each.p99_s and each.sent >= LEAST_UNEVEN and each.p99_s > max(UNEVEN_S, UNEVEN * each.p50_s)
    ]
    if not found:
        return None
    told = [f"{e.endpoint} (p50 {format_duration(e.p50_s or 0)}, p99 {format_duration(e.p99_s or 0)})" for e in found]
    return Finding(f"one answer in a hundred is much slower than most: {some(told)}; see what those wait for", [])


def cold_start(grounds: Grounds) -> Finding | None:
    """First answers after a deployment that take very long."""
    usual = {each.endpoint: each.p50_s for each in grounds.assessment.endpoints}
    found = [
        (answers.cold_start_s, answers.endpoint)
        for answers in grounds.details.answers
        if answers.of == "candidate"
        and answers.cold_start_s is not None
        and answers.cold_start_s >= COLD_S
        and answers.cold_start_s > COLD_TIMES * (usual.get(answers.endpoint) or float("inf"))
    ]
    if not found:
        return None
    worst_s, endpoint = max(found)
    cure = "load what it needs when the process starts, or ask it once before traffic comes"
    return Finding(f"the first answer of {endpoint} took {format_duration(worst_s)}: {cure}", [])


def no_compression(grounds: Grounds) -> Finding | None:
    """Answers worth compressing that came as they are although compressed ones were asked for."""
    found = [
        each
        for each in grounds.assessment.endpoints
        if each.compressed == 0 and each.body_mean_bytes is not None and each.body_mean_bytes > COMPRESSIBLE_BYTES
    ]
    if not found:
        return None
    told = each_once(f"{each.endpoint} ({format_size(each.body_mean_bytes or 0)})" for each in found)
    return Finding(f"compress answers: {some(told)} came uncompressed though compression was offered", [])


def _slower(room: Headroom, row: Row) -> str:
    value, limit = amount(room.value, "s"), amount(room.limit, "s")
    over = "over " if is_beyond_answers(row) else ""
    return f"{label(row)} is {over}{value}, {over}{times(1 / room.times)} times the {limit} allowed"


def _is_of_load(each: Headroom) -> bool:
    return each.unit == "rps" and each.row.partition("/")[2].partition("/")[2].removeprefix("limit:") in _OF_LOAD


def _is_busy(use: ResourceUse) -> bool:
    return use.resource == PROCESSORS.name and use.full_ratio >= MOSTLY_RATIO and is_full(use)


def _named(each: Headroom) -> str:
    return each.row.split("/")[1]
