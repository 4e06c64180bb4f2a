"""Absolute limits, and the smallest slowdown that blocks."""

from __future__ import annotations

from pydantic import Field

from gate.config.base import Model
from gate.config.scalars import (
    DurationS,
    RateRps,
    Ratio,
    SizeBytes,
)

DEFAULT_TOLERANCE = {"p50": 0.03, "p95": 0.05}
"""Smallest slowdown that blocks where neither endpoint nor policy says otherwise."""

OF_CONNECTIONS = frozenset({"connect_p50", "connect_p95", "connect_p99", "lost_connections"})
"""Objectives of scenarios that only WebSockets have."""


class Objectives(Model):
    """Absolute limits. Latencies, error rate and size are upper limits; rate and success are lower ones."""

    mean: DurationS | None = Field(default=None, gt=0, le=3600)
    """Of all latencies."""
    p50: DurationS | None = Field(default=None, gt=0, le=3600)
    """Median."""
    p90: DurationS | None = Field(default=None, gt=0, le=3600)
    """90th percentile."""
    p95: DurationS | None = Field(default=None, gt=0, le=3600)
    """95th percentile."""
    p99: DurationS | None = Field(default=None, gt=0, le=3600)
    """99th percentile."""
    max: DurationS | None = Field(default=None, gt=0, le=3600)
    """Slowest answer."""
    error_rate: Ratio | None = Field(default=None, ge=0, le=1)
    """Share of requests not answered as expected."""
    rate: RateRps | None = Field(default=None, le=100_000)
    """Requests answered as expected per second."""
    bytes: SizeBytes | None = Field(default=None, gt=0, le=10**10)
    """Largest body."""

    def limits(self) -> dict[str, float]:
        """Limits that are set, by statistic, in SI units."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class ScenarioObjectives(Objectives):
    """Objectives of a scenario as a whole."""

    success: Ratio | None = Field(default=None, ge=0, le=1)
    """Least share of requests answered as expected."""
    capacity: RateRps | None = Field(default=None, le=10_000)
    """Of a search (``find``): the rate of answers that the preview must reach while the condition holds."""
    connect_p50: DurationS | None = Field(default=None, gt=0, le=3600)
    """Of WebSockets: median time to open a connection, TCP, TLS and upgrade; p50 and the others are the echo's."""
    connect_p95: DurationS | None = Field(default=None, gt=0, le=3600)
    """Of WebSockets: 95th percentile of the same."""
    connect_p99: DurationS | None = Field(default=None, gt=0, le=3600)
    """Of WebSockets: 99th percentile of the same."""
    degradation: Ratio | None = Field(default=None, gt=0, le=10)
    """Most that the median may grow in an hour of a constant load; met and missed only where its interval says so."""
    expiries: int | None = Field(default=None, ge=1, le=1_000_000)
    """Least lives of a login that the load outlives, logins made again in time, without an answer 401."""
    lost_connections: int | None = Field(default=None, ge=0, le=1_000_000)
    """Of WebSockets: most connections that the server may end before their user leaves."""


class Tolerance(Model):
    """Smallest slowdown to be blocked, as a ratio over the baseline."""

    p50: Ratio | None = Field(default=None, ge=0, le=10)
    """Of the median; 3% where nothing else is said."""
    p95: Ratio | None = Field(default=None, ge=0, le=10)
    """Of the 95th percentile; 5% where nothing else is said."""
