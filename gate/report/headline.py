"""The first line of a report: the verdict and why, in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gate.report.amounts import amount, slower
from gate.report.words import ANSWERS, listed, metric_name, row_name
from gate.units import format_count, format_ratio
from gate.verdict.assessment.kinds import is_beyond_answers
from gate.verdict.probe_rows import of_probe
from gate.verdict.telemetry_rows import WHOLE
from gate.verdict.values import Reason, Row, Verdict

COMPARED = ("p50", "p95")
_DIM = 0.5
"""Smallest slowdown of everything that is worth a warning if no smaller one could be seen."""


def title(verdict: Verdict) -> str:
    """APPROVED or BLOCKED, and whether anything was measured."""
    text = verdict.verdict if verdict.measured or verdict.unaffected_paths else "BLOCKED - not measured"
    return text if verdict.in_effect else f"Not in effect until merged, would be {text}"


def why(verdict: Verdict) -> str:
    """The reason to block, or what the approval rests on and what it could not have seen."""
    if verdict.reasons:
        by_id = {row.id: row for row in verdict.rows}
        return of_reason(verdict.reasons[0], by_id) + (_also(verdict, by_id) if verdict.measured else "")
    if verdict.unaffected_paths:
        touched = f"this pull request touches none of {listed(verdict.unaffected_paths)}"
        return f"not affected, nothing was measured: {touched}"
    compared = [row for row in verdict.rows if row.metric in COMPARED and row.trail is not None and row.endpoint != "*"]
    parts = [_compared(compared), _reach(compared)] if compared else [_uncompared(verdict)]
    parts += [_everything(verdict), _errors(verdict), _objectives(verdict, always=not compared)]
    parts += [_probes(verdict), _new(verdict) if compared else ""]
    return "; ".join(part for part in parts if part)


def of_reason(reason: Reason, rows: Mapping[str, Row]) -> str:
    """One reason to block, with the figures of its worst row.

    Parameters
    ----------
    rows : mapping
        The rows of the verdict by id.
    """
    row = rows.get(reason.rows[0]) if reason.rows else None
    if reason.code == "unconfirmed" and row is not None and row.change is not None:
        names = listed(list(dict.fromkeys(row_id.split("/")[1] for row_id in reason.rows)))
        return f"{names}: {slower(row)}, {reason.message}"
    if row is None or reason.code not in ("regressed", "missed", "unexpected-answers"):
        return reason.message
    return of_row(row) or reason.message


def of_row(row: Row) -> str:
    """What is wrong with a row, in figures; empty where no figures say it."""
    if row.probed is not None:
        return of_probe(row)
    if row.outcome == "missed" and row.metric.endswith((":leak", ":back")) and row.notices:
        return f"{row.endpoint}: {row.notices[0].message}"
    if row.outcome == "missed" and row.candidate is not None and row.limit is not None:
        value, limit = amount(row.candidate, row.unit), amount(row.limit, row.unit)
        over = "over " if is_beyond_answers(row) else ""
        owner = f"{row.endpoint} misses its objective: " if row.endpoint != WHOLE else "over the whole run "
        return f"{owner}{metric_name(row.metric)} is {over}{value}, the limit is {limit}"
    if row.outcome == "regressed" and row.metric in ANSWERS:
        return _answers(row)
    if row.outcome == "regressed" and row.change is not None:
        return f"{row_name(row.endpoint, row.metric)} is {slower(row)}"
    return ""


def _answers(row: Row) -> str:
    if row.metric == "body":
        return (
            f"{row.endpoint} answers with {amount(row.candidate, 'bytes')}, main with {amount(row.baseline, 'bytes')}"
        )
    kinds = next((notice.message.partition(": ")[2] for notice in row.notices if notice.code == "errors"), "")
    was = f", main {amount(row.baseline, 'ratio')}" if row.baseline is not None else ""
    return f"{row.endpoint} answers {amount(row.candidate, 'ratio')} of requests with errors{was} ({kinds})"


def _also(verdict: Verdict, rows: dict[str, Row]) -> str:
    """What else blocks, by name."""
    ids = list(dict.fromkeys(row for reason in verdict.reasons for row in reason.rows))[1:]
    names = [_name(rows[row]) for row in ids if row in rows]
    return f"; also blocked: {listed(names)}" if names else ""


def _name(row: Row) -> str:
    if row.endpoint == "*":
        return "everything"
    kind = " objective" if row.limit is not None else ""
    return f"probe {row.endpoint}" if row.probed is not None else row_name(row.endpoint, row.metric) + kind


def _compared(compared: list[Row]) -> str:
    """What the comparisons came to, those that do not block and those that could not be decided included."""
    found = sorted((row for row in compared if row.outcome == "regressed"), key=lambda row: -(row.change or 0.0))
    open_ = sum(row.outcome == "inconclusive" for row in compared)
    if open_ == len(compared):
        return f"none of {format_count(len(compared), 'comparison')} could be decided"
    among = f"in {format_count(len(compared), 'comparison')}" + (f", {open_} of them inconclusive" if open_ else "")
    if not found:
        return f"nothing is found slower than tolerated {among}"
    worst, more = found[0], f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return (
        f"{worst.endpoint} {worst.metric} is {slower(worst)}, which is accepted{more};"
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
    is_asked_once = verdict.way != "none" and not any(row.metric in COMPARED for row in verdict.rows)
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
    share, more = amount(rows[0].candidate, "ratio"), f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"{rows[0].endpoint} answers {share} of requests with errors, maybe by chance{more}"


def _objectives(verdict: Verdict, *, always: bool) -> str:
    outcomes = [row.outcome for row in verdict.rows if row.limit is not None and row.probed is None]
    met, missed, open_ = (outcomes.count(outcome) for outcome in ("met", "missed", "inconclusive"))
    if not outcomes or (met == len(outcomes) and not always):
        return ""
    left = [f"{missed} missed, which is accepted" if missed else "none missed", f"{open_} undecided" if open_ else ""]
    return ", ".join([f"{met} of {len(outcomes)} objectives met", *(text for text in left if text)])


def _probes(verdict: Verdict) -> str:
    """How many probes passed; advisory ones that did not are told."""
    rows = [row for row in verdict.rows if row.probed is not None]
    passed = sum(row.outcome == "met" for row in rows)
    return f"{passed} of {len(rows)} probes passed" if rows else ""


def _new(verdict: Verdict) -> str:
    rows = [row for row in verdict.rows if row.metric in COMPARED and row.outcome == "no_baseline"]
    names = list(dict.fromkeys(row.endpoint for row in rows))
    return f"no comparable baseline yet for {listed(names)}" if names else ""
