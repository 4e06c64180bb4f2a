"""What a report folds away: where the time goes, what scenarios came to, the levels of searches. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.record.telemetry import Statement
from gate.report.amounts import NOTHING, amount
from gate.report.tables import Line, Table
from gate.units import format_count, format_duration
from gate.verdict import details
from gate.verdict.answers import told_kinds
from gate.verdict.details import Answers, Search, Served, Traffic, Watched

_ANSWERS = (
    "endpoint",
    "deployment",
    "wait",
    "receive",
    "connect",
    "TLS",
    "DNS",
    "new connection",
    "cold start",
    "HTTP",
)
_SERVED = (
    "endpoint",
    "deployment",
    "until the headers",
    "in queries",
    "waiting for connections",
    "holding them",
    "queries",
    "said by",
)
_WATCHED = ("series", "said by", "least", "mean", "most", "readings")
_STATEMENTS = ("statement", "an index is missing on", "calls", "each", "all together", "rows")
_LONGEST = 100
_TRAFFIC = ("scenario", "part", "rate", "p50", "p95", "p99", "requests", "errors")
_LEVELS = ("scenario", "level", "rate", "p50", "p95", "errors", "until")


@dataclass(frozen=True)
class Section:
    """One table with what it shows."""

    title: str
    table: Table


@dataclass(frozen=True)
class Details:
    """What is folded away."""

    ready: str
    """How long the preview was waited for; empty where that is not known."""
    sections: tuple[Section, ...]

    @property
    def are_empty(self) -> bool:
        """Whether there is nothing to unfold."""
        return not self.sections


def details_of(measured: details.Details) -> Details:
    """Word what was measured beside what is judged."""
    waited = " and ".join(format_duration(ready_s) for ready_s in measured.ready_after_s)
    found = (
        ("Where the time of a request goes, medians", _ANSWERS, map(_answers, measured.answers)),
        ("What the server says of that time, medians", _SERVED, map(_served, measured.served)),
        ("What the server said under load", _WATCHED, map(_watched, measured.watched)),
        ("Statements that took the most time", _STATEMENTS, map(_statement, measured.statements)),
        ("Scenarios", _TRAFFIC, map(_traffic, measured.traffic)),
        ("Levels of searches and of scenarios that climb, in their order", _LEVELS, _levels(measured.searches)),
        # What WebSockets did goes here.
    )
    tables = ((title, Table(columns, tuple(lines))) for title, columns, lines in found)
    return Details(
        ready=f"The preview was ready after {waited}." if waited else "",
        sections=tuple(Section(title, table) for title, table in tables if table.lines),
    )


NO_DETAILS = Details("", ())


def _answers(answers: Answers) -> Line:
    phases = [amount(answers.phases.get(phase), "s") for phase in ("wait", "receive", "connect", "tls", "dns")]
    opened = [amount(answers.new_connection_s, "s"), amount(answers.cold_start_s, "s")]
    total = sum(answers.protocols.values())
    versions = [name if count == total else f"{name} ({count} of {total})" for name, count in answers.protocols.items()]
    odd = [
        f"compressed ({answers.compressed} of {total})" if answers.compressed else "",
        f"{answers.resent} sent again" if answers.resent else "",
    ]
    of = answers.of if answers.runs == 1 else f"{answers.of}, {answers.runs} runs"
    return Line((answers.endpoint, of, *phases, *opened, ", ".join([*versions, *filter(None, odd)]) or NOTHING))


def _served(said: Served) -> Line:
    times = [amount(said.times.get(name), "s") for name in ("app", "db", "pool", "held")]
    where = f"{said.of}, {said.scenario}" if said.scenario else said.of
    by = f"{'all' if said.told == said.looked else f'{said.told:,}'} of {said.looked:,} answers"
    if said.unread:
        by += f", {said.unread:,} not readable"
    return Line((said.endpoint, where, *times, _queries(said), by))


def _watched(watched: Watched) -> Line:
    units = {"count": "rps", "s": "ratio"} if watched.is_counter else {"per_s": "rps"}
    unit, ending = units.get(watched.unit, watched.unit), "/s" if watched.is_counter and watched.unit == "bytes" else ""
    figures = [amount(value, unit) + ending for value in (watched.least, watched.mean, watched.most)]
    return Line((watched.name, watched.source, *figures, f"{watched.n:,}"))


def _statement(statement: Statement) -> Line:
    text = statement.text if len(statement.text) <= _LONGEST else statement.text[: _LONGEST - 1] + "…"
    times = [amount(value, "s") for value in (statement.mean_s, statement.total_s)]
    return Line(
        (text, "; ".join(statement.unindexed) or NOTHING, f"{statement.calls:,}", *times, f"{statement.rows:,}")
    )


def _queries(said: Served) -> str:
    """Their number: exactly where all agree, else from least to most with the mean."""
    if said.queries_mean is None:
        return NOTHING
    if said.queries_least == said.queries_most:
        return f"{said.queries_least:,}"
    return f"{said.queries_mean:.3g} ({said.queries_least:,} to {said.queries_most:,})"


def _traffic(traffic: Traffic) -> Line:
    part = "all" if traffic.part == "all" else f"{traffic.part} {traffic.name}"
    latencies = [amount(value, "s") for value in (traffic.p50_s, traffic.p95_s, traffic.p99_s)]
    kinds = [told_kinds(traffic.errors, most=len(traffic.errors))] if traffic.errors else []
    failed = [
        f"{traffic.failed} failed" + (f" ({', '.join(kinds)})" if kinds else "") if traffic.failed else "",
        f"{traffic.dropped} never sent" if traffic.dropped else "",
    ]
    errors = ", ".join(filter(None, failed)) or "none"
    return Line((traffic.scenario, part, amount(traffic.rate_rps, "rps"), *latencies, f"{traffic.begun:,}", errors))


def _levels(searches: Iterable[Search]) -> Iterable[Line]:
    for search in searches:
        for level in search.levels:
            asked = amount(level.level, "rps") if search.of == "rate" else format_count(level.level, "user")
            latencies = [amount(level.p50_s, "s"), amount(level.p95_s, "s")]
            held = f"{search.until}: {'held' if level.met else 'did not hold'}" if search.until else NOTHING
            rate, errors = amount(level.rate_rps, "rps"), amount(level.error_ratio, "ratio")
            yield Line((search.scenario, asked, rate, *latencies, errors, held))
