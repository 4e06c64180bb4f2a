"""What can be watched: the name of every series that a suite makes, with its unit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gate.config.amounts import Unit

if TYPE_CHECKING:
    from gate.config.suite import Suite
    from gate.config.telemetry import Telemetry


class Quantity(NamedTuple):
    """One thing that is watched."""

    unit: Unit
    is_counter: bool = False
    """It only rises."""


POSTGRES: Mapping[str, Quantity] = {
    "postgres.connections": Quantity("count"),
    "postgres.active": Quantity("count"),
    "postgres.waiting": Quantity("count"),
    "postgres.waiting_for_locks": Quantity("count"),
    "postgres.idle_in_transaction": Quantity("count"),
    "postgres.cache_hit": Quantity("ratio"),
    "postgres.transactions": Quantity("count", is_counter=True),
    "postgres.deadlocks": Quantity("count", is_counter=True),
    "postgres.temporary_bytes": Quantity("bytes", is_counter=True),
}
"""``connections`` are those of all databases, which share one limit; the others are of the one that is named.
``waiting`` are those at work that wait for something else than the processor."""

REDIS: Mapping[str, Quantity] = {
    "redis.hit_ratio": Quantity("ratio"),
    "redis.memory": Quantity("bytes"),
    "redis.clients": Quantity("count"),
    "redis.blocked_clients": Quantity("count"),
    "redis.evicted": Quantity("count", is_counter=True),
    "redis.commands": Quantity("count", is_counter=True),
}

PROCESSES: Mapping[str, Quantity] = {
    "processes.cpu": Quantity("s", is_counter=True),
    "processes.machine_cpu": Quantity("s", is_counter=True),
    "processes.memory": Quantity("bytes"),
    "processes.descriptors": Quantity("count"),
    "processes.threads": Quantity("count"),
    "processes.count": Quantity("count"),
}
"""``machine_cpu`` is what its processors did for anybody: for the preview, its database, and the load generator."""

_SUFFIXES: tuple[tuple[str, Unit], ...] = (("_bytes", "bytes"), ("_seconds", "s"), ("_ratio", "ratio"))
"""Base units end a name: https://prometheus.io/docs/practices/naming/"""


def of_metric(metric: str) -> Quantity:
    """What a metric of Prometheus is by its name: its unit, and whether it is a counter."""
    name = metric.partition("{")[0]
    if name.endswith(("_count", "_bucket")):
        return Quantity("count", is_counter=True)
    base = name.removesuffix("_total").removesuffix("_sum")
    units: list[Unit] = [unit for suffix, unit in _SUFFIXES if base.endswith(suffix)]
    return Quantity(units[0] if units else "count", is_counter=base != name)


def watched(telemetry: Telemetry) -> dict[str, Quantity]:
    """Every series that is read while the load runs, by name."""
    found: dict[str, Quantity] = {}
    if telemetry.prometheus is not None:
        found |= {name: of_metric(metric) for name, metric in telemetry.prometheus.series.items()}
    if telemetry.postgres is not None:
        found |= POSTGRES
    if telemetry.redis is not None:
        found |= {**REDIS} | {f"redis.queue.{name}": Quantity("count") for name in telemetry.redis.queues}
    if telemetry.processes:
        found |= PROCESSES
    return found | _of_pool(telemetry, found)


def _of_pool(telemetry: Telemetry, found: Mapping[str, Quantity]) -> dict[str, Quantity]:
    pool, made = telemetry.pool, {}
    if pool is None:
        return {}
    if pool.size is not None and pool.size.series in found:
        made["pool.size"] = Quantity("count")
    if pool.in_use is not None and pool.in_use.series in found:
        made["pool.in_use"] = Quantity("count")
    if pool.wait is not None and pool.wait.series in found:
        made["pool.wait"] = Quantity("s")
    return made


def timed(suite: Suite) -> dict[str, Quantity]:
    """What is known of each answer by its Server-Timing, by name."""
    if not suite.telemetry.server_timing:
        return {}
    found = {"query_time": Quantity("s")}
    for name in suite.endpoints:
        found |= {f"queries.{name}": Quantity("count"), f"query_time.{name}": Quantity("s")}
    return found


def quantities(suite: Suite) -> dict[str, Quantity]:
    """Everything that an objective may be of."""
    return watched(suite.telemetry) | timed(suite)
