"""What answers said of their server in Server-Timing, as a value of an objective. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.record.run import Run
from gate.record.server import QueriesRecord, ServerRecord
from gate.verdict.watched import Seen, exactly

LEAST_TOLD_RATIO = 0.99
"""Answers that must have told of themselves before all are taken to be like them: a proxy may answer a few itself."""


def of_answers(runs: Sequence[Run], name: str, statistic: str, scenario: str | None) -> Seen:
    """Queries of an endpoint, or the time of a query, over all answers or those of a scenario.

    The time of a single query is not told, only the sum of an answer: the mean is that of all; the longest is at most
    the largest sum, and at least that divided by the most queries of an answer.
    """
    kind, _, endpoint = name.partition(".")
    told = [record for run in runs for record in _records(run, endpoint, scenario)]
    looked, said = sum(record.looked for record in told), [record for record in told if record.queries is not None]
    if not said:
        return Seen(why_not=f"none of {looked:,} answers told its queries in Server-Timing")
    queries = [record.queries for record in said if record.queries is not None]
    seen = _seen(kind, statistic, said, queries)
    n = sum(one.n for one in queries)
    if n >= LEAST_TOLD_RATIO * looked or not math.isfinite(seen.value):
        return seen
    lo = seen.lo if statistic == "max" else -math.inf  # those that were silent can only raise it
    return replace(seen, lo=lo, hi=math.inf, why_not=f"only {n:,} of {looked:,} answers told their queries")


def _seen(kind: str, statistic: str, said: Sequence[ServerRecord], queries: Sequence[QueriesRecord]) -> Seen:
    """Of the answers that told it."""
    n, total = sum(one.n for one in queries), sum(one.total for one in queries)
    if kind == "queries":
        return exactly(float(max(one.most for one in queries)) if statistic == "max" else total / n, n)
    if not total:
        return Seen(why_not="no answer made a query")
    asking = [(record, one) for record, one in zip(said, queries, strict=True) if one.total]
    sums_s = [record.db_total_s for record, _ in asking if record.db_total_s is not None]
    if not all(_is_timed(record, one) for record, one in asking) or (statistic == "mean" and len(sums_s) < len(asking)):
        return Seen(why_not="the time in queries was not told by all answers that made some")
    if statistic == "mean":
        return exactly(math.fsum(sums_s) / total, n)
    longest = [(record.times["db"].max_s, one.most) for record, one in asking]
    hi = max(max_s for max_s, _ in longest)
    return Seen(hi, max(max_s / most for max_s, most in longest), hi, n)


def _is_timed(record: ServerRecord, queries: QueriesRecord) -> bool:
    """Whether every answer that made queries told how long they took."""
    asked = queries.n - queries.counts.get("0", 0)
    return "db" in record.times and record.times["db"].n >= asked


def _records(run: Run, endpoint: str, scenario: str | None) -> Iterator[ServerRecord]:
    """Of one endpoint, or of all where none is named."""
    if scenario is None:
        for name, record in run.endpoints.items():
            arm = record.arms.get("candidate")
            if arm is not None and arm.server is not None and endpoint in ("", name):
                yield arm.server
    for name, made in run.scenarios.items():
        for step, part in made.steps.items() if scenario in (None, name) else ():
            if part.server is not None and endpoint in ("", step):
                yield part.server
