"""Everything that is watched in one run: begun before the load, ended after it, and made into its record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from gate.config.telemetry import Pool
from gate.record.telemetry import TelemetryRecord
from gate.telemetry.sampler import Sampler
from gate.telemetry.series import per_request, rests_of, series_record
from gate.telemetry.source import Watched
from gate.telemetry.timeline import Phase, Timeline
from gate.telemetry.track import Track


class Watch:
    """The sources of a run.

    Parameters
    ----------
    pool : Pool, optional
        Which series are the connection pool's.
    redact : callable
        Takes what is secret out of a text: messages of libraries may hold addresses.
    phase : callable
        What the preview is loaded with now.
    """

    def __init__(
        self,
        watched: Iterable[Watched],
        every_s: float,
        now_s: Callable[[], float],
        pool: Pool | None = None,
        redact: Callable[[str], str] = str,
        phase: Callable[[], Phase] = Phase,
    ) -> None:
        self._samplers = {each.source: Sampler(each, every_s, now_s, phase) for each in watched}
        self._pool = pool
        self._redact = redact

    def begin(self) -> None:
        """Note what counters say before the load, and read from now on; bounded in time, never raises."""
        for sampler in self._samplers.values():
            sampler.begin()

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """While the gate itself starts the preview anew: what cannot be read then says nothing of it."""
        with ExitStack() as stack:
            for sampler in self._samplers.values():
                stack.enter_context(sampler.looking_away())
            yield

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
        tracks: dict[str, Track] = {}
        unread: dict[str, str] = {}
        facts: dict[str, float] = {}
        for sampler in self._samplers.values():
            tracks |= {name: track for name, track in sampler.tracks.items() if track.n}
            unread |= sampler.unread | dict(sampler.findings.unread)
            facts |= sampler.findings.facts
        tracks |= self._of_pool(tracks, timeline)
        if "pool.size" in tracks:
            facts["pool.size"] = tracks["pool.size"].whole.told(since_s).most
        windows, series = series_record(tracks, timeline, since_s)
        found = [sampler.findings for sampler in self._samplers.values()]
        return TelemetryRecord(
            windows=windows,
            series=series,
            rests=rests_of(tracks, timeline, since_s),
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

    def _of_pool(self, tracks: Mapping[str, Track], timeline: Timeline) -> dict[str, Track]:
        """The series of the connection pool, under names that do not depend on the application."""
        pool, made = self._pool, dict[str, Track]()
        if pool is None:
            return {}
        for name, of in (("pool.size", pool.size), ("pool.in_use", pool.in_use)):
            if of is not None and of.series in tracks:
                made[name] = tracks[of.series]
        if pool.wait is not None and pool.wait.series in tracks:
            waited = tracks[pool.wait.series]
            answered: Sequence[int] = timeline.answered_by(waited.at_s)
            made["pool.wait"] = per_request(waited, answered)
        return {name: found for name, found in made.items() if found.n}
