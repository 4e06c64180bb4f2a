"""What an outcome is called. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gate.verdict.probe_rows import METRICS as PROBES
from gate.verdict.telemetry_rows import PREFIX
from gate.verdict.values import Outcome, Row

OUTCOMES: dict[Outcome, str] = {
    "improved": "faster",
    "unchanged": "unchanged",
    "regressed": "SLOWER",
    "inconclusive": "inconclusive",
    "no_baseline": "no baseline",
    "not_measured": "NOT MEASURED",
    "met": "met",
    "missed": "MISSED",
}
LOUD: tuple[Outcome, ...] = ("regressed", "missed", "not_measured")
"""What is shown in bold, and first."""
ANSWERS = ("errors", "body")
"""Metrics of what is answered, not of how fast."""
MOST_NAMES = 3


def outcome_of(row: Row) -> str:
    """Outcome of a row, and whether it has consequences."""
    word = called(row.endpoint, row.metric, row.outcome)
    if row.endpoint == "*":
        return word
    if not row.gated:
        return word + " (not gated)"
    return word + (" (accepted)" if row.outcome in ("regressed", "missed") and not row.blocks else "")


def called(endpoint: str, metric: str, outcome: Outcome) -> str:
    """What an outcome is called in a row of this kind."""
    if outcome == "regressed" and endpoint == "*":
        return "SUSPECT"
    if metric in PROBES:
        return {"met": "passed", "missed": "FAILED"}.get(outcome, OUTCOMES[outcome])
    return "UNEXPECTED" if outcome == "regressed" and metric in ANSWERS else OUTCOMES[outcome]


def row_name(endpoint: str, metric: str) -> str:
    """A row as people say it: ``search p95``."""
    return f"{'all endpoints' if endpoint == '*' else endpoint} {metric_name(metric)}"


def metric_name(metric: str) -> str:
    """A metric as people say it; an objective by its statistic, of a server by what is watched as well."""
    if metric.startswith(PREFIX):
        watched, _, statistic = metric.removeprefix(PREFIX).rpartition(":")
        return f"{watched} {statistic.replace('_', ' ')}"
    return metric.removeprefix("limit:").replace("_", " ")


def listed(names: Sequence[str]) -> str:
    """The first few names and how many more."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
