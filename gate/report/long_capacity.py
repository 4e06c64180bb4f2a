"""Where searches and curves of load end, in the long report. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.record.scenario import Level
from gate.report.amounts import NOTHING, amount, objective
from gate.report.long_breaking import breaking_lines
from gate.report.long_section import Section, table_of
from gate.report.proportion import growth_word
from gate.report.tables import Line
from gate.report.words import OUTCOMES
from gate.units import format_count, format_rate, format_ratio
from gate.verdict.assessment.kinds import kind_of
from gate.verdict.details import Search
from gate.verdict.figured import ScenarioFigures
from gate.verdict.loaded import Bottleneck
from gate.verdict.values import Verdict

_LEVELS = ("scenario", "level", "rate", "mean", "p50", "p95", "not answered as expected", "condition")
_HARDLY = 0.1
"""Requests under way, below which less than a tenth of them meets another."""


def capacity(verdict: Verdict) -> Section:
    """Of every curve where it ends, and why as far as that was measured."""
    told = {each.scenario for each in verdict.assessment.breakings}
    once = [_untold(each) if each.scenario in told else each for each in verdict.assessment.bottlenecks]
    items = [" ".join(_bottleneck(each)) for each in once if _says_something(each)]
    found = [each for each in verdict.assessment.scenarios if each.capacity is not None]
    items += [_capacity(each, verdict) for each in found]
    items += breaking_lines(verdict)
    lines = [_level(search, level) for search in verdict.details.searches for level in search.levels]
    return Section("Capacity and bottleneck", tables=table_of(_LEVELS, lines), items=tuple(items))


def _level(search: Search, level: Level) -> Line:
    """One load with what it came to; of a search whether its condition held."""
    asked = format_rate(level.level) if search.of == "rate" else format_count(level.level, "user")
    held = {True: "held", False: "did not hold", None: NOTHING}[level.met]
    times = [amount(value, "s") for value in (level.mean_s, level.p50_s, level.p95_s)]
    return Line((search.scenario, asked, format_rate(level.rate_rps), *times, format_ratio(level.error_ratio), held))


def _bottleneck(found: Bottleneck) -> Iterator[str]:
    """Sentences, each only where what it says was measured."""
    yield f"{found.scenario}: {format_count(found.levels, 'level')} up to {_load(found, found.highest)}."
    if found.served_at_once is not None:
        between = f" ({found.served_lo:.3g} to {found.served_hi:.3g})" if found.served_lo and found.served_hi else ""
        size = _size(found)
        yield f"About {found.served_at_once:.3g}{between} requests are served at a time{size}."
        yield f"It saturates at {amount(found.saturation_rps, 'rps')};"
        yield f"an answer takes {amount(found.unloaded_s, 's')} without load,{_among(found)}"
        yield f"and at {_load(found, found.highest)} {format_ratio(found.waiting_ratio or 0.0)} of its time is waiting."
    if found.saturated is False and found.of != "under way":
        yield _unsaturated(found)
    if found.peak is not None and found.peak_hi is not None and found.peak_lo is not None:
        between = f"{found.peak_lo:.3g} to {found.peak_hi:.3g}"
        yield f"Throughput falls again beyond about {found.peak:.3g} requests under way ({between})."
    if found.fails_from is not None:
        yield f"Its condition fails from {_load(found, found.fails_from)} on."
    if found.of != "under way":  # of those it stands below the scenarios
        yield from scaling_lines(found)


def _untold(found: Bottleneck) -> Bottleneck:
    """Without the level at which a search failed, where it is told how it broke."""
    return found.model_copy(update={"fails_from": None})


def _unsaturated(found: Bottleneck) -> str:
    """That the load set the throughput is said only where nothing was seen to wait."""
    if found.held_back:
        return "Answers waited in the end, but its levels do not show at which throughput it ends."
    return f"It did not saturate up to {_load(found, found.highest)}: the load set the throughput."


def _among(found: Bottleneck) -> str:
    """What company costs, where it was seen to cost something."""
    if found.served_s is None or found.unloaded_s is None or found.served_s == found.unloaded_s:
        return ""
    return f" {amount(found.served_s, 's')} to serve among so many,"


def _says_something(found: Bottleneck) -> bool:
    of_search = None if found.of == "under way" else found.exponent if found.saturated is None else found.saturated
    return any(value is not None for value in (found.served_at_once, found.peak, found.fails_from, of_search))


def _size(found: Bottleneck) -> str:
    """The resource only where it was seen full, and its size read."""
    if found.resource is None or found.configured is None:
        return ""
    if found.resource == "connection pool":
        return f"; the pool is configured to {found.configured:.3g}, and was full"
    return f"; {found.resource}: all {found.configured:.3g} were in use"


def scaling_lines(found: Bottleneck) -> Iterator[str]:
    """How throughput grows; of fewer than three stages nothing is known."""
    if found.exponent is None or found.exponent_lo is None or found.exponent_hi is None:
        return
    power = f"{found.exponent:.2f} ({found.exponent_lo:.2f} to {found.exponent_hi:.2f})"
    word = growth_word(found.exponent_lo, found.exponent_hi)
    word = "linear or better" if word == "more than linear" else word  # nothing slows down: no more is to be had
    yield f"Throughput of {found.scenario} grows as load to the power of {power}: {word}{_hardly_met(found)}."


def _hardly_met(found: Bottleneck) -> str:
    """How a system scales is seen where requests meet: with less than one under way that is said.

    Of arrivals that know nothing of each other a share of ``1 - exp(-L)`` meets another, ``L`` being under way.
    """
    if found.of != "under way" or found.highest is None or found.highest >= 1:
        return ""
    hardly = ", where hardly two meet" if found.highest < _HARDLY else ""
    return f"; with {found.highest:.2g} requests under way at most{hardly}"


def _load(found: Bottleneck, load: float | None) -> str:
    if found.of == "under way":
        return f"{load or 0:.3g} requests under way"
    return amount(load, "rps") if found.of == "rate" else format_count(load or 0, "user")


def _capacity(figures: ScenarioFigures, verdict: Verdict) -> str:
    most = figures.capacity or 0
    level = format_rate(most) if figures.asked_rps is not None else format_count(most, "user")
    answered = f", {format_rate(figures.capacity_rps)} answered" if figures.capacity_rps is not None else ""
    rows = [
        f"{objective(row)}: {OUTCOMES[row.outcome]}"
        for row in verdict.rows
        if row.endpoint == figures.scenario and kind_of(row) == "objective"
    ]
    return f"{figures.scenario}: the condition held up to {level}{answered}" + (
        f" ({', '.join(rows)})." if rows else "."
    )
