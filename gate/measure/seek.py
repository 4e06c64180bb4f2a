"""A scenario that searches for the capacity of the preview: level after level, until the condition fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gate.config.loads import HOLD_S, Load
from gate.config.suite import Suite
from gate.config.until import parse_until
from gate.load.job import SegmentResult
from gate.load.merge import merged
from gate.measure.driver import CutShort, Refused
from gate.measure.finding import hold_s, point_of
from gate.measure.records import scenario_record, search_record
from gate.measure.search import Found, Point, search
from gate.measure.segments import Course, course_at, part_of
from gate.record.scenario import ScenarioRecord, SearchRecord
from gate.record.value import Notice
from gate.units import format_count, format_rate

MOST_LEVELS = 30
"""More than any search tries; for the time it may take."""


def seek(
    suite: Suite,
    name: str,
    origin: str,
    drive: Callable[[Course, str], tuple[SegmentResult, Notice | None]],
    keep: Callable[[ScenarioRecord], None],
) -> None:
    """Search, and record every level; a preview that asks to slow down, or hardly answers, has missed that level.

    One that the load generator could not make says nothing of the preview: there the search ends.

    Parameters
    ----------
    drive : callable
        Drives one course under the name of the level; also why its generator did not keep up, if it did not.
    keep : callable
        Takes the record as it stands after every level, so that what ends the search early loses none of them.
    """
    load = suite.scenarios[name].load
    until = parse_until(load.until)
    results: list[SegmentResult] = []
    points: list[Point] = []
    complaints: list[Notice] = []

    def record(found: Found, *, finished: bool) -> ScenarioRecord:
        whole = scenario_record(suite, name, merged(results))
        why = complaints[-1] if found.unmade is not None else None
        searched = search_record(load.until or "", found, finished=finished, unmade=why)
        elapsed_s = sum(result.elapsed_s for result in results)
        return whole.model_copy(update={"search": searched, "elapsed_s": elapsed_s})

    def measure(level: float) -> Point | None:
        asked_rps = level if load.find == "max_rate" else None
        held_s = hold_s(asked_rps, load.for_s or HOLD_S)
        course = course_at(suite, name, origin, level, held_s)
        is_refused, why = False, None
        try:
            result, why = drive(course, level_name(name, load, level))
        except Refused as refused:
            if refused.result.protected:  # somebody else answered: that says nothing of what the preview can do
                raise
            result, is_refused = refused.result, True
        except CutShort as stopped:
            if stopped.result is not None:
                results.append(part_of(suite, (name,), name, stopped.result))
                keep(record(Found(None, False, tuple(points)), finished=False))
            raise
        part = part_of(suite, (name,), name, result)
        results.append(part)
        if why is not None:
            complaints.append(why)
            return None
        point = point_of(level, part, until, held_s=held_s if asked_rps is not None else None)
        points.append(replace(point, met=point.met and not is_refused))
        keep(record(Found(None, False, tuple(points)), finished=False))
        return points[-1]

    found = search(load.start or 1.0, load.limit or 1.0, measure, whole=load.find == "max_users")
    keep(record(found, finished=True))


def unmade_before(found: SearchRecord, needed_rps: float) -> Notice | None:
    """Why the generator could not make what is needed; None if it did, or if it is not why the search ended.

    A search that it cut short between a level that held and one that did not has found less than there may be.
    """
    is_enough = found.capacity_rps is not None and found.capacity_rps >= needed_rps
    return None if is_enough else found.unmade


def shown_level(load: Load, level: float) -> str:
    """A level as people write it."""
    return format_count(level, "user") if load.find == "max_users" else format_rate(level)


def level_name(name: str, load: Load, level: float) -> str:
    """What a level is called where it is told, and where the preview is watched: ``breaking at 128/s``."""
    return f"{name} at {shown_level(load, level)}"


def capacity_notice(suite: Suite, name: str, found: SearchRecord, *, was_throttled: bool) -> Notice:
    """What a finished search came to, in one sentence.

    Parameters
    ----------
    was_throttled : bool
        Whether the preview asked to slow down, so that the limit is one it sets itself.
    """
    load = suite.scenarios[name].load
    missed = min((p.level for p in found.levels if not p.met and p.level > (found.capacity or 0.0)), default=None)
    if found.capacity is None:
        message = f"{name}: {found.until} did not hold even at {shown_level(load, load.start or 1.0)}"
    elif found.unmade is not None and not found.is_bounded:
        message = (
            f"{name}: {found.until} still held at {shown_level(load, found.capacity)}; beyond it {found.unmade.message}"
        )
    elif missed is None or not found.is_bounded:
        message = f"{name}: {found.until} still held at the limit of the search, {shown_level(load, found.capacity)}"
    else:
        held, not_held = shown_level(load, found.capacity), shown_level(load, missed)
        message = f"{name}: {found.until} held up to {held} and no longer at {not_held}"
    if found.capacity is not None and found.capacity_rps is not None:
        message += f" ({format_rate(found.capacity_rps)} answered)"
    if found.knee is not None:
        message += f"; latency grows faster from {shown_level(load, found.knee)} on"
    if was_throttled:
        message += "; there the preview asked to slow down (429, or 503 with Retry-After)"
    return Notice(code="capacity", message=message)
