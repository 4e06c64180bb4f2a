"""Rests around the scenarios, in which the preview is left alone and what it holds is read."""

from __future__ import annotations

from collections.abc import Callable

from gate.load.engine import Engine
from gate.measure.ready import Clock
from gate.record.telemetry import RestName, TelemetryRecord
from gate.telemetry.timeline import IDLE, Phase, Timeline
from gate.units import format_duration

_WORDS: dict[RestName, str] = {"before": "before the scenarios", "after": "after them"}
REST = "rest"
"""Name of what is not measured where a rest is missing."""


class Resting:
    """Leaves the preview alone before the first scenario and after the last.

    The first half of a rest is for what takes time to go: connections that are closed when they were idle for a while,
    memory that is given back. What counts is read in the second half.

    Parameters
    ----------
    rest_s : float, optional
        How long a rest is; None where the suite asks for none.
    say : callable
        Tells people what happens.
    """

    def __init__(
        self, rest_s: float | None, engine: Engine, clock: Clock, timeline: Timeline, say: Callable[[str], None]
    ) -> None:
        self._rest_s = rest_s
        self._engine = engine
        self._clock = clock
        self._timeline = timeline
        self._say = say
        self._why_not = "the run ended before it"

    def rest(self, name: RestName) -> None:
        """Have one rest, if the suite asks for it; of another program than before the load it would say nothing."""
        if self._rest_s is None or (name == "after" and "before" not in self._timeline.rests):
            return
        self._engine.let_go()
        self._say(f"leaving the preview alone for {format_duration(self._rest_s)} {_WORDS[name]}")
        self._clock.sleep(self._rest_s / 2)
        begun_s = self._clock.now_s()
        self._timeline.phase = Phase(rest=name)
        try:
            self._clock.sleep(self._rest_s / 2)
        finally:
            self._timeline.phase = IDLE
        self._timeline.rests[name] = (begun_s, self._clock.now_s())

    def renew(self) -> None:
        """The preview was started anew: what the one before it held is not to be compared with this one."""
        self._timeline.rests.clear()
        self._why_not = "the preview was started anew between the rests, by serve of a scenario"

    def noted(self, record: TelemetryRecord) -> TelemetryRecord:
        """A record that says why there is no rest to read, where one was asked for."""
        if self._rest_s is None or {"before", "after"} <= record.rests.keys():
            return record
        return record.model_copy(update={"unread": {**record.unread, REST: self._why_not}})
