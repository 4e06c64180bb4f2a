"""Which checks the study makes, and in which order. Pure.

Cases come in blocks that hold every case of every stratum in its share, shuffled: what the machine does over hours
falls on all of them alike, and a study that is cut short has seen all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

Way = Literal["duet", "stored"]
Channel = Literal["loopback", "proxy"]

WAYS: tuple[Way, ...] = ("duet", "stored")
CHANNELS: tuple[Channel, ...] = ("loopback", "proxy")
ENDPOINTS = ("health", "search", "bestsellers", "detail")
"""Of the shop, under its own names."""
BLOCKS = 30


@dataclass(frozen=True)
class Case:
    """One kind of preview."""

    name: str
    slowdown_ratio: float
    """Of the latency that a client sees, network included."""
    each: int
    """Checks of one stratum in each block."""
    is_everywhere: bool = False
    """All endpoints are slowed, instead of one that is drawn."""

    @property
    def planned(self) -> int:
        """Checks of one stratum in the whole study."""
        return BLOCKS * self.each


UNCHANGED = Case("unchanged", 0.0, 10)
CASES = (
    UNCHANGED,
    Case("one+10%", 0.1, 1),
    Case("one+20%", 0.2, 1),
    Case("one+50%", 0.5, 1),
    Case("all+20%", 0.2, 1, is_everywhere=True),
)


@dataclass(frozen=True)
class Planned:
    """One check to make."""

    number: int
    """Its name in the journal; the same for the same seed."""
    channel: Channel
    way: Way
    case: Case
    slowed: tuple[str, ...]
    """Endpoints, none for an unchanged preview."""


def schedule(seed: int) -> list[Planned]:
    """Every check of the study, in order."""
    checks: list[Planned] = []
    for block in range(BLOCKS):
        random = Random(f"{seed} {block}")
        kinds = [
            (channel, way, case) for channel in CHANNELS for way in WAYS for case in CASES for _ in range(case.each)
        ]
        for channel, way, case in random.sample(kinds, len(kinds)):
            drawn = (random.choice(ENDPOINTS),) if case.slowdown_ratio > 0 else ()
            checks.append(Planned(len(checks), channel, way, case, ENDPOINTS if case.is_everywhere else drawn))
    return checks


def wait_factors(check: Planned, seen_s: Mapping[str, float], wait_s: float) -> dict[str, float]:
    """How many times as long the slowed endpoints have to wait for the slowdown of the case.

    Only the wait of the server can be made longer, so it must make up for work and network as well.

    Parameters
    ----------
    check : Planned
        What is wanted.
    seen_s : mapping of str to float
        Median latency of each endpoint of main as a client sees it over this channel, in seconds.
    wait_s : float
        Median wait in it.
    """
    return {name: 1 + check.case.slowdown_ratio * seen_s[name] / wait_s for name in check.slowed}
