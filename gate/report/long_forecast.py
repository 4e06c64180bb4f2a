"""Forecasts in the long report. Pure."""

from __future__ import annotations

import math

from gate.report.amounts import NOTHING, amount
from gate.report.long_section import Section
from gate.units import format_ratio
from gate.verdict.assessment.advice import some
from gate.verdict.swept import Forecast
from gate.verdict.values import Verdict

_LONG_MONTHS = 120.0
"""No growth goes on like this for longer, so that the number would only look exact."""


def forecast(verdict: Verdict) -> Section:
    """How long what was measured lasts; what was not measured is said so."""
    found = verdict.assessment.forecasts
    note = "At the growth that the suite names, which nobody measured; it decides nothing."
    return Section("Forecast", (note,) if found else (), items=tuple(map(_foretold, found)))


def _foretold(found: Forecast) -> str:
    monthly = format_ratio(found.monthly) if found.monthly_is_ratio else _size(found, found.monthly)
    begun = f"{found.name}, {_size(found, found.now)} now and {monthly} more each month"
    if found.state == "not measured":
        of = f"{found.statistic} of {found.endpoint} is " if found.endpoint else ""
        return f"{begun}: {of}not measured: {found.why}"
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
    return f"{size:,.12g}" + ("" if found.setting else " user" if size == 1 else " users")


def _time(months: float | None) -> str:
    if months is None:
        return NOTHING
    if months > _LONG_MONTHS:
        return "more than ten years"
    if months < 1:
        return "less than a month"
    whole = math.floor(months) if months >= 10 else math.floor(10 * months) / 10  # it does not last for what is begun
    return "1 month" if whole == 1 else f"{whole:g} months"


def _span(lo: float | None, hi: float | None) -> str:
    """From one time to another, or with no end that could be told."""
    if hi is None:
        return f"{_time(lo)} at least"
    first, last = _time(lo), _time(hi)
    return first if first == last else f"{first.removesuffix(' months')} to {last}"
