"""Scaling over settings in the long report. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gate.report.amounts import NOTHING, amount
from gate.report.long_section import Section, table_of
from gate.report.proportion import growth_word
from gate.report.tables import Line
from gate.units import format_ratio
from gate.verdict.assessment.advice import some
from gate.verdict.swept import Sweep, SweepPoint
from gate.verdict.values import Verdict

_COLUMNS = ("setting", "of", "measured", "times", "measurements", "efficiency")
_NAMES = {"capacity": "capacity", "rate": "answers a second", "mean": "time of an answer"}
_BOUNDS = {
    "repeats": "90 % intervals are from repeated measurements",
    "batches": "90 % intervals are from equal parts of the load of each, which know nothing of the luck of one start",
    "search": "ranges are the levels between which each search ended",
}


def scaling(verdict: Verdict) -> Section:
    """Each setting that scenarios differ in alone."""
    found = verdict.assessment.sweeps
    lines = [_line(sweep, point) for sweep in found for point in sweep.points]
    items = [f"{sweep.setting}: {_grown(sweep)}" for sweep in found]
    items += dict.fromkeys(text for sweep in found for text in _reserves(sweep))
    return Section("Scaling over settings", tables=table_of(_COLUMNS, lines, ends_in_text=False), items=tuple(items))


def _name(sweep: Sweep) -> str:
    at_first = sweep.of_search and sweep.statistic == "mean"
    return _NAMES[sweep.statistic] + (" at the first level" if at_first else "")


def _line(sweep: Sweep, point: SweepPoint) -> Line:
    value = _value(point.value, sweep.unit)
    return Line(
        (
            f"{sweep.setting} {point.setting:,.12g}",
            _name(sweep),
            f"at least {value}" if point.at_least else value,
            _times(point),
            f"{point.n}",
            NOTHING if point.efficiency_ratio is None else format_ratio(point.efficiency_ratio),
        )
    )


def _times(point: SweepPoint) -> str:
    if point.times is None:
        return NOTHING
    bounds = "" if point.times_lo is None else f" ({point.times_lo:.3g} to {point.times_hi:.3g})"
    return f"{point.times:.3g} ×{bounds}"


def _grown(sweep: Sweep) -> str:
    """What each setting makes of the lowest, and by which law."""
    first, *others = sweep.points
    told = [f"{point.setting:,.12g} make {_times(point)}" for point in others if point.times is not None]
    what = f"{_name(sweep)} of {some(sweep.scenarios)}"
    if not told:
        return f"{what}: nothing to compare, for a search ended at its limit"
    bounds = f"; {_BOUNDS[sweep.bounds_from]}" if sweep.bounds_from else "; measured once each"
    proportion = _proportion(sweep)
    law = _law(sweep, is_said=bool(proportion))
    return f"{what}: {', '.join(told)} of {first.setting:,.12g}{proportion}{law}{bounds}"


def _reserves(sweep: Sweep) -> Iterator[str]:
    """What these figures are not."""
    if sweep.read_back is not None:
        yield f"{sweep.setting}: read back as {sweep.read_back}"
    else:
        yield f"{sweep.setting}: that it took effect was not read back, only that the preview was started with it"
    if sweep.beyond_processors:
        beyond = " or ".join(f"{setting:,.12g}" for setting in sweep.beyond_processors)
        have = "1 processor" if sweep.processors == 1 else f"{sweep.processors} processors"
        yield (
            f"{sweep.setting}: the machine has {have}, which the load generator used as well;"
            f" what {beyond} processes would do on {beyond} is not measured"
        )


def _law(sweep: Sweep, *, is_said: bool) -> str:
    """The power that it grows with, and unless that is said already whether in proportion; nothing without a law.

    Where there are more processes than processors it is the machine's, and says nothing of the application.
    """
    lo, hi = sweep.exponent_lo, sweep.exponent_hi
    if sweep.exponent is None or lo is None or hi is None:
        return ""
    word = "" if is_said or sweep.beyond_processors else f": {growth_word(lo, hi)}"
    power, least, most = (f"{round(value, 2) + 0.0:.2f}" for value in (sweep.exponent, lo, hi))  # no minus zero
    return f"; as {sweep.setting} to the power of {power} ({least} to {most}){word}"


def _proportion(sweep: Sweep) -> str:
    """Whether the highest setting that has processors makes as many times as much as it is times the lowest."""
    within = [point for point in sweep.points[1:] if point.setting not in sweep.beyond_processors]
    if not within or within[-1].efficiency_ratio is None or sweep.bounds_from in (None, "search"):
        return ""
    last, span = within[-1], math.log(within[-1].setting / sweep.points[0].setting)
    word = growth_word(math.log(last.times_lo or 1.0) / span, math.log(last.times_hi or 1.0) / span)
    return f": {word}" + ("" if sweep.bounds_from == "repeats" else " in this run")


def _value(value: float | None, unit: str) -> str:
    return f"{value or 0:,.4g} users" if unit == "users" else amount(value, unit)
