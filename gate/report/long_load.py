"""Endpoints, bands, scenarios and capacity in the long report. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.record.scenario import Level
from gate.report.amounts import NOTHING, amount, objective
from gate.report.long_breaking import breaking_lines, contrast_lines
from gate.report.long_limited import OF_ENDPOINTS, OF_SCENARIOS, values_beside
from gate.report.long_section import Section, room, share, table_of
from gate.report.proportion import growth_word
from gate.report.tables import Line
from gate.report.words import OUTCOMES
from gate.units import format_count, format_duration, format_rate, format_ratio
from gate.verdict.assessment.kinds import came_to, kind_of
from gate.verdict.details import Search
from gate.verdict.figured import Band, EndpointFigures, ScenarioFigures
from gate.verdict.loaded import Bottleneck
from gate.verdict.values import Row, Verdict

_ENDPOINTS = ("endpoint", "limits", "requests", "p50", "mean", "p95", "p99", "headroom", "outcome")
_SCENARIOS = (
    "scenario",
    "limits",
    "load",
    "requests",
    "success",
    "rate",
    "target",
    "p50",
    "p95",
    "p99",
    "headroom",
    "outcome",
)
_LEVELS = ("scenario", "level", "rate", "mean", "p50", "p95", "not answered as expected", "condition")
_HARDLY = 0.1
"""Requests under way, below which less than a tenth of them meets another."""
_WORST = ("failed", "unmeasured", "passed")
_WORDS = {"passed": "met", "failed": "MISSED", "unmeasured": "not decided"}


def endpoints(verdict: Verdict) -> Section:
    """Each endpoint with its mean beside its quantiles, its least room, and the worst that came of its limits."""
    lines = [_endpoint(each, verdict) for each in verdict.assessment.endpoints]
    note = "Answers as expected, at the fixed rate of each endpoint; headroom is that of its tightest limit."
    owners = {each.endpoint for each in verdict.assessment.endpoints}
    items = (*values_beside(verdict, owners, OF_ENDPOINTS), *contrast_lines(verdict))
    return Section("Endpoints", (note,) if lines else (), table_of(_ENDPOINTS, lines), items=items)


def bands(verdict: Verdict) -> Section:
    """How answers spread over bands, all endpoints together first."""
    found: dict[tuple[str, str], list[Band]] = {}
    for band in verdict.assessment.bands:
        found.setdefault((band.of, band.endpoint), []).append(band)
    whole = found.pop(("endpoint", "*"), [])
    groups = ([whole] if whole else []) + list(found.values())
    if not groups:
        return Section("Distribution of response times")
    columns = ("of", "requests", *(_band_name(band) for band in groups[0]))
    lines = [
        Line(
            (
                _of(group[0]),
                f"{group[0].n:,}",
                *(f"{band.count:,} ({share(band.count, band.n)})" for band in group),
            )
        )
        for group in groups
    ]
    return Section("Distribution of response times", tables=table_of(columns, lines, names=1, ends_in_text=False))


def scenarios(verdict: Verdict) -> Section:
    """Each scenario but searches, whose levels are capacity."""
    found = [each for each in verdict.assessment.scenarios if each.executor != "find"]
    scaling = [text for each in verdict.assessment.bottlenecks if each.of == "under way" for text in _scaling(each)]
    note = "Times are of answers as expected; a limit on them counts requests that failed as slower than any."
    return Section(
        "Concurrency and scenarios",
        paragraphs=(note,) if any(each.failed for each in found) else (),
        tables=table_of(_SCENARIOS, [_scenario(each, verdict) for each in found]),
        items=(*values_beside(verdict, {each.scenario for each in found}, OF_SCENARIOS), *scaling),
    )


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


def _endpoint(figures: EndpointFigures, verdict: Verdict) -> Line:
    rows = _limits(verdict, figures.endpoint)
    times = [amount(value, "s") for value in (figures.p50_s, figures.mean_s, figures.p95_s, figures.p99_s)]
    failed = f"{figures.sent:,}" + (f" ({figures.failed:,} failed)" if figures.failed else "")
    outcome, is_loud = _outcome(rows, verdict)
    return Line(
        (figures.endpoint, _asked(rows, verdict), failed, *times, _room(verdict, rows), outcome),
        is_loud,
    )


def _scenario(figures: ScenarioFigures, verdict: Verdict) -> Line:
    rows = _limits(verdict, figures.scenario)
    every = [*rows, *_watched(verdict, figures.scenario)]
    target = next((h for h in verdict.assessment.headroom if h.row.endswith(f"/{figures.scenario}/target:rate")), None)
    outcome, is_loud = _scenario_outcome(figures, every, verdict)
    load = format_count(figures.users, "user") if figures.users is not None else amount(figures.asked_rps, "rps")
    cells = (
        figures.scenario,
        _asked(every, verdict),
        load,
        f"{figures.sent:,}",
        share(figures.completed, figures.sent),
        amount(figures.rate_rps, "rps"),
        f"{room(target.times)} {format_rate(target.limit)}" if target else NOTHING,
        *(amount(value, "s") for value in (figures.p50_s, figures.p95_s, figures.p99_s)),
        _room(verdict, rows),
        outcome,
    )
    return Line(cells, is_loud)


def _level(search: Search, level: Level) -> Line:
    """One load with what it came to; of a search whether its condition held."""
    asked = format_rate(level.level) if search.of == "rate" else format_count(level.level, "user")
    held = {True: "held", False: "did not hold", None: NOTHING}[level.met]
    times = [amount(value, "s") for value in (level.mean_s, level.p50_s, level.p95_s)]
    return Line((search.scenario, asked, format_rate(level.rate_rps), *times, format_ratio(level.error_ratio), held))


def _limits(verdict: Verdict, owner: str) -> list[Row]:
    return [row for row in verdict.rows if row.endpoint == owner and kind_of(row) == "objective"]


def _watched(verdict: Verdict, scenario: str) -> list[Row]:
    """What the server was asked while a scenario ran: it fails by that as well."""
    return [row for row in verdict.rows if row.endpoint == scenario and kind_of(row) == "telemetry"]


def _asked(rows: Sequence[Row], verdict: Verdict) -> str:
    return ", ".join(objective(row) for row in rows) or ("none" if verdict.rows else NOTHING)


def _room(verdict: Verdict, rows: Sequence[Row]) -> str:
    found = {each.row: each.times for each in verdict.assessment.headroom}
    return room(min((found[row.id] for row in rows if row.id in found), default=None))


def _scenario_outcome(figures: ScenarioFigures, rows: Sequence[Row], verdict: Verdict) -> tuple[str, bool]:
    if figures.cut_short or figures.not_reached:
        return "CUT SHORT" if figures.cut_short else "NOT REACHED", True
    outcome, is_loud = _outcome(rows, verdict)
    return outcome + (" (advisory)" if figures.advisory else ""), is_loud


def _outcome(rows: Sequence[Row], verdict: Verdict) -> tuple[str, bool]:
    """The worst of them; where nothing was judged there are none, whatever limits the suite has."""
    if not verdict.rows:
        return "not judged", False
    came = {came_to(row) for row in rows}
    worst = next((each for each in _WORST if each in came), None)
    return (_WORDS[worst], worst == "failed") if worst else ("no limits", False)


def _of(band: Band) -> str:
    if band.of == "scenario":
        return f"scenario {band.endpoint}"
    return "all endpoints" if band.endpoint == "*" else band.endpoint


def _band_name(band: Band) -> str:
    if band.to_s is None:
        return f"over {format_duration(band.from_s)}"
    return (
        f"{band.from_s * 1e3:g}–{format_duration(band.to_s)}" if band.from_s else f"under {format_duration(band.to_s)}"
    )


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
        yield from _scaling(found)


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


def _scaling(found: Bottleneck) -> Iterator[str]:
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
    rows = [f"{objective(row)}: {OUTCOMES[row.outcome]}" for row in _limits(verdict, figures.scenario)]
    return f"{figures.scenario}: the condition held up to {level}{answered}" + (
        f" ({', '.join(rows)})." if rows else "."
    )
