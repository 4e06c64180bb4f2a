"""Values of limits that no column of endpoints or scenarios has, as sentences of the long report. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gate.report.amounts import amount, objective
from gate.report.words import metric_name
from gate.verdict.assessment.kinds import kind_of, statistic_of
from gate.verdict.values import Verdict

_ELSEWHERE = ("error_rate", "success", "rate", "capacity", "degradation", "expiries")
"""Told by counts and rates, as capacity, or in stability."""
OF_ENDPOINTS = ("p50", "mean", "p95", "p99", *_ELSEWHERE)
OF_SCENARIOS = ("p50", "p95", "p99", *_ELSEWHERE)


def values_beside(verdict: Verdict, owners: Collection[str], columns: Collection[str]) -> Iterator[str]:
    """Each limited value that has no column, with its limit: ``looking: mean 4.1 ms (mean at most 100 ms)``."""
    for row in verdict.rows:
        if row.endpoint in owners and kind_of(row) == "objective" and statistic_of(row) not in columns:
            value = "not measured" if row.candidate is None else amount(row.candidate, row.unit)
            yield f"{row.endpoint}: {metric_name(row.metric)} {value} ({objective(row)})"
