"""Everything a report says, worded and rounded here and in the modules it takes words from.

Pure. A view holds plain text; the templates only lay it out and escape it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.record.run import LEFT_BEHIND, Notice
from gate.report.amounts import amount, bounded, change, detectable, objective
from gate.report.details import Details, details_of
from gate.report.headline import listed, title, why
from gate.report.tables import Line, Table
from gate.report.words import ANSWERS, LOUD, outcome_of
from gate.units import format_ratio
from gate.verdict.values import Row, Verdict

_WAYS = {
    "duet": "measured side by side with the base deployment",
    "stored": "compared with {n} stored {runs} of main",
    "none": "no baseline yet: only objectives were judged",
}
_ALOUD = ("busy-preview", "capacity")
_QUIET = ("unchanged", "no_baseline")
_CHANGES = ("endpoint", "metric", "baseline", "candidate", "change (90 % interval)", "detectable from", "outcome")
_LIMITS = ("endpoint", "objective", "measured (95 % bounds)", "outcome")
_MOST_WARNINGS = 5
_LEGEND = (
    "Change: beyond what all endpoints share."
    " Detectable from: the smallest slowdown that this run would have caught four times in five."
)


@dataclass(frozen=True)
class View:
    """One report, as text."""

    verdict: str
    why: str
    cures: tuple[str, ...]
    """What to do next."""
    warnings: tuple[str, ...]
    """What the gate may have left behind; never shortened away."""
    tables: tuple[Table, ...]
    findings: tuple[str, ...]
    notes: tuple[str, ...]
    details: Details
    """What was measured beside what is judged."""
    footer: str
    legend: str
    """How to read the tables; empty where nothing is compared."""

    @property
    def headline(self) -> str:
        """Verdict and reason in one sentence."""
        return f"{self.verdict}: {self.why}"

    @property
    def hidden(self) -> int:
        """Rows left out for lack of room."""
        return sum(table.hidden for table in self.tables)


def view_of(verdict: Verdict) -> View:
    """Word a verdict."""
    shown = [row for row in verdict.rows if not (row.metric in ANSWERS and row.outcome in _QUIET)]
    changes = [_change_line(row) for row in shown if row.limit is None]
    limits = [_limit_line(row) for row in shown if row.limit is not None]
    return View(
        verdict=title(verdict),
        why=why(verdict),
        cures=tuple(reason.cure for reason in verdict.reasons if reason.cure),
        tables=tuple(_table(columns, lines) for columns, lines in ((_CHANGES, changes), (_LIMITS, limits)) if lines),
        warnings=_warnings(verdict),
        findings=(*_aloud(verdict), *_findings(verdict.rows)),
        notes=tuple(_note(notice) for notice in verdict.notices if notice.code not in (LEFT_BEHIND, *_ALOUD)),
        details=details_of(verdict.details),
        footer=_footer(verdict),
        legend=_LEGEND if any(row.change is not None for row in shown) else "",
    )


def _table(columns: tuple[str, ...], lines: list[Line]) -> Table:
    return Table(columns, tuple(sorted(lines, key=lambda line: not line.is_loud)))


def _change_line(row: Row) -> Line:
    cells = (
        "all endpoints" if row.endpoint == "*" else row.endpoint,
        row.metric,
        amount(row.baseline, row.unit),
        bounded(row),
        change(row),
        detectable(row),
        outcome_of(row),
    )
    return Line(cells, row.outcome in LOUD)


def _limit_line(row: Row) -> Line:
    return Line((row.endpoint, objective(row), bounded(row), outcome_of(row)), row.outcome in LOUD)


def _warnings(verdict: Verdict) -> tuple[str, ...]:
    told = [f"left behind: {_note(notice)}" for notice in verdict.notices if notice.code == LEFT_BEHIND]
    more = len(told) - _MOST_WARNINGS
    return (*told[:_MOST_WARNINGS], *([f"left behind: {more} more, which are in verdict.json"] if more > 0 else []))


def _aloud(verdict: Verdict) -> Iterator[str]:
    """What is not folded away, because it says how far the table can be believed, or is what somebody asked for."""
    yield from dict.fromkeys(_note(notice) for notice in verdict.notices if notice.code in _ALOUD)


def _findings(rows: list[Row]) -> tuple[str, ...]:
    """What rows carry with them, each text once with all the rows that carry it."""
    carriers: dict[str, list[Row]] = {}
    for row in rows:
        for notice in row.notices:
            carriers.setdefault(_note(notice), []).append(row)
    return tuple(f"{_where(found)}: {text}" for text, found in carriers.items())


def _where(rows: list[Row]) -> str:
    names = list(dict.fromkeys("all endpoints" if row.endpoint == "*" else row.endpoint for row in rows))
    metrics = list(dict.fromkeys("" if row.endpoint == "*" else _metric(row) for row in rows))
    return f"{listed(names)} {' and '.join(metric for metric in metrics if metric)}".strip()


def _metric(row: Row) -> str:
    return row.metric.removeprefix("limit:").replace("_", " ")


def _note(notice: Notice) -> str:
    return f"{notice.message}; {notice.cure}" if notice.cure else notice.message


def _footer(verdict: Verdict) -> str:
    n = len(verdict.baselines)
    way = _WAYS[verdict.way].format(n=n, runs="run" if n == 1 else "runs")
    commit = f"commit {verdict.commit[:12]}, " if verdict.commit else ""
    if not verdict.rows:
        return f"{commit}nothing was judged; gate {verdict.tool}"
    tests = f"{verdict.family} tests share" if verdict.family != 1 else "1 test has"
    level = f"{tests} a false-block rate of at most {format_ratio(verdict.level)}"
    return f"{commit}{way}; {level}; gate {verdict.tool}"
