"""Rules about what grows while load goes on. Pure."""

from __future__ import annotations

from gate.verdict.assessment.advice import Finding, amount, each_once, some
from gate.verdict.assessment.grounds import Grounds, ids
from gate.verdict.assessment.kinds import BACK, LEAK, came_to, is_of_queue, kind_of, label, statistic_of
from gate.verdict.values import Row


def queue_growing(grounds: Grounds) -> Finding | None:
    """Queues that get longer as long as there is load, or longer or older than they may be."""
    missed = [row for row in grounds.failed if is_of_queue(row)]
    found = [
        series
        for series in (grounds.assessment.watch.series if grounds.assessment.watch else [])
        if "queue" in series.name and series.rising
    ]
    if not (found or missed):
        return None
    told = [
        f"{label(row)} is {_level(row.candidate or 0, row.unit)} of {_level(row.limit or 0, row.unit)}"
        for row in missed
    ]
    told += [f"{s.name} grew from {_level(s.first, s.unit)} to {_level(s.last, s.unit)}" for s in found]
    return Finding(f"{some(told)}: more comes in than is worked off; add workers, or let less in", ids(missed))


def leak(grounds: Grounds) -> Finding | None:
    """What grows without end under constant load."""
    found = [row for row in grounds.failed if kind_of(row) == "telemetry" and statistic_of(row) == LEAK]
    if not found:
        return None
    names = each_once(row.metric.split(":")[1] for row in found)
    told = _told(found)
    return Finding(
        f"{some(names)} leaks under constant load{f': {told}' if told else ''}; find what is kept", ids(found)
    )


def not_back(grounds: Grounds) -> Finding | None:
    """What the load took and did not give back."""
    found = [row for row in grounds.failed if kind_of(row) == "telemetry" and statistic_of(row) == BACK]
    if not found:
        return None
    return Finding(f"{_told(found)}; close what is opened for a request, or bound what is kept", ids(found))


def degrading(grounds: Grounds) -> Finding | None:
    """Answers that slow down while the load stays the same."""
    found = [row for row in grounds.failed if statistic_of(row) == "degradation"]
    if not found:
        return None
    told = [f"{row.endpoint}: {'; '.join(notice.message for notice in row.notices)}" for row in found]
    return Finding(f"{some(told)}; see what grows with each request: a table, a list, a log", ids(found))


def login_lost(grounds: Grounds) -> Finding | None:
    """Logins that were refused under load though they were made again in time."""
    found = [row for row in grounds.failed if statistic_of(row) == "expiries"]
    if not found:
        return None
    told = [f"{row.endpoint}: {'; '.join(notice.message for notice in row.notices)}" for row in found]
    return Finding(f"{some(told)}; let a new token hold as soon as it is given, for as long as it says", ids(found))


def too_short_for_leak(grounds: Grounds) -> Finding | None:
    """Growth that could not be told from none."""
    found = [row for row in grounds.rows if statistic_of(row) == LEAK and came_to(row) == "unmeasured"]
    if not found:
        return None
    told = _told(found)
    return Finding(f"let the scenario go on for longer to tell a leak{f': {told}' if told else ''}", ids(found))


def _level(value: float, unit: str) -> str:
    return f"{value:,.0f}" if unit == "count" else amount(value, unit)


def _told(rows: list[Row]) -> str:
    """What the rows say of their growth, with its figures."""
    return "; ".join(each_once(notice.message for row in rows for notice in row.notices))
