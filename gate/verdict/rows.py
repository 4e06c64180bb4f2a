"""Findings settled into rows: each gets its outcome from its adjusted p, its estimate and the policy."""

from __future__ import annotations

from collections.abc import Sequence

from gate.config.suite import Suite
from gate.measure.plan import group_endpoints
from gate.record.value import Notice
from gate.verdict.acceptance import Acceptance, accepted
from gate.verdict.answer_rows import body_row, errors_row
from gate.verdict.change_rows import change_row, suite_row
from gate.verdict.evidence import Evidence
from gate.verdict.limit_rows import limit_row
from gate.verdict.telemetry_rows import telemetry_rows
from gate.verdict.values import Row
from gate.verdict.waivers import waived

_OF_ANSWERS = frozenset({"errors", "body", "limit:error_rate", "limit:bytes"})
"""Metrics that tell whether answers were right, not how soon they came."""


def settle(suite: Suite, evidence: Evidence, today: str, acceptances: Sequence[Acceptance] = ()) -> list[Row]:
    """All rows in the suite's order: what all endpoints share, then each endpoint, then scenarios.

    Each has the category that the suite gives its endpoint or scenario, else that of its kind.

    What a person accepted for this very commit comes before what the suite waives for a time.
    """
    rows = [suite_row(suite, evidence, change) for change in evidence.changes.suite]
    errors = {finding.endpoint: finding for finding in evidence.errors}
    for name in suite.endpoints:
        rows += [
            change_row(suite, evidence, change, errors[name])
            for change in evidence.changes.rows
            if change.endpoint == name
        ]
        rows.append(errors_row(evidence, errors[name]))
        rows += [body_row(evidence, body) for body in evidence.bodies if body.endpoint == name]
        rows += [limit_row(suite, evidence, o) for o in evidence.objectives if o.owner == name]
    for name in suite.scenarios:
        rows += [limit_row(suite, evidence, o) for o in evidence.objectives if o.owner == name]
    rows = [row.model_copy(update={"category": _category(suite, row)}) for row in rows]
    rows += telemetry_rows(suite, evidence.candidates, evidence.baselines, evidence.level)
    return [waived(suite, accepted(row, acceptances), today) for row in _with_neighbours(suite, rows)]


def _category(suite: Suite, row: Row) -> str:
    """What kind of check a row is."""
    if row.endpoint in suite.scenarios and row.endpoint not in suite.endpoints:
        return suite.scenarios[row.endpoint].category or "concurrency"
    own = suite.endpoints.get(row.endpoint)
    usual = "reliability" if row.metric in _OF_ANSWERS else "response"
    return (own.category if own is not None else None) or usual


def _with_neighbours(suite: Suite, rows: list[Row]) -> list[Row]:
    """Tell of a slower row when an endpoint that was measured beside it slowed even more: it may be the victim."""
    beside = {name: group for group in group_endpoints(suite) for name in group}
    slower = {(row.endpoint, row.metric): row.change for row in rows if row.outcome == "regressed" and row.change}
    told = []
    for row in rows:
        worse = [
            name
            for name in beside.get(row.endpoint, ())
            if (row.endpoint, row.metric) in slower and slower.get((name, row.metric), 0.0) > (row.change or 0.0)
        ]
        notice = Notice(
            code="measured-beside",
            message=f"measured side by side with {', '.join(worse)}, slower still: it may only be a victim",
            cure="mend that first, or lower policy.max_rate so that they run apart",
        )
        told.append(row.model_copy(update={"notices": [*row.notices, notice]}) if worse else row)
    return told
