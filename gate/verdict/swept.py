"""What scenarios that differ in one setting came to, and what is forecast, as frozen values. Pure.

Neither decides anything. What is forecast carries its interval, and the range that it was measured over.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.record.value import Count, Value

SweepUnit = Literal["s", "rps", "users"]
Law = Literal["power", "linear"]


class SweepPoint(Value):
    """What was measured with one value of the setting."""

    setting: float
    n: Count
    """Measurements: of several scenarios, or of several runs."""
    value: float
    """Their geometric mean."""
    at_least: bool = False
    """A search ended at its limit, where its condition still held."""
    times: float | None = None
    """As much of that with the lowest setting; None where that one or this one is only known from one side."""
    times_lo: float | None = None
    times_hi: float | None = None
    """None where nothing tells how much measurements differ."""
    efficiency_ratio: float | None = None
    """Of what grows with the setting: so many times as much over so many times the setting; 1 is linear."""


class Sweep(Value):
    """One statistic of scenarios of the same load and mix, by the one setting in which they differ."""

    setting: str
    """Variable of ``serve``."""
    scenarios: list[str]
    statistic: Literal["capacity", "rate", "mean"]
    """``mean`` is the time of an answer."""
    unit: SweepUnit
    of_search: bool = False
    """Then times are those of the first level, where hardly anybody waits."""
    points: list[SweepPoint]
    """By the setting, rising."""
    bounds_from: Literal["repeats", "batches", "search"] | None = None
    """What tells how far values of ``times`` may be off: repeated measurements; equal parts of the load of one; or the
    levels between which a search ended, which is its resolution and no confidence."""
    exponent: float | None = None
    exponent_lo: float | None = None
    exponent_hi: float | None = None
    """Power of the setting that it grows with, with its 90 % interval; None below three measurements."""
    read_back: str | None = None
    """Series of telemetry that followed it: the number of processes, one by one, or another one as large."""
    processors: Count | None = None
    """Of the machine, where they were counted."""
    beyond_processors: list[float] = Field(default_factory=list)
    """Settings that are numbers of processes, of which the machine has fewer processors."""


class Forecast(Value):
    """How long something lasts that was measured, at a growth that the suite names."""

    name: str
    """Of what grows."""
    scenarios: list[str]
    setting: str | None
    """Variable whose growth it is; None of a capacity."""
    endpoint: str | None = None
    """Of the mix; None of a scenario as a whole."""
    statistic: str
    limit: float | None = None
    """Of the statistic; None of a capacity, which is the limit."""
    unit: Literal["s", "rps", "users"]
    """Of value and limit."""
    now: float
    monthly: float
    monthly_is_ratio: bool
    state: Literal["ahead", "reached", "at least", "too far", "not measured"]
    """``ahead``: it lasts for a time; ``reached``: it is too much already; ``at least``: the search found no end;
    ``too far``: not before ``at_lo``, and what is farther cannot be told from what was measured."""
    at: float | None = None
    at_lo: float | None = None
    at_hi: float | None = None
    """Users, rate or size at which it ends, with its interval; no upper end where that is too far to tell."""
    months: float | None = None
    months_lo: float | None = None
    months_hi: float | None = None
    law: Law | None = None
    """That it follows, fitted."""
    n: Count = 0
    """Measurements behind it."""
    measured_from: float | None = None
    measured_to: float | None = None
    """Range of levels, or of sizes, that were measured."""
    why: str = ""
    """Why it was not measured."""
