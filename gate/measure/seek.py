"""A scenario that searches for the capacity of the preview: level after level, until the condition fails."""

from __future__ import annotations

from collections.abc import Callable

from gate.config.loads import HOLD_S
from gate.config.suite import Suite
from gate.config.until import parse_until
from gate.load.job import SegmentResult
from gate.load.merge import merged
from gate.measure.driver import Refused
from gate.measure.finding import hold_s, point_of
from gate.measure.records import scenario_record, search_record
from gate.measure.search import Point, search
from gate.measure.segments import Course, course_at, part_of
from gate.record.run import ScenarioRecord
from gate.units import format_rate

MOST_LEVELS = 30
"""More than any search tries; for the time it may take."""


def seek(suite: Suite, name: str, origin: str, drive: Callable[[Course, str], SegmentResult]) -> ScenarioRecord:
    """Search, and record every level; a preview that asks to slow down, or hardly answers, has missed that level.

    Parameters
    ----------
    drive : callable
        Drives one course; what it is called is said to people.
    """
    load = suite.scenarios[name].load
    until = parse_until(load.until)
    results: list[SegmentResult] = []

    def measure(level: float) -> Point:
        asked_rps = level if load.find == "max_rate" else None
        held_s = hold_s(asked_rps, load.for_s or HOLD_S)
        course = course_at(suite, name, origin, level, held_s)
        shown = format_rate(level) if asked_rps is not None else f"{level:.0f} users"
        is_refused = False
        try:
            result = drive(course, f"scenario {name} at {shown}")
        except Refused as refused:
            result, is_refused = refused.result, True
        part = part_of(suite, (name,), name, result)
        results.append(part)
        point = point_of(level, part, until, held_s=held_s if asked_rps is not None else None)
        return Point(**{**vars(point), "met": point.met and not is_refused})

    found = search(load.start or 1.0, load.limit or 1.0, measure, whole=load.find == "max_users")
    record = scenario_record(suite, name, merged(results))
    elapsed_s = sum(result.elapsed_s for result in results)
    return record.model_copy(update={"search": search_record(load.until or "", found), "elapsed_s": elapsed_s})
