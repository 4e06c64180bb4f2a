"""What was read of one quantity, in memory that does not grow with the length of a run. Pure.

Values are kept whole for an hour or so at one a second and thinned beyond; what was the least, the most and the mean is
counted reading by reading, so that thinning takes nothing from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.record.telemetry import MOST_SAMPLES, Source, Summed, TelemetryUnit
from gate.telemetry.source import Reading
from gate.telemetry.timeline import IDLE, Phase

MOST_KEPT = 8 * MOST_SAMPLES
"""Readings of one series that are kept while a run goes on."""


class Sums:
    """Readings counted one by one."""

    def __init__(self) -> None:
        self.n, self._total = 0, 0.0
        self._least, self._most = math.inf, -math.inf
        self._first = self._last = (math.nan, math.nan)
        self._hole_s, self._falls, self._steepest = 0.0, 0, -math.inf

    def add(self, at_s: float, value: float) -> None:
        """One reading, later than those before."""
        if self.n:
            self._hole_s = max(self._hole_s, at_s - self._last[0])
            self._falls += value < self._last[1]
            self._steepest = max(self._steepest, self._rise_per_s((at_s, value)))
        else:
            self._first = (at_s, value)
        self._last = (at_s, value)
        self.n += 1
        self._total += value
        self._least, self._most = min(self._least, value), max(self._most, value)

    def append(self, later: Sums) -> None:
        """All of another, which came after these."""
        self._hole_s = max(self._hole_s, later._hole_s, later._first[0] - self._last[0])
        self._falls += later._falls + (later._first[1] < self._last[1])
        self._steepest = max(self._steepest, self._rise_per_s(later._first), later._steepest)
        self.n, self._total, self._last = self.n + later.n, self._total + later._total, later._last
        self._least, self._most = min(self._least, later._least), max(self._most, later._most)

    def told(self, since_s: float) -> Summed:
        """What it came to; at least one reading was added."""
        return Summed(
            n=self.n,
            from_s=round(self._first[0] - since_s, 3),
            to_s=round(self._last[0] - since_s, 3),
            hole_s=round(self._hole_s, 3),
            first=self._first[1],
            last=self._last[1],
            least=self._least,
            mean=self._total / self.n,
            most=self._most,
            falls=self._falls,
            steepest=self._steepest if math.isfinite(self._steepest) else None,
        )

    def _rise_per_s(self, to: tuple[float, float]) -> float:
        """From the last reading to this one; of two at one instant there is none."""
        took_s = to[0] - self._last[0]
        return (to[1] - self._last[1]) / took_s if took_s > 0 else -math.inf


class Spell:
    """Readings while something goes on, pauses in it included and what comes after it not."""

    def __init__(self) -> None:
        self.sums = Sums()
        self._pause: Sums | None = None

    def add(self, at_s: float, value: float, *, goes_on: bool) -> None:
        """One reading, in it or since it was left."""
        if not goes_on:
            self._pause = self._pause or Sums()
            self._pause.add(at_s, value)
            return
        if self._pause is not None:
            self.sums.append(self._pause)
            self._pause = None
        self.sums.add(at_s, value)


@dataclass
class Track:
    """One quantity over time."""

    source: Source
    unit: TelemetryUnit
    is_counter: bool
    at_s: list[float] = field(default_factory=list)
    """On the clock of the run."""
    values: list[float] = field(default_factory=list)
    stride: int = 1
    """Of so many readings one is kept."""
    whole: Sums = field(default_factory=Sums)
    load: Spell | None = None
    """From the first request to the last; None where none was made by now."""
    windows: dict[str, Spell] = field(default_factory=dict)
    rests: dict[int, list[float]] = field(default_factory=dict)
    n: int = 0

    def add(self, at_s: float, value: float, phase: Phase = IDLE) -> None:
        """One reading, later than those before; a value that is no finite number is left out."""
        if not math.isfinite(value):
            return
        self._keep(at_s, value)
        self.whole.add(at_s, value)
        for name in phase.windows:
            self.load = self.load or Spell()
            self.windows.setdefault(name, Spell())
        if self.load is not None:
            self.load.add(at_s, value, goes_on=bool(phase.windows))
        for name, spell in self.windows.items():
            spell.add(at_s, value, goes_on=name in phase.windows)
        if phase.rest is not None:
            self.rests.setdefault(phase.rest, []).append(value)

    def _keep(self, at_s: float, value: float) -> None:
        if self.n % self.stride == 0:
            self.at_s.append(at_s)
            self.values.append(value)
            if len(self.values) > MOST_KEPT:
                self.at_s, self.values, self.stride = self.at_s[::2], self.values[::2], 2 * self.stride
        self.n += 1


class Tracks:
    """Every quantity of one source, by name."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.found: dict[str, Track] = {}

    def add(self, at_s: float, readings: Mapping[str, Reading], phase: Phase = IDLE) -> None:
        """What was read at one instant."""
        for name, reading in readings.items():
            track = self.found.get(name)
            if track is None:
                track = self.found[name] = Track(self._source, reading.unit, reading.is_counter)
            track.add(at_s, reading.value, phase)
