"""Endpoints and scenarios in the long report. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gate.report.amounts import NOTHING, amount, objective
from gate.report.long_breaking import contrast_lines
from gate.report.long_capacity import scaling_lines
from gate.report.long_limited import OF_ENDPOINTS, OF_SCENARIOS, values_beside
from gate.report.long_section import Section, room, share, table_of
from gate.report.tables import Line
from gate.units import format_count, format_rate
from gate.verdict.assessment.kinds import came_to, kind_of
from gate.verdict.figured import EndpointFigures, ScenarioFigures
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
_WORST = ("failed", "unmeasured", "passed")
_WORDS = {"passed": "met", "failed": "MISSED", "unmeasured": "not decided"}


def endpoints(verdict: Verdict) -> Section:
    """Each endpoint with its mean beside its quantiles, its least room, and the worst that came of its limits."""
    lines = [_endpoint(each, verdict) for each in verdict.assessment.endpoints]
    note = "Answers as expected, at the fixed rate of each endpoint; headroom is that of its tightest limit."
    owners = {each.endpoint for each in verdict.assessment.endpoints}
    items = (*values_beside(verdict, owners, OF_ENDPOINTS), *contrast_lines(verdict))
    return Section("Endpoints", (note,) if lines else (), table_of(_ENDPOINTS, lines), items=items)


def scenarios(verdict: Verdict) -> Section:
    """Each scenario but searches, whose levels are capacity."""
    found = [each for each in verdict.assessment.scenarios if each.executor != "find"]
    scaling = [
        text for each in verdict.assessment.bottlenecks if each.of == "under way" for text in scaling_lines(each)
    ]
    note = "Times are of answers as expected; a limit on them counts requests that failed as slower than any."
    return Section(
        "Concurrency and scenarios",
        paragraphs=(note,) if any(each.failed for each in found) else (),
        tables=table_of(_SCENARIOS, [_scenario(each, verdict) for each in found]),
        items=(*values_beside(verdict, {each.scenario for each in found}, OF_SCENARIOS), *scaling),
    )


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
