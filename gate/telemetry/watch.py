"""Everything that is watched in one run: begun before the load, ended after it, and made into its record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gate.config.telemetry import Pool
from gate.record.telemetry import TelemetryRecord
from gate.telemetry.sampler import Sampler
from gate.telemetry.series import Points, per_request, points_of, series_record
from gate.telemetry.source import Watched
from gate.telemetry.timeline import Timeline


class Watch:
    """The sources of a run.

    Parameters
    ----------
    pool : Pool, optional
        Which series are the connection pool's.
    redact : callable
        Takes what is secret out of a text: messages of libraries may hold addresses.
    """

    def __init__(
        self,
        watched: Iterable[Watched],
        every_s: float,
        now_s: Callable[[], float],
        pool: Pool | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._samplers = {each.source: Sampler(each, every_s, now_s) for each in watched}
        self._pool = pool
        self._redact = redact

    def begin(self) -> None:
        """Note what counters say before the load, and read from now on; bounded in time, never raises."""
        for sampler in self._samplers.values():
            sampler.begin()

    def renew(self) -> None:
        """The preview was started anew."""
        for sampler in self._samplers.values():
            sampler.renew()

    def end(self, *, in_haste: bool = False) -> None:
        """The load is over; never raises."""
        for sampler in self._samplers.values():
            sampler.end(in_haste=in_haste)

    def record(self, timeline: Timeline, since_s: float) -> TelemetryRecord:
        """All that was read, in seconds since an instant."""
        points: dict[str, Points] = {}
        unread: dict[str, str] = {}
        facts: dict[str, float] = {}
        for source, sampler in self._samplers.items():
            points |= points_of(source, sampler.samples)
            unread |= sampler.unread | dict(sampler.findings.unread)
            facts |= sampler.findings.facts
        points |= self._of_pool(points, timeline)
        if "pool.size" in points:
            facts["pool.size"] = max(points["pool.size"].values)
        windows, series = series_record(points, timeline, since_s)
        found = [sampler.findings for sampler in self._samplers.values()]
        return TelemetryRecord(
            windows=windows,
            series=series,
            statements=[
                statement.model_copy(update={"text": self._redact(statement.text)})
                for findings in found
                for statement in findings.statements
            ],
            relations=[relation for findings in found for relation in findings.relations],
            database_bytes=next((each.database_bytes for each in found if each.database_bytes is not None), None),
            facts=facts,
            unread={name: self._redact(why) for name, why in unread.items()},
        )

    def _of_pool(self, points: Mapping[str, Points], timeline: Timeline) -> dict[str, Points]:
        """The series of the connection pool, under names that do not depend on the application."""
        pool, made = self._pool, {}
        if pool is None:
            return {}
        for name, of in (("pool.size", pool.size), ("pool.in_use", pool.in_use)):
            if of is not None and of.series in points:
                made[name] = points[of.series]
        if pool.wait is not None and pool.wait.series in points:
            waited = points[pool.wait.series]
            answered: Sequence[int] = timeline.answered_by(waited.at_s)
            made["pool.wait"] = per_request(waited, answered)
        return {name: found for name, found in made.items() if found.values}
