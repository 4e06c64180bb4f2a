"""A real history of stored runs: HTTP servers benchmarked on hosted CI machines for five years.

Of the 282 runs 274 are kept. Left out are six whose load was another (latency x throughput, the requests in flight by
Little's law, was 96 or 1 instead of 1,000; a gate would see another config hash), and two that are copies of the run
before them, committed by hand (at least nine rows in ten are equal to the last digit).
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FILE = Path(__file__).parents[1] / "data" / "fastify_benchmarks_runs.csv.gz"
IN_FLIGHT = (900, 1_100)
"""100 connections x 10 requests in flight on each."""
COPIED = 0.9
"""Share of equal rows from which a run is a copy."""


@dataclass(frozen=True)
class HistoryRun:
    """One run of all servers on one machine."""

    number: int
    created: str
    """UTC, ISO 8601 with a Z."""
    commit: str
    latency_s: dict[str, float]
    """Mean latency by server."""
    version: dict[str, str]
    """Of each server."""


def read_history(path: Path = FILE) -> list[HistoryRun]:
    """All runs that can be compared with each other, oldest first."""
    by_run: dict[int, list[dict[str, str]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_run.setdefault(int(row["run"]), []).append(row)
    kept: list[HistoryRun] = []
    before: list[dict[str, str]] = []
    for number, rows in sorted(by_run.items()):
        if IN_FLIGHT[0] <= median(_in_flight(row) for row in rows) <= IN_FLIGHT[1] and not _is_copy(rows, before):
            kept.append(_run(number, rows))
        before = rows
    return kept


def _in_flight(row: dict[str, str]) -> float:
    return float(row["req_per_s"]) * float(row["latency_ms_mean"]) / 1_000


def _is_copy(rows: list[dict[str, str]], before: list[dict[str, str]]) -> bool:
    known = {(row["server"], row["req_per_s"], row["latency_ms_mean"]) for row in before}
    equal = sum((row["server"], row["req_per_s"], row["latency_ms_mean"]) in known for row in rows)
    return equal >= COPIED * len(rows)


def _run(number: int, rows: list[dict[str, str]]) -> HistoryRun:
    instant = dt.datetime.fromisoformat(rows[0]["time"]).astimezone(dt.UTC)
    return HistoryRun(
        number=number,
        created=instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=rows[0]["commit"],
        latency_s={row["server"]: float(row["latency_ms_mean"]) / 1_000 for row in rows},
        version={row["server"]: row["version"] for row in rows},
    )
