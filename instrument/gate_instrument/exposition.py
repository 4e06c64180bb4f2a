"""Sums of this process as text for Prometheus; each worker of a server tells of itself, by ``pid``.

References
----------
https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Callable

from gate_instrument import process
from gate_instrument.pools import KNOWN, State
from gate_instrument.times import BOUNDS_S, Times
from gate_instrument.totals import TOTALS, Row, Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[str, dict[str, str], float]
"""What follows the name, labels, value."""
_OF_REQUESTS: tuple[tuple[str, str, str, Callable[[Row], float]], ...] = (
    ("requests_total", "counter", "Requests that are over.", lambda row: row.took.count),
    ("request_seconds_total", "counter", "Time of these.", lambda row: row.took.sum_s),
    ("request_seconds_max", "gauge", "The longest.", lambda row: row.took.max_s),
    ("queries_total", "counter", "Queries.", lambda row: row.queries),
    ("query_seconds_total", "counter", "Time in queries.", lambda row: row.query_s),
    ("queries_max", "gauge", "Most queries of one request.", lambda row: row.most_queries),
)


def text(totals: Totals = TOTALS) -> str:
    """Everything that is known now."""
    return "".join(line + "\n" for line in _lines(totals))


def _lines(totals: Totals) -> Iterator[str]:
    with totals.lock:
        yield from _requests(totals)
        yield from _histogram("pool_wait_seconds", "Getting a connection.", totals.waited)
        yield from _histogram("pool_held_seconds", "Holding a connection.", totals.held)
    yield from _pools()
    for name, value in process.gauges().items():
        yield from _family(name, "counter" if name.endswith("_total") else "gauge", "", [("", {}, value)])


def _requests(totals: Totals) -> Iterator[str]:
    for name, kind, about, of in _OF_REQUESTS:
        samples: list[Sample] = [("", {"endpoint": endpoint}, of(row)) for endpoint, row in totals.rows.items()]
        yield from _family(f"gate_instrument_{name}", kind, about, samples)


def _histogram(name: str, about: str, sums: dict[tuple[str, str], Times]) -> Iterator[str]:
    samples: list[Sample] = []
    most: list[Sample] = []
    for (pool, endpoint), times in sums.items():
        labels = {"pool": pool, "endpoint": endpoint}
        count = 0
        for bound_s, within in zip((*map(str, BOUNDS_S), "+Inf"), times.buckets):
            count += within
            samples.append(("_bucket", {**labels, "le": bound_s}, count))
        samples += [("_sum", labels, times.sum_s), ("_count", labels, times.count)]
        most.append(("", labels, times.max_s))
    yield from _family(f"gate_instrument_{name}", "histogram", about, samples)
    yield from _family(f"gate_instrument_{name}_max", "gauge", f"{about} The longest.", most)


def _pools() -> Iterator[str]:
    states: dict[str, State] = {}
    for name, pool in list(KNOWN.items()):
        with contextlib.suppress(Exception):  # a pool that is closed or odd is left out
            states[name] = pool.state()
    for field, about in (
        ("size", "Connections it may have at most."),
        ("in_use", "Taken."),
        ("waiting", "Wanted and not had yet."),
    ):
        found = ((name, getattr(state, field)) for name, state in states.items())
        samples = [("", {"pool": name}, float(value)) for name, value in found if value is not None]
        yield from _family(f"gate_instrument_pool_{field}", "gauge", about, samples)


def _family(name: str, kind: str, about: str, samples: list[Sample]) -> Iterator[str]:
    if not samples:
        return
    if about:
        yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for suffix, labels, value in samples:
        told = ",".join(f'{key}="{_escaped(label)}"' for key, label in {**labels, "pid": str(os.getpid())}.items())
        yield f"{name}{suffix}{{{told}}} {value!r}"


def _escaped(label: str) -> str:
    plain = label.encode("utf-8", "backslashreplace").decode()
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
