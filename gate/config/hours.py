"""A working day as a load pattern: rates by the hours that people in one time zone keep."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from gate.config.base import Model
from gate.config.scalars import END_PATTERN, TIME_PATTERN, Day, RateRps, Text


def minutes_of(text: str) -> int:
    """Minutes since midnight of a time of the day, ``07`` or ``07:30``; 1440 of ``24:00``."""
    hours, _, minutes = text.partition(":")
    return 60 * int(hours) + int(minutes or 0)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the database is an OSError
        raise ValueError("is no time zone that is known here; write it like Europe/Berlin or UTC") from None
    return name


_Time = Annotated[str, Field(pattern=TIME_PATTERN)]
_End = Annotated[str, Field(pattern=END_PATTERN)]


class Hours(Model):
    """Hours of one day in one time zone; ``for`` says into how much time they are compressed."""

    zone: Annotated[Text, AfterValidator(_zone)]
    """Time zone of all times here, as the IANA database names it: ``Europe/Berlin``."""
    day: Day | None = None
    """The day itself, for its length: 23 hours where summer time begins, 25 where it ends. Without it 24."""
    start: _Time = Field(default="00:00", alias="from")
    """When it begins."""
    end: _End = Field(default="24:00", alias="to")
    """When it ends, the same day."""
    rates_rps: dict[_Time, Annotated[RateRps, Field(le=10_000)]] = Field(alias="rates", min_length=1, max_length=96)
    """Rate from a time of the day until the next one, as ``shape`` says; the first is from the beginning."""

    @property
    def knots(self) -> tuple[tuple[int, float], ...]:
        """Times in minutes since midnight with their rates, in order."""
        return tuple(sorted((minutes_of(time), rate) for time, rate in self.rates_rps.items()))

    @property
    def stretches_s(self) -> tuple[float, ...]:
        """How long it is from each time to the next, and from the last to the end, in seconds as clocks there go.

        Where summer time begins, the hour that clocks leave out has no length, and where it ends, the hour that they
        show twice has two.
        """
        times = [*(time for time, _ in self.knots), minutes_of(self.end)]
        day, zone = self.day, ZoneInfo(self.zone)
        instants_s = [60.0 * time if day is None else _instant_s(day, time, zone) for time in times]
        return tuple(after - before for before, after in itertools.pairwise(instants_s))

    @model_validator(mode="after")
    def _within(self) -> Self:
        start, end, times = minutes_of(self.start), minutes_of(self.end), [time for time, _ in self.knots]
        if not start < end:
            raise ValueError("ends before it begins; exchange from and to, or write two scenarios for a night")
        if len(set(times)) < len(times):
            raise ValueError("has two rates for one time; keep one")
        if times[0] != start:
            first = f"{times[0] // 60:02}:{times[0] % 60:02}"
            raise ValueError(f"begins at {self.start} and has its first rate at {first}; write one for {self.start}")
        if times[-1] >= end:
            raise ValueError(f"has a rate at or after its end, {self.end}; move one of them")
        if not sum(self.stretches_s) > 0:
            raise ValueError(
                f"leaves nothing of {self.day}: clocks in {self.zone} leave all of it out; take another day"
            )
        return self


def _instant_s(day: dt.date, minutes: int, zone: ZoneInfo) -> float:
    """Seconds since 1970 at a time of the day; the first of two, and of a time that clocks leave out their jump.

    References
    ----------
    PEP 495, Local Time Disambiguation, https://peps.python.org/pep-0495/
    """
    shown = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    while (at := shown.replace(tzinfo=zone)).astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != shown:
        shown += dt.timedelta(minutes=1)
    return at.timestamp()
