"""Everything a report says, worded and rounded here and nowhere else.

Pure. A view holds plain text; the templates only lay it out and escape it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gate.record.run import Notice
from gate.units import format_duration, format_rate, format_ratio, format_size
from gate.verdict.values import Reason, Row, Verdict

OUTCOME_WORDS = {
    "improved": "faster",
    "unchanged": "unchanged",
    "regressed": "SLOWER",
    "inconclusive": "inconclusive",
    "no_baseline": "no baseline",
    "not_measured": "NOT MEASURED",
    "met": "met",
    "missed": "MISSED",
}
_WAYS = {
    "duet": "measured side by side with the base deployment",
    "stored": "compared with {n} stored {runs} of main",
    "none": "no baseline yet: only objectives were judged",
}
_FORMATS: dict[str, Callable[[float], str]] = {
    "s": format_duration,
    "ratio": format_ratio,
    "rps": format_rate,
    "bytes": format_size,
}
_NOTHING = "–"
_DIM = 0.5
"""Smallest slowdown of everything that is worth a warning if no smaller one could be seen."""
_QUIET = ("unchanged", "no_baseline")
_COMPARED = ("p50", "p95")
_MOST_NAMES = 3


@dataclass(frozen=True)
class Line:
    """One row of the table, as text."""

    endpoint: str
    metric: str
    baseline: str
    candidate: str
    change: str
    detectable: str
    outcome: str
    row_id: str
    is_loud: bool


@dataclass(frozen=True)
class View:
    """One report, as text."""

    verdict: str
    why: str
    lines: tuple[Line, ...]
    findings: tuple[str, ...]
    notes: tuple[str, ...]
    footer: str
    hidden: int = field(default=0)
    """Rows left out for lack of room."""

    @property
    def headline(self) -> str:
        """Verdict and reason in one sentence."""
        return f"{self.verdict}: {self.why}"


def view_of(verdict: Verdict) -> View:
    """Word a verdict."""
    lines = tuple(_line(row) for row in verdict.rows if _is_shown(row))
    return View(
        verdict=_title(verdict),
        why=_why(verdict),
        lines=lines,
        findings=tuple(_finding(row, notice) for row in verdict.rows for notice in row.notices),
        notes=tuple(_note(notice) for notice in verdict.notices),
        footer=_footer(verdict),
    )


def _title(verdict: Verdict) -> str:
    title = verdict.verdict if verdict.measured else "BLOCKED - not measured"
    return title if verdict.in_effect else f"Not in effect until merged, would be {title}"


def _why(verdict: Verdict) -> str:
    by_id = {row.id: row for row in verdict.rows}
    if verdict.reasons:
        first = _reason(verdict.reasons[0], by_id)
        others = len({row for reason in verdict.reasons for row in reason.rows}) - 1
        return first + (f" (and {others} more)" if others > 0 and verdict.measured else "")
    compared = [
        row for row in verdict.rows if row.metric in _COMPARED and row.trail is not None and row.endpoint != "*"
    ]
    parts = [_slower(compared), _reach(compared)] if compared else [_uncompared(verdict)]
    parts += [_everything(verdict), _errors(verdict), _objectives(verdict, always=not compared)]
    parts += [_new(verdict)] if compared else []
    return "; ".join(part for part in parts if part)


def _slower(compared: list[Row]) -> str:
    """What the comparisons came to, those that do not block and those that could not be decided included."""
    slower = sorted((row for row in compared if row.outcome == "regressed"), key=lambda row: -(row.change or 0.0))
    open_ = sum(row.outcome == "inconclusive" for row in compared)
    if open_ == len(compared):
        return f"none of {len(compared)} comparisons could be decided"
    among = f"in {len(compared)} comparisons" + (f", {open_} of them inconclusive" if open_ else "")
    if not slower:
        return f"nothing is found slower than tolerated {among}"
    worst, more = slower[0], f" (and {len(slower) - 1} more)" if len(slower) > 1 else ""
    return (
        f"{worst.endpoint} {worst.metric} is {format_ratio(worst.change or 0.0)} slower, which is accepted{more};"
        f" nothing else is found slower than tolerated {among}"
    )


def _reach(compared: list[Row]) -> str:
    """What this run could have caught, from its sharpest row to its dullest: one figure would be false for most."""
    seen = sorted(row.detectable for row in compared if row.metric == "p50" and row.detectable is not None)
    if not seen:
        return ""
    best, worst = format_ratio(seen[0]), format_ratio(seen[-1])
    reach = best if best == worst else f"{best} to {worst}, by endpoint,"
    return f"a p50 slowdown of {reach} would have been caught"


def _uncompared(verdict: Verdict) -> str:
    if any(notice.code == "baselines-left-out" for notice in verdict.notices):
        return "no comparable baseline yet, stored runs were left out"
    is_asked_once = verdict.way != "none" and not any(row.metric in _COMPARED for row in verdict.rows)
    return "answers are as before" if is_asked_once else "no baseline yet"


def _everything(verdict: Verdict) -> str:
    """What is told of a slowdown that all endpoints share, where it was suspected or could hardly be seen."""
    shared = [row for row in verdict.rows if row.endpoint == "*"]
    suspect = next((row for row in shared if row.outcome == "regressed"), None)
    if suspect is not None:
        return f"everything may be {format_ratio(suspect.change or 0.0)} slower, which the policy accepts"
    reach = min((row.detectable for row in shared if row.detectable is not None), default=0.0)
    return f"a slowdown of everything only from {format_ratio(reach)}" if reach >= _DIM else ""


def _errors(verdict: Verdict) -> str:
    """Errors that may be chance, told where the verdict is."""
    rows = [row for row in verdict.rows if row.metric == "errors" and row.outcome == "inconclusive"]
    if not rows:
        return ""
    share, more = _amount(rows[0].candidate, "ratio"), f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"{rows[0].endpoint} answers {share} of requests with errors, maybe by chance{more}"


def _objectives(verdict: Verdict, *, always: bool) -> str:
    outcomes = [row.outcome for row in verdict.rows if row.limit is not None]
    met, missed, open_ = (outcomes.count(outcome) for outcome in ("met", "missed", "inconclusive"))
    if not outcomes or (met == len(outcomes) and not always):
        return ""
    left = [f"{missed} missed, which is accepted" if missed else "none missed", f"{open_} undecided" if open_ else ""]
    return ", ".join([f"{met} of {len(outcomes)} objectives met", *(text for text in left if text)])


def _new(verdict: Verdict) -> str:
    names = list(
        dict.fromkeys(row.endpoint for row in verdict.rows if row.metric in _COMPARED and row.outcome == "no_baseline")
    )
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"no comparable baseline yet for {', '.join(names[:_MOST_NAMES])}{more}" if names else ""


def _reason(reason: Reason, rows: dict[str, Row]) -> str:
    row = rows.get(reason.rows[0]) if reason.rows else None
    if reason.code == "regressed" and row is not None and row.change is not None:
        return f"{row.endpoint} {row.metric} is {format_ratio(row.change)} slower than main"
    if reason.code == "missed" and row is not None and row.candidate is not None and row.limit is not None:
        statistic = row.metric.removeprefix("limit:")
        value, limit = _amount(row.candidate, row.unit), _amount(row.limit, row.unit)
        return f"{row.endpoint} misses its objective: {_statistic(statistic)} is {value}, the limit is {limit}"
    if reason.code == "unexpected-answers" and row is not None:
        return _answers(row)
    return reason.message


def _answers(row: Row) -> str:
    if row.metric == "body":
        return (
            f"{row.endpoint} answers with {_amount(row.candidate, 'bytes')}, main with {_amount(row.baseline, 'bytes')}"
        )
    kinds = next((notice.message.partition(": ")[2] for notice in row.notices if notice.code == "errors"), "")
    was = f", main {_amount(row.baseline, 'ratio')}" if row.baseline is not None else ""
    return f"{row.endpoint} answers {_amount(row.candidate, 'ratio')} of requests with errors{was} ({kinds})"


def _statistic(name: str) -> str:
    return name.replace("_", " ")


def _is_shown(row: Row) -> bool:
    """Answers as they should be need no line of their own."""
    return not (row.metric in ("errors", "body") and row.outcome in _QUIET)


def _line(row: Row) -> Line:
    outcome = OUTCOME_WORDS[row.outcome]
    if row.metric in ("errors", "body") and row.outcome == "regressed":
        outcome = "UNEXPECTED"
    if row.endpoint == "*" and row.outcome == "regressed":
        outcome = "SUSPECT"
    if not row.gated and row.endpoint != "*":
        outcome += " (not gated)"
    elif row.outcome in ("regressed", "missed") and not row.blocks and row.endpoint != "*":
        outcome += " (accepted)"
    return Line(
        endpoint="all endpoints" if row.endpoint == "*" else row.endpoint,
        metric=_statistic(row.metric.removeprefix("limit:")),
        baseline=_amount(row.baseline, row.unit) if not row.metric.startswith("limit:") else "",
        candidate=_bounded(row),
        change=_change(row),
        detectable=_detectable(row),
        outcome=outcome,
        row_id=row.id,
        is_loud=row.outcome in ("regressed", "missed", "not_measured"),
    )


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return _NOTHING
    return _FORMATS[unit](value)


def _bounded(row: Row) -> str:
    if row.lo is None and row.hi is None:
        return _amount(row.candidate, row.unit)
    low, high = _amount(row.lo, row.unit), _amount(row.hi, row.unit) if row.hi is not None else "?"
    return f"{_amount(row.candidate, row.unit)} ({low} to {high})"


def _change(row: Row) -> str:
    if row.limit is not None:
        return f"limit {_amount(row.limit, row.unit)}"
    if row.change is None:
        return _NOTHING
    if row.change_lo is None or row.change_hi is None:
        return format_ratio(row.change, signed=True)
    low, high = format_ratio(row.change_lo, signed=True), format_ratio(row.change_hi, signed=True)
    return f"{format_ratio(row.change, signed=True)} ({low} to {high})"


def _detectable(row: Row) -> str:
    if row.detectable is None:
        return _NOTHING
    if row.metric == "errors":
        return format_ratio(row.detectable)
    return format_ratio(row.detectable, signed=True) if row.detectable < 10 else "more than tenfold"


def _finding(row: Row, notice: Notice) -> str:
    where = (
        "all endpoints" if row.endpoint == "*" else f"{row.endpoint} {_statistic(row.metric.removeprefix('limit:'))}"
    )
    return f"{where}: {_note(notice)}"


def _note(notice: Notice) -> str:
    return f"{notice.message}; {notice.cure}" if notice.cure else notice.message


def _footer(verdict: Verdict) -> str:
    n = len(verdict.baselines)
    way = _WAYS[verdict.way].format(n=n, runs="run" if n == 1 else "runs")
    commit = f"commit {verdict.commit[:12]}, " if verdict.commit else ""
    if not verdict.rows:
        return f"{commit}nothing was judged; gate {verdict.tool}"
    level = f"{verdict.family} tests share one nominal false-block level of {format_ratio(verdict.level)}"
    return f"{commit}{way}; {level}; gate {verdict.tool}"
