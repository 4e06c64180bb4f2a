"""Rests around scenarios, in which the preview is left alone and what it holds is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from gate.config.telemetry import Telemetry
from gate.load.engine import Engine
from gate.measure.ready import Clock
from gate.record.telemetry import TelemetryRecord
from gate.telemetry.timeline import IDLE, Phase, Timeline
from gate.units import format_duration

ALL = "*"
"""In place of a scenario: all of them, from the first to the last."""
REST = "rest"
"""Name of what is not measured where a rest is missing."""


class Resting:
    """Leaves the preview alone before scenarios and after them.

    The first half of a rest is for what takes time to go: connections that are closed when they were idle for a while,
    memory that is given back. What counts is read in the second half. With nothing between them, the rest after one
    scenario is that before the next.

    Parameters
    ----------
    say : callable
        Tells people what happens.
    """

    def __init__(
        self, telemetry: Telemetry, engine: Engine, clock: Clock, timeline: Timeline, say: Callable[[str], None]
    ) -> None:
        self._rest_s = telemetry.rest_s
        asked = {limit.scenario or ALL for limit in telemetry.objectives if limit.back is not None}
        self._asked = (asked or {ALL}) if telemetry.rest_s is not None else set()
        self._engine = engine
        self._clock = clock
        self._timeline = timeline
        self._say = say
        self._begun: dict[str, int] = {}
        self._newest: int | None = None
        """The rest that goes on still, so to say: nothing was asked of the preview since."""
        self._why_not = "the load it was to be around was not made to its end"

    def before(self, names: Sequence[str], *, is_first: bool) -> None:
        """Rest before the load of some scenarios, if that is asked for."""
        found = self._of(names, with_all=is_first)
        if found:
            number = self._rest(f"before {' beside '.join(names)}")
            self._begun |= dict.fromkeys(found, number)
        self._newest = None

    def after(self, names: Sequence[str], *, is_last: bool) -> None:
        """Rest after it; of another program than before it would say nothing."""
        found = [name for name in self._of(names, with_all=is_last) if name in self._begun]
        if found:
            number = self._rest(f"after {' beside '.join(names)}")
            self._timeline.around |= {name: (self._begun.pop(name), number) for name in found}

    def renew(self) -> None:
        """The preview was started anew: what the one before it held is not to be compared with this one."""
        self._newest = None
        if self._begun:
            self._begun.clear()
            self._why_not = "the preview was started anew between the rests, by serve of a scenario"

    def noted(self, record: TelemetryRecord) -> TelemetryRecord:
        """A record that says why there is no rest to read, where one was asked for."""
        if self._asked <= record.rests.keys():
            return record
        return record.model_copy(update={"unread": {**record.unread, REST: self._why_not}})

    def _of(self, names: Collection[str], *, with_all: bool) -> list[str]:
        return [name for name in (*names, *([ALL] if with_all else [])) if name in self._asked]

    def _rest(self, when: str) -> int:
        """Have one rest, and give its number."""
        if self._newest is not None or self._rest_s is None:
            return self._newest or 0
        self._engine.let_go()
        self._say(f"leaving the preview alone for {format_duration(self._rest_s)} {when}")
        self._clock.sleep(self._rest_s / 2)
        begun_s, number = self._clock.now_s(), len(self._timeline.rests)
        self._timeline.phase = Phase(rest=number)
        try:
            self._clock.sleep(self._rest_s / 2)
        finally:
            self._timeline.phase = IDLE
        self._timeline.rests.append((begun_s, self._clock.now_s()))
        self._newest = number
        return number
