"""What comes first in the long report: how many checks of what passed, and what is wrong, by weight. Pure."""

from __future__ import annotations

from collections import Counter

from gate.report.headline import of_row
from gate.report.long_section import Section
from gate.report.words import row_name
from gate.units import format_ratio
from gate.verdict.assessment.advice import times
from gate.verdict.assessment.kinds import came_to, is_at_least, is_beyond_answers, is_of_queue
from gate.verdict.figured import ProbeFigures
from gate.verdict.values import Row, Verdict

_MOST = 30


def counts(verdict: Verdict) -> tuple[str, ...]:
    """Scenarios, checks by category, and the score with its coverage; nothing where nothing was measured."""
    found = verdict.assessment
    told = []
    executed = found.scenarios
    if executed and not verdict.rows and not verdict.measured:
        short = sum(bool(scenario.cut_short) for scenario in executed)
        more = f", {short} of them cut short" if short else ""
        told.append(f"Scenarios: {len(executed)} begun{more}; none is judged.")
    elif executed:
        came = Counter[str](scenario.came_to for scenario in executed)
        words = (("failed", "failed"), ("not measured", "not decided"), ("no limits", "without limits"))
        rest = [_others(came[kind], word) for kind, word in words]
        parts = [f"{len(executed)} executed", f"{came['passed']} passed", *rest]
        told.append(f"Scenarios: {', '.join(part for part in parts if part)}.")
    for tallied in found.tallied:
        advisory = f" ({tallied.advisory} let pass)" if tallied.advisory else ""
        parts = [
            f"{tallied.passed} passed",
            f"{tallied.failed} failed{advisory}" if tallied.failed else "",
            _others(tallied.unmeasured, "not decided"),
        ]
        all_of = tallied.passed + tallied.failed + tallied.unmeasured
        told.append(f"Checks of {tallied.category}: {all_of}, {', '.join(part for part in parts if part)}.")
    if found.score is not None:
        points = "none" if found.score.points is None else f"{found.score.points:g} of 100"
        told.append(f"Score: {points}, with {format_ratio(found.score.coverage_ratio)} of it measured.")
    return tuple(told)


def findings(verdict: Verdict) -> Section:
    """What failed: what blocks in the order of the reasons, whose rows come worst first; then the rest."""
    rows = {row.id: row for row in verdict.rows}
    factors = {each.row: each.times for each in verdict.assessment.headroom}
    ordered = [rows[row_id] for reason in verdict.reasons for row_id in reason.rows if row_id in rows]
    let_pass = [row for row in verdict.rows if came_to(row) == "failed" and not row.blocks]
    named = dict.fromkeys(row.id for row in (*ordered, *let_pass))
    told = [_told(rows[row_id], factors.get(row_id), verdict) for row_id in named]
    told += [_of_probe(probe) for probe in verdict.assessment.probes if probe.outcome == "failed" and not probe.rows]
    more = (f"{len(told) - _MOST} more are in verdict.json",) if len(told) > _MOST else ()
    return Section("Findings, by weight", items=(*told[:_MOST], *more))


def _told(row: Row, factor: float | None, verdict: Verdict) -> str:
    probe = next((each for each in verdict.assessment.probes if row.id in each.rows), None)
    said = of_row(row) or (_of_probe(probe) if probe else "")
    text = said or f"{row_name(row.endpoint, row.metric)} is {row.outcome.replace('_', ' ')}"
    if factor is not None and factor < 1:
        text += f": {'over ' if is_beyond_answers(row) else ''}{times(1 / factor)} × {_direction(row)}"
    return text if row.blocks or came_to(row) != "failed" else f"{text} (let pass)"


def _of_probe(probe: ProbeFigures) -> str:
    return f"{probe.name}: {probe.seen} where {probe.expected} is expected"


def _direction(row: Row) -> str:
    if is_at_least(row):
        return "less than required"
    return "slower than required" if row.unit == "s" and not is_of_queue(row) else "more than allowed"


def _others(count: int, word: str) -> str:
    return f"{count} {word}" if count else ""
