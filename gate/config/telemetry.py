"""What the server is asked about itself while it is under load."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gate.config.amounts import WrittenAmount
from gate.config.base import Model
from gate.config.scalars import (
    METRIC_PATTERN,
    QUEUE_PATTERN,
    SERIES_PATTERN,
    TABLE_PATTERN,
    DurationS,
    Name,
    Template,
)

Statistic = Literal["max", "mean", "last", "rise", "growth_per_request", "growth_per_s"]
SeriesName = Annotated[str, Field(pattern=SERIES_PATTERN)]
"""What is watched: ``memory``, ``postgres.cache_hit``, ``queries.materials``."""
Metric = Annotated[str, Field(pattern=METRIC_PATTERN, max_length=300)]
"""A metric of Prometheus' text format, with labels or without: ``pool_in_use``, ``pool_in_use{pool="main"}``."""


def _where(text: str) -> str:
    if not text.startswith(("/", "http://", "https://", "$")) or text.startswith("//"):
        raise ValueError("is neither a path of the preview nor a URL; write it like /metrics")
    return text


class Prometheus(Model):
    """A page in Prometheus' text format."""

    url: Annotated[Template, AfterValidator(_where)]
    """A path of the preview, or a URL; only ``${NAME}`` may stand in it."""
    series: dict[Name, Metric] = Field(min_length=1, max_length=50)
    """What is kept of it, by the name it gets here. Of a metric with several sets of labels the sum is taken."""


class Postgres(Model):
    """PostgreSQL, asked over a connection of the gate's own that only reads. Needs the extra ``postgres``."""

    dsn: Template
    """Address of the database, from the environment. A role that is a member of ``pg_read_all_stats`` sees all."""
    statements: int = Field(default=10, ge=0, le=100)
    """So many of those that took the most time are told, by ``pg_stat_statements``."""
    plans: int = Field(default=3, ge=0, le=20)
    """Of so many of them the plan is told. It is asked for without running anything."""
    tables: list[Annotated[str, Field(pattern=TABLE_PATTERN, max_length=130)]] = Field(
        default_factory=list, max_length=100
    )
    """Tables whose sizes are told; without it the ten largest."""


class Redis(Model):
    """Redis, asked by INFO. Needs the extra ``redis``."""

    url: Template
    """Its address, from the environment."""
    queues: list[Annotated[str, Field(pattern=QUEUE_PATTERN)]] = Field(default_factory=list, max_length=20)
    """Lists and streams whose length is watched, as ``redis.queue.NAME``."""


class OfSeries(Model):
    """Names a series."""

    series: SeriesName
    """One of those that are watched."""


class Pool(Model):
    """Which series are the connection pool's."""

    size: OfSeries | None = None
    """The most connections that it may have: ``pool.size``."""
    in_use: OfSeries | None = None
    """Connections taken: ``pool.in_use``."""
    wait: OfSeries | None = None
    """Seconds that were waited for a connection, summed up by the application; ``pool.wait`` is told per request."""

    @property
    def renamed(self) -> frozenset[str]:
        """Series of the suite that are told as ``pool.size`` or ``pool.in_use``, and need not be told twice."""
        return frozenset(of.series for of in (self.size, self.in_use) if of is not None)


class TelemetryObjective(Model):
    """A limit on what is watched, or on whether it grows without end."""

    of: SeriesName
    """A series; or, of Server-Timing, ``queries.ENDPOINT``, ``query_time`` and ``query_time.ENDPOINT``."""
    statistic: Statistic | None = None
    """Over the scenario, or over everything. ``mean`` and ``max`` of a counter are of its rate; ``rise`` is from the
    first value to the last; growth is that of the whole, by a fit that a wandering level does not deceive."""
    leak: Literal["none"] | None = None
    """In place of a statistic: what is kept for good must not grow with the number of requests."""
    back: WrittenAmount | None = None
    """In place of a statistic: after the scenario (or the last of all) and a rest it is back where it was before, but
    for so much: a share of what it was, ``10%``, or an amount of its own, ``2``."""
    most: WrittenAmount | None = None
    """Upper limit."""
    least: WrittenAmount | None = None
    """Lower limit; beside ``leak`` the smallest growth per request that matters, 100B unless said."""
    scenario: Name | None = None
    """While this scenario runs; without it from the first request to the last."""
    category: Name | None = None
    """For counting and for the score; without it ``stability``, and ``queries`` for what is of the database."""
    advisory: bool = False
    """Shown, never blocks."""

    @property
    def judged(self) -> str:
        """What of the series is judged."""
        return self.statistic or ("leak" if self.back is None else "back")

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if sum(given is not None for given in (self.statistic, self.leak, self.back)) != 1:
            raise ValueError("needs one of statistic, leak and back; write {of: memory, leak: none}")
        if self.back is not None and (self.most is not None or self.least is not None):
            raise ValueError("has back and another limit; write {of: processes.descriptors, back: 10%}")
        return self

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if self.leak is not None and self.most is not None:
            raise ValueError("has both leak and most; with leak write least, the smallest growth that matters")
        if self.leak is not None and self.least is not None and not self.least.value > 0:
            raise ValueError("has least: 0, and some growth always is; write the smallest that matters, such as 100B")
        if self.statistic is not None and (self.most is None) == (self.least is None):
            raise ValueError("needs either most or least; write {of: memory, statistic: max, most: 500MB}")
        return self


class Telemetry(Model):
    """What is read besides the answers themselves."""

    every_s: DurationS = Field(default=1.0, alias="every", ge=0.1, le=3600)
    """Between two readings of a source."""
    rest_s: DurationS | None = Field(default=None, alias="rest", ge=2, le=600)
    """The preview is left alone for so long around scenarios, and what it holds is compared: around those that ``back``
    asks about, else before the first and after the last."""
    server_timing: bool = False
    """Read the header Server-Timing of the answers: queries, time in them, waiting for connections, holding them."""
    prometheus: Prometheus | None = None
    """A page of metrics."""
    postgres: Postgres | None = None
    """The database."""
    redis: Redis | None = None
    """The cache or queue."""
    processes: bool = False
    """Processor time, memory, descriptors and threads of what ``preview.serve`` started."""
    pool: Pool | None = None
    """Which series are the connection pool's."""
    trace: bool = False
    """Send W3C trace context, so that a tracing system finds the requests of the run."""
    objectives: list[TelemetryObjective] = Field(default_factory=list, max_length=200)
    """Limits; what could not be read is not measured, and blocks as such."""

    @property
    def watches(self) -> bool:
        """Whether anything is read while the load runs."""
        return self.processes or any((self.prometheus, self.postgres, self.redis))
