"""Scaling over settings, and forecasts, in the long report. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gate.report.amounts import NOTHING, amount
from gate.report.long_section import Section, table_of
from gate.report.tables import Line
from gate.units import format_ratio
from gate.verdict.assessment.advice import some
from gate.verdict.swept import Forecast, Sweep, SweepPoint
from gate.verdict.values import Verdict

_COLUMNS = ("setting", "of", "measured", "times", "measurements", "efficiency")
_NAMES = {"capacity": "capacity", "rate": "answers a second", "mean": "time of an answer"}
_BOUNDS = {
    "repeats": "90 % intervals are from repeated measurements",
    "batches": "90 % intervals are from equal parts of the load of each, which know nothing of the luck of one start",
    "search": "ranges are the levels between which each search ended",
}
_LINEAR = 0.25
"""As of loads: an interval of the exponent that is wider to either side says nothing of linear scaling."""
_LONG_MONTHS = 120.0


def scaling(verdict: Verdict) -> Section:
    """Each setting that scenarios differ in alone."""
    found = verdict.assessment.sweeps
    lines = [_line(sweep, point) for sweep in found for point in sweep.points]
    items = [f"{sweep.setting}: {_grown(sweep)}" for sweep in found]
    items += dict.fromkeys(text for sweep in found for text in _reserves(sweep))
    return Section("Scaling over settings", tables=table_of(_COLUMNS, lines, ends_in_text=False), items=tuple(items))


def forecast(verdict: Verdict) -> Section:
    """How long what was measured lasts; what was not measured is said so."""
    found = verdict.assessment.forecasts
    note = "At the growth that the suite names, which nobody measured; it decides nothing."
    return Section("Forecast", (note,) if found else (), items=tuple(map(_foretold, found)))


def _line(sweep: Sweep, point: SweepPoint) -> Line:
    value = _value(point.value, sweep.unit)
    return Line(
        (
            f"{sweep.setting} {point.setting:,.12g}",
            _NAMES[sweep.statistic],
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
    what = f"{_NAMES[sweep.statistic]} of {some(sweep.scenarios)}"
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
    word = "" if is_said or sweep.beyond_processors else f": {_word(lo, hi)}"
    power, least, most = (f"{round(value, 2) + 0.0:.2f}" for value in (sweep.exponent, lo, hi))  # no minus zero
    return f"; as {sweep.setting} to the power of {power} ({least} to {most}){word}"


def _proportion(sweep: Sweep) -> str:
    """Whether the highest setting that has processors makes as many times as much as it is times the lowest."""
    within = [point for point in sweep.points[1:] if point.setting not in sweep.beyond_processors]
    if not within or within[-1].efficiency_ratio is None or sweep.bounds_from in (None, "search"):
        return ""
    last, span = within[-1], math.log(within[-1].setting / sweep.points[0].setting)
    word = _word(math.log(last.times_lo or 1.0) / span, math.log(last.times_hi or 1.0) / span)
    return f": {word}" + ("" if sweep.bounds_from == "repeats" else " in this run")


def _word(lo: float, hi: float) -> str:
    """What an interval of an exponent says."""
    if hi < 0:
        return "it falls"
    if lo > 1:
        return "more than linear"
    if lo > 0 and hi < 1:
        return "less than linear"
    if -_LINEAR < lo <= 0 and hi < _LINEAR:
        return "it does not depend on it"
    return "linear" if lo > 1 - _LINEAR and hi < 1 + _LINEAR else "too uncertain to call it linear or not"


def _foretold(found: Forecast) -> str:
    monthly = format_ratio(found.monthly) if found.monthly_is_ratio else _size(found, found.monthly)
    begun = f"{found.name}, {_size(found, found.now)} now and {monthly} more each month"
    if found.state == "not measured":
        return f"{begun}: not measured: {found.why}"
    return f"{begun}: {_capacity(found) if found.setting is None else _limit(found)}"


def _capacity(found: Forecast) -> str:
    tried = f"{_size(found, found.measured_from)} to {_size(found, found.measured_to)} were tried"
    what = f"the capacity of {some(found.scenarios)}"
    if found.state == "at least":
        return f"{what} is at least {_size(found, found.at)}, which lasts for at least {_time(found.months)} ({tried})"
    between = "" if found.at_hi is None else f", below {_size(found, found.at_hi)}"
    if found.state == "reached":
        return f"{what}, {_size(found, found.at)}{between}, is reached already ({tried})"
    return f"{what}, {_size(found, found.at)}{between}, lasts for {_span(found.months, found.months_hi)} ({tried})"


def _limit(found: Forecast) -> str:
    limit = f"{found.statistic} of {found.endpoint or some(found.scenarios)}"
    behind = (
        f"{found.law} law of {found.n} measurements, {found.setting} {found.measured_from or 0:,.12g}"
        f" to {found.measured_to or 0:,.12g}"
    )
    limit = f"{limit} {'falls to' if found.unit == 'rps' else 'reaches'} its limit of {amount(found.limit, found.unit)}"
    if found.state == "too far":
        if not (found.at_lo or 0) > found.now:
            return f"when {limit} cannot be told ({behind})"
        until = f"{limit} not before {_about(found.at_lo)}, in {_time(found.months_lo)}"
        return f"{until}; what is farther is too far to tell ({behind})"
    lo = _about(found.at_lo)
    between = f"at least {lo}" if found.at_hi is None else f"{lo} to {_about(found.at_hi)}"
    where = f"{limit} at about {_about(found.at)} ({between})"
    if found.state == "reached":
        return f"{where}, which is there already; {_distance(found)} ({behind})"
    when = f"in {_time(found.months)} ({_span(found.months_lo, found.months_hi)})"
    return f"{where}, {when}; {_distance(found)} ({behind})"


def _distance(found: Forecast) -> str:
    times = (found.at or 0.0) / (found.measured_to or 1.0)
    return f"extrapolated {times:.2g} × beyond the largest" if times > 1 else "within what was measured"


def _about(size: float | None) -> str:
    return NOTHING if size is None else f"{float(f'{size:.3g}'):,.12g}"


def _size(found: Forecast, size: float | None) -> str:
    if size is None:
        return NOTHING
    if found.setting is None and found.unit == "rps":
        return amount(size, "rps")
    return f"{size:,.12g}" + ("" if found.setting else " users")


def _time(months: float | None) -> str:
    if months is None:
        return NOTHING
    if months > _LONG_MONTHS:
        return "more than ten years"
    return "less than a month" if months < 1 else f"{months:.2g} months" if months < 99.5 else f"{months:.0f} months"


def _span(lo: float | None, hi: float | None) -> str:
    """From one time to another, or with no end that could be told."""
    if hi is None:
        return f"{_time(lo)} at least"
    first, last = _time(lo), _time(hi)
    return first if first == last else f"{first.removesuffix(' months')} to {last}"


def _value(value: float | None, unit: str) -> str:
    return f"{value or 0:,.4g} users" if unit == "users" else amount(value, unit)
