"""From the suite to what is watched while the load runs: addresses filled in, sources made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gate.config.environment import Redactor, resolve
from gate.config.suite import Suite
from gate.load.job import Wire
from gate.measure.network import Network, fetch_over, fetch_resolving
from gate.measure.outlook import Job
from gate.record.spent import SpentRecord
from gate.record.telemetry import TelemetryRecord
from gate.record.value import PROFILED, Notice
from gate.telemetry.postgres import PostgresDatabase
from gate.telemetry.processes import SessionOfProcesses
from gate.telemetry.prometheus import PrometheusPage
from gate.telemetry.redis import RedisServer
from gate.telemetry.source import Watched
from gate.telemetry.timeline import Timeline
from gate.telemetry.watch import Watch


def watch_of(
    job: Job,
    network: Network,
    wire: Wire,
    now_s: Callable[[], float],
    leader: Callable[[], int | None],
    timeline: Timeline,
) -> Watch | None:
    """What is watched in a run; None where the suite asks for nothing, or another run of the check watches.

    Parameters
    ----------
    wire : Wire
        With the preview pinned.
    leader : callable
        Process id of the preview, if the gate started it.
    timeline : Timeline
        Says what the preview is loaded with.
    """
    telemetry = job.suite.telemetry
    if not telemetry.watches or job.pair != 0 or job.is_fresh:
        return None
    sources = [*_over_http(job, network, wire), *_databases(job.suite, job.environment)]
    if telemetry.processes:
        sources.append(SessionOfProcesses(leader))
    redact = Redactor(job.environment).redact
    return Watch(sources, telemetry.every_s, now_s, telemetry.pool, redact, lambda: timeline.phase)


def _over_http(job: Job, network: Network, wire: Wire) -> Iterator[Watched]:
    page = job.suite.telemetry.prometheus
    if page is None:
        return
    url = str(resolve(page.url, job.environment))
    origin = job.origins["candidate"]
    if not url.startswith("/"):  # somewhere else: what is meant for the preview is not sent there
        yield PrometheusPage(url, {}, page.series, fetch_resolving(network, wire, url))
        return
    headers = {name: str(resolve(text, job.environment)) for name, text in job.suite.preview.headers.items()}
    yield PrometheusPage(origin + url, headers, page.series, fetch_over(network, wire, origin))


def _databases(suite: Suite, environment: Mapping[str, str]) -> Iterator[Watched]:
    postgres, redis = suite.telemetry.postgres, suite.telemetry.redis
    if postgres is not None:
        yield PostgresDatabase(str(resolve(postgres.dsn, environment)), postgres)
    if redis is not None:
        yield RedisServer(str(resolve(redis.url, environment)), redis.queues)


def unread_notices(record: TelemetryRecord | None) -> Iterator[Notice]:
    """What was to be watched and could not be read, each with the reason."""
    for name, why in record.unread.items() if record is not None else ():
        yield Notice(
            code="unread",
            message=f"{name} was not measured: {why}",
            cure="see telemetry in the suite and docs/telemetry.md",
        )


def spent_notices(record: SpentRecord | None) -> Iterator[Notice]:
    """That a profiler looked on, and what it could not see."""
    if record is None:
        return
    yield Notice(
        code=PROFILED,
        message=f"scenarios were measured under the weight of {record.tool}: nothing is compared with stored runs, and"
        " a limit may be missed for that weight alone",
        cure="measure without --profiler to know how fast it is",
    )
    if record.unread:
        yield Notice(
            code="unread",
            message=f"where the {record.of} went was not measured: {record.unread}",
            cure="see docs/telemetry.md",
        )
