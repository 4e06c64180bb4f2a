"""What a row is a check of, and what it came to: the one place where kinds of rows are told apart. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from gate.config.score import Part
from gate.verdict.limit import BEYOND
from gate.verdict.values import Outcome, Row

Kind = Literal["change", "objective", "telemetry", "probe"]
Came = Literal["passed", "failed", "unmeasured"]

CHANGE = "change"
"""Category of comparisons with main: they say whether a pull request makes things worse, not whether they are good.
They are counted, and are in no score."""

LEAK = "leak"
"""Statistic of telemetry that says whether a level grows without end."""
BACK = "back"
"""The same of whether what the load took is given back."""
_COMPARED = ("p50", "p95", "errors", "body")
_AT_LEAST = ("rate", "success", "capacity", "expiries")
_CAME: dict[Outcome, Came] = {
    "improved": "passed",
    "unchanged": "passed",
    "met": "passed",
    "regressed": "failed",
    "missed": "failed",
    "inconclusive": "unmeasured",
    "no_baseline": "unmeasured",
    "not_measured": "unmeasured",
}
_OF_QUERIES = ("queries", "postgres", "pool")
"""First parts of the names of telemetry that is about the database."""


def kind_of(row: Row) -> Kind:
    """Comparison with main, objective of an endpoint or scenario, telemetry, or probe."""
    if row.metric.startswith("telemetry:"):
        return "telemetry"
    if row.metric.startswith("limit:"):
        return "objective"
    return "change" if row.metric in _COMPARED else "probe"


def came_to(row: Row) -> Came:
    """Passed, failed, or neither: what could not be decided was not measured well enough, and never passed."""
    return _CAME[row.outcome]


def statistic_of(row: Row) -> str:
    """The last part of a metric: ``p95`` of ``limit:p95``."""
    return row.metric.rpartition(":")[2]


def is_at_least(row: Row) -> bool:
    """Whether more is better; of telemetry that follows from what came of it, of a probe it never is."""
    if kind_of(row) == "objective":
        return statistic_of(row) in _AT_LEAST
    if kind_of(row) != "telemetry" or row.candidate is None or row.limit is None:
        return False
    return (row.candidate < row.limit) if came_to(row) == "failed" else (row.candidate > row.limit)


def is_of_queue(row: Row) -> bool:
    """Whether telemetry of a queue is judged, how long it is or how old."""
    return kind_of(row) == "telemetry" and "queue" in row.metric.split(":")[1]


def is_beyond_answers(row: Row) -> bool:
    """Whether so many requests failed that the value is only the least that it can be."""
    return any(notice.code == BEYOND for notice in row.notices)


def category_of(row: Row, scenarios: Collection[str]) -> str:
    """What a row is counted under: as the suite says, else the part of the score that its kind belongs to."""
    if kind_of(row) == "change":
        return CHANGE
    return row.category or part_by_kind(row, scenarios)


def part_by_kind(row: Row, scenarios: Collection[str]) -> Part:
    """The part of the score that a row belongs to where neither its category nor the suite says it."""
    kind, statistic = kind_of(row), statistic_of(row)
    if kind == "probe":
        return "queries" if statistic == "queries" else "response" if statistic in ("time", "bytes") else "reliability"
    if kind == "telemetry":
        return "queries" if row.metric.split(":")[1].partition(".")[0] in _OF_QUERIES else "stability"
    if statistic in ("lost_connections", "degradation", "expiries"):
        return "stability"
    if row.endpoint in scenarios:
        return "concurrency"
    return "reliability" if statistic == "error_rate" else "response"


def label(row: Row) -> str:
    """A row as people say it: ``search p95``, ``steady memory growth per request``."""
    words = row.metric.removeprefix("limit:").removeprefix("telemetry:").replace("_", " ").replace(":", " ")
    return row.endpoint if words == "probe" else f"{row.endpoint} {words}"
