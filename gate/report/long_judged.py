"""Score, checklist, risks, recommendations and what was not measured, in the long report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from gate.report.long_section import Section, table_of
from gate.report.tables import Line
from gate.units import format_count, format_ratio
from gate.verdict.assessed import ChecklistItem, Grade, Horizon
from gate.verdict.assessment.kinds import came_to
from gate.verdict.values import Row, Verdict

_SCORE = ("part", "weight", "passed", "judged", "not measured", "points")
_HORIZONS: tuple[tuple[Horizon, str], ...] = (("now", "Now"), ("next", "Next"), ("later", "Later"))


def score(verdict: Verdict) -> Section:
    """Every part with its arithmetic."""
    found = verdict.assessment.score
    if found is None:
        return Section("Score")
    lines = [
        Line(
            (
                part.part,
                f"{part.weight:g}",
                f"{part.passed:,}",
                f"{part.judged:,}",
                f"{part.unmeasured:,}",
                "not measured" if part.points is None else f"{part.points:g}",
            )
        )
        for part in found.parts
    ]
    points = "There are no points" if found.points is None else f"{found.points:g} of 100 points"
    coverage = f"{points}; {format_ratio(found.coverage_ratio)} of the weight was measured."
    decides = "The score decides nothing: the verdict follows from the rows."
    return Section(
        "Score", (f"{coverage} {decides}", f"{found.arithmetic}."), table_of(_SCORE, lines, names=1, ends_in_text=False)
    )


def checklist(verdict: Verdict) -> Section:
    """Every item with its state and how many rows it is from; what is known without any telemetry has seen."""
    rows = {row.id: row for row in verdict.rows}
    lines = [Line(_item(item, rows), item.state == "no") for item in verdict.assessment.checklist]
    return Section("Readiness", tables=table_of(("what must be so", "from", "outcome"), lines))


def _item(item: ChecklistItem, rows: Mapping[str, Row]) -> tuple[str, str, str]:
    """What is measured and could not be decided is not called unmeasured; where some of it passed, how much is open."""
    if not item.rows and item.state != "not measured":
        return item.message, "telemetry", item.state
    left = [rows[row_id] for row_id in item.rows if row_id in rows and came_to(rows[row_id]) == "unmeasured"]
    is_seen = item.state == "not measured" and any(row.outcome == "inconclusive" for row in left)
    state = "not decided" if is_seen and all(row.outcome != "not_measured" for row in left) else item.state
    part = f", {len(left)} open" if 0 < len(left) < len(item.rows) else ""
    return item.message, f"{format_count(len(item.rows), 'row')}{part}", state


def risks(verdict: Verdict) -> Section:
    """By grade, of which there are four: how many rows are in each, then what they are."""
    found = verdict.assessment.risks
    rows = {grade: sum(len(risk.rows) for risk in found if risk.grade == grade) for grade in get_args(Grade)}
    counted = ", ".join(f"{n} {grade}" for grade, n in rows.items())
    return Section(
        "Risks",
        paragraphs=(f"Rows by grade: {counted}.",) if found else (),
        items=tuple(f"{risk.grade}: {risk.message}" for risk in found),
    )


def recommendations(verdict: Verdict) -> Section:
    """By horizon, each with the rows behind it."""
    items = [
        f"{name}: {each.message}"
        for horizon, name in _HORIZONS
        for each in verdict.assessment.recommendations
        if each.horizon == horizon
    ]
    return Section("Recommendations", items=tuple(items))


def not_measured(verdict: Verdict) -> Section:
    """Always there: silence would pass for a good sign."""
    if not verdict.measured and not verdict.rows and not verdict.assessment.gaps:
        return Section("Not measured", paragraphs=("Nothing was measured, so nothing is claimed.",))
    items = tuple(gap.message for gap in verdict.assessment.gaps)
    return Section("Not measured", () if items else ("Everything that this gate measures was measured.",), items=items)
