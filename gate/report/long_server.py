"""Probes, database, stability and environment in the long report. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gate.report.amounts import NOTHING, amount, bounded
from gate.report.long_endurance import endurance
from gate.report.long_section import Section, quantity, table_of
from gate.report.tables import Line, Table
from gate.report.words import LOUD, outcome_of
from gate.units import format_duration, format_ratio, format_size
from gate.verdict.assessment.kinds import kind_of
from gate.verdict.beheld import Held, Watch, Watched
from gate.verdict.details import Served
from gate.verdict.figured import ProbeFigures
from gate.verdict.values import Row, Verdict

_PROBES = ("category", "probe", "outcome")
_WORDS = {"passed": "passed", "failed": "FAILED", "not_measured": "NOT MEASURED"}
_QUERIES = ("endpoint", "during", "least", "most", "mean", "in queries", "waiting", "holding", "said by")
_STATEMENTS = ("number", "statement", "calls", "rows", "on average", "in all", "reads from end to end")
_RELATIONS = ("table", "rows (estimated)", "size", "indexes")
"""Rows as PostgreSQL last estimated them: what a load wrote since is not among them."""
_SERIES = ("series", "from", "first", "least", "mean", "most", "last", "grows under load")
_LIMITS = ("series", "statistic", "measured (95 % bounds)", "limit", "outcome")
_RESTS = ("at rest", "around", "before the load", "after it")
_RESOURCES = ("resource", "during", "in use at most", "of", "samples when full")
_OF_DATABASE = ("postgres", "redis")
_HEAD, _TAIL = 110, 49
"""Characters of a long statement that are shown: many begin alike, and differ in what they select from or order by."""


def probes(verdict: Verdict) -> Section:
    """By category; of those that did not pass, what was expected and what came."""
    found = sorted(verdict.assessment.probes, key=lambda probe: probe.category)
    return Section(
        "Probes",
        tables=table_of(_PROBES, [_probe(probe) for probe in found]),
        items=tuple(
            f"{probe.name}: expected {probe.expected}, seen {probe.seen}"
            for probe in found
            if probe.outcome != "passed"
        ),
    )


def database(verdict: Verdict) -> Section:
    """Queries of each endpoint, the costliest statements, sizes, connections, and what telemetry has of them."""
    watch = verdict.assessment.watch
    said = [each for each in verdict.details.served if each.of == "candidate"]
    growth = [_growth(probe) for probe in verdict.assessment.probes if probe.of is not None]
    tables = [*table_of(_QUERIES, map(_served, said))]
    items = [*growth]
    if watch is not None:
        tables += _statements(watch)
        tables += table_of(_SERIES, map(_watched, _of_database(watch.series, wanted=True)))
        items += _facts(watch)
    return Section("Queries and database", tables=tuple(tables), items=tuple(items))


def stability(verdict: Verdict) -> Section:
    """What telemetry has beside the database, its limits, and how full resources were."""
    watch = verdict.assessment.watch
    series = _of_database(watch.series, wanted=False) if watch is not None else []
    limits = [row for row in verdict.rows if kind_of(row) == "telemetry"]
    resources = [
        Line((use.resource, use.window, f"{use.most:.3g}", f"{use.size:.3g}", format_ratio(use.full_ratio)))
        for use in verdict.assessment.resources
    ]
    return Section(
        "Stability",
        tables=(
            *table_of(_SERIES, map(_watched, series)),
            *table_of(_RESTS, _rests(watch), ends_in_text=False),
            *table_of(_LIMITS, map(_limit, limits)),
            *table_of(_RESOURCES, resources, ends_in_text=False),
        ),
        items=(
            *endurance(verdict.assessment.scenarios),
            *dict.fromkeys(notice.message for row in limits for notice in row.notices),
        ),
    )


def environment(verdict: Verdict) -> Section:
    """What the suite declares of the deployment, or the deployment of itself."""
    lines = [
        Line((line.name, line.value or "not known", "declared" if line.is_declared else "read"))
        for line in verdict.assessment.about
    ]
    waited = " and ".join(format_duration(ready_s) for ready_s in verdict.details.ready_after_s)
    return Section(
        "Environment",
        paragraphs=(f"The preview was ready after {waited}.",) if waited and lines else (),
        tables=table_of(("environment", "value", "source"), lines),
    )


def _probe(probe: ProbeFigures) -> Line:
    word = _WORDS[probe.outcome] + (" (advisory)" if probe.advisory else "")
    return Line((probe.category, probe.name, word), probe.outcome != "passed")


def _growth(probe: ProbeFigures) -> str:
    if probe.slope is None or probe.lo is None or probe.hi is None:
        return f"{probe.name}: growth could not be fitted"
    unit = {"queries": "count", "time": "s", "bytes": "bytes"}[probe.of or "queries"]
    slope, lo, hi = (quantity(value, unit) for value in (probe.slope, probe.lo, probe.hi))
    return f"{probe.name}: {slope} more for each item ({lo} to {hi})"


def _served(said: Served) -> Line:
    times = [amount(said.times.get(name), "s") for name in ("db", "pool", "held")]
    mean = NOTHING if said.queries_mean is None else f"{said.queries_mean:.3g}"
    counts = [quantity(value, "count") for value in (said.queries_least, said.queries_most)]
    by = f"{said.told:,} of {said.looked:,} answers"
    return Line((said.endpoint, said.scenario or "blocks", *counts, mean, *times, by))


def _statements(watch: Watch) -> list[Table]:
    lines = [
        Line(
            (
                str(number),
                _cut(statement.text),
                f"{statement.calls:,}",
                f"{statement.rows:,}",
                format_duration(statement.mean_s),
                format_duration(statement.total_s),
                ", ".join(statement.scans) or NOTHING,
            ),
            is_loud=bool(statement.unindexed),
        )
        for number, statement in enumerate(watch.statements, 1)
    ]
    relations = [
        Line(
            (
                relation.name,
                f"{relation.rows:,}",
                format_size(relation.table_bytes),
                format_size(relation.index_bytes),
            )
        )
        for relation in watch.relations
    ]
    return [*table_of(_STATEMENTS, lines), *table_of(_RELATIONS, relations, names=1, ends_in_text=False)]


def _facts(watch: Watch) -> list[str]:
    size = [f"database size: {format_size(watch.database_bytes)}"] if watch.database_bytes is not None else []
    facts = {name: value for name, value in sorted(watch.facts.items()) if not name.startswith("processes.")}
    return [*size, *(f"{name}: {value:,.6g}" for name, value in facts.items())]


def _of_database(series: Iterable[Watched], *, wanted: bool) -> list[Watched]:
    return [each for each in series if (each.source in _OF_DATABASE or each.name.startswith("pool")) == wanted]


def _watched(series: Watched) -> Line:
    """What lies between the ends of a counter says nothing; growth that was not seen is not denied."""
    between = (None,) * 3 if series.is_counter else (series.least, series.mean, series.most)
    values = (series.first, *between, series.last)
    rising = {True: "yes", False: "not seen", None: "too few samples"}
    grows = _counted(series) if series.is_counter else rising[series.rising]
    return Line((series.name, series.source, *(quantity(value, series.unit) for value in values), grows))


def _counted(series: Watched) -> str:
    """How far it went; not where it was counted anew by another process meanwhile."""
    if series.most > series.last:
        return "counts up, begun anew"
    return f"counts up by {quantity(series.last - series.first, series.unit)}"


def _rests(watch: Watch | None) -> list[Line]:
    """What the preview held while it was left alone; of databases as well, for connections are given back or not."""
    return [
        Line((each.name, _around(held), quantity(held.before, each.unit), quantity(held.after, each.unit)))
        for each in (watch.series if watch is not None else ())
        if each.unit in ("bytes", "count")  # what can be held
        for held in each.held
    ]


def _around(held: Held) -> str:
    return "all scenarios" if held.around == "*" else held.around


def _limit(row: Row) -> Line:
    _, name, statistic = row.metric.split(":", 2)
    return Line(
        (name, statistic.replace("_", " "), bounded(row), amount(row.limit, row.unit), outcome_of(row)),
        row.outcome in LOUD,
    )


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _HEAD + 1 + _TAIL else f"{flat[:_HEAD]}…{flat[-_TAIL:]}"
