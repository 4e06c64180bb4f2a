"""Everything a report says, worded and rounded here and in the modules it takes words from.

Pure. A view holds plain text; the templates only lay it out and escape it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.record.value import NOT_REACHED
from gate.report.amounts import amount, bounded, change, detectable, objective
from gate.report.details import Details, details_of
from gate.report.headline import title, why
from gate.report.loud import carried, is_loud, is_loud_in_row, warnings_of, worded
from gate.report.tables import Line, Table
from gate.report.words import ANSWERS, LOUD, outcome_of
from gate.units import format_ratio
from gate.verdict.values import Row, Verdict

_WAYS = {
    "duet": "measured side by side with the base deployment",
    "stored": "compared with {n} stored {runs} of main",
    "none": "no baseline yet: only objectives were judged",
}
_ALOUD = ("busy-preview", "capacity", "no-base", NOT_REACHED)
_QUIET = ("unchanged", "no_baseline")
_CHANGES = ("endpoint", "metric", "baseline", "candidate", "change (90 % interval)", "detectable from", "outcome")
_LIMITS = ("endpoint", "objective", "measured (95 % bounds)", "outcome")
_PROBES = ("probe", "seen", "outcome")
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
    """Without which the verdict is not understood, and what may have been left behind; never shortened away."""
    since: str
    """What changed since the last run of the pull request; empty where there was none."""
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


def view_of(verdict: Verdict, since: str = "") -> View:
    """Word a verdict.

    Parameters
    ----------
    since : str, optional
        What changed since the last run of the pull request, where that is known.
    """
    shown = [row for row in verdict.rows if not (row.metric in ANSWERS and row.outcome in _QUIET)]
    probes = [_probe_line(row) for row in shown if row.probed is not None]
    changes = [_change_line(row) for row in shown if row.limit is None and row.probed is None]
    limits = [_limit_line(row) for row in shown if row.limit is not None and row.probed is None]
    tables = ((_CHANGES, changes), (_LIMITS, limits), (_PROBES, probes))
    return View(
        verdict=title(verdict),
        why=why(verdict),
        cures=tuple(reason.cure for reason in verdict.reasons if reason.cure),
        tables=tuple(_table(columns, lines) for columns, lines in tables if lines),
        warnings=warnings_of(verdict),
        since=since,
        findings=(*_aloud(verdict), *carried(verdict.rows, lambda notice: not is_loud_in_row(notice))),
        notes=tuple(worded(n) for n in verdict.notices if not is_loud(n) and n.code not in _ALOUD),
        details=details_of(verdict.details),
        footer=footer(verdict),
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


def _probe_line(row: Row) -> Line:
    seen = "" if row.probed is None else row.probed.seen
    wanted = f"; expected {row.probed.expected}" if row.probed is not None and row.outcome != "met" else ""
    return Line((row.endpoint, seen + wanted, outcome_of(row)), row.outcome in LOUD)


def _aloud(verdict: Verdict) -> Iterator[str]:
    """What is not folded away, because it says how far the table can be believed, or is what somebody asked for."""
    yield from dict.fromkeys(worded(notice) for notice in verdict.notices if notice.code in _ALOUD)


def footer(verdict: Verdict) -> str:
    """Suite, commit, how it was compared, at which level, and by which version."""
    n = len(verdict.baselines)
    way = _WAYS[verdict.way].format(n=n, runs="run" if n == 1 else "runs")
    size = f"profile {verdict.profile}, " if verdict.profile else ""
    what = f"suite {verdict.suite}, {size}" + (f"commit {verdict.commit[:12]}, " if verdict.commit else "")
    if not verdict.rows:
        return f"{what}nothing was judged; gate {verdict.tool}"
    tests = f"{verdict.family} tests share" if verdict.family != 1 else "1 test has"
    level = f"; {tests} a false-block rate of at most {format_ratio(verdict.level)}" if verdict.family else ""
    return f"{what}{way}{level}; gate {verdict.tool}"
