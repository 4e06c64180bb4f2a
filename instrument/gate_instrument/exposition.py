"""Sums of this process as text for Prometheus; each worker of a server tells of itself, by ``pid``.

References
----------
https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from gate_instrument import process
from gate_instrument.pools import KNOWN, State
from gate_instrument.times import BOUNDS_S, Times
from gate_instrument.totals import TOTALS, Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[str, dict[str, str], float]
"""What follows the name, labels, value."""


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
    rows = [({"endpoint": name}, row) for name, row in totals.rows.items()]
    sums = {
        "requests_total": ("Requests that are over.", [row.took.count for _, row in rows]),
        "request_seconds_total": ("Time of these.", [row.took.sum_s for _, row in rows]),
        "queries_total": ("Queries.", [row.queries for _, row in rows]),
        "query_seconds_total": ("Time in queries.", [row.query_s for _, row in rows]),
    }
    most = {
        "request_seconds_max": ("Longest request.", [row.took.max_s for _, row in rows]),
        "queries_max": ("Most queries of one request.", [row.most_queries for _, row in rows]),
    }
    for kind, families in (("counter", sums), ("gauge", most)):
        for name, (about, values) in families.items():
            samples = [("", labels, value) for (labels, _), value in zip(rows, values)]
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
    for field, about in (("size", "Connections."), ("in_use", "Taken."), ("waiting", "Wanted and not had yet.")):
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
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**labels, "pid": str(os.getpid())}.items())
        yield (
            f"{name}{suffix}{{{told}}} {value:.9g}" if isinstance(value, float) else f"{name}{suffix}{{{told}}} {value}"
        )


def _escaped(label: str) -> str:
    plain = label.encode("utf-8", "backslashreplace").decode()
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
