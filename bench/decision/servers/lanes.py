"""Shares of the study that run side by side, and how their journals add up. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bench.decision.servers.cases import Planned
from bench.decision.servers.journal import JournalError, Line

LANE = "lane"
"""Key of the settings in which the journals of one study differ."""
_CURE = "report lanes of one study together, and others by themselves"


@dataclass(frozen=True)
class Lane:
    """One of several processes that make the checks of a study between them, each in a folder of its own.

    Cases come in shuffled blocks, so that every lane has its share of each.
    """

    number: int
    """From one."""
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, planned: Planned) -> bool:
        """Whether a check is this lane's to make."""
        return planned.number % self.of == self.number - 1

    def seed(self, seed: int, count: int) -> int:
        """A seed that no other lane of the same study uses, after so many lines of this one."""
        return 100_000 * seed + self.of * count + self.number - 1


ALONE = Lane(1, 1)


def parse_lane(text: str) -> Lane:
    """Read a lane such as ``2/3``.

    Raises
    ------
    ValueError
        If there is no such lane.
    """
    found = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"{text!r} is no lane; write 1/3, 2/3 or 3/3 for one of three")
    return Lane(int(found[1]), int(found[2]))


def add_up(journals: Sequence[tuple[str, Line, list[Line]]]) -> tuple[Line, list[list[Line]]]:
    """What lanes of one study did, as one study.

    Parameters
    ----------
    journals : sequence of (str, dict, list of dict)
        For each lane where it comes from, its settings and its lines.

    Returns
    -------
    settings : dict
        Of the study; its lane is that of the first.
    lanes : list of lists of dict
        Lines of each lane, whose stored runs are its own.

    Raises
    ------
    JournalError
        If they are not lanes of one study, if one is there twice, or if another gate was measured.
    """
    first, settings, _ = journals[0]
    seen: dict[str, str] = {}
    code: set[str] = set()
    for name, others, lines in journals:
        _same_study(name, others, first, settings)
        code = code or gates(lines)
        if gates(lines) - code:
            raise JournalError(f"{name} measured another gate than the states before it; {_CURE}")
        lane = others[LANE]
        if lane in seen:
            raise JournalError(f"{name} and {seen[lane]} are both lane {lane}; name each lane once")
        seen[lane] = name
    return settings, [lines for _, _, lines in journals]


def gates(lines: Collection[Line]) -> set[str]:
    """Hashes of the gate's code that made these lines."""
    return {line["gate"] for line in lines if "gate" in line}


def _same_study(name: str, settings: Line, other: str, others: Line) -> None:
    """See that two lanes differ in nothing but their number."""
    if LANE not in settings or LANE not in others:
        raise JournalError(f"{name} was begun before there were lanes; begin it anew")
    mine, theirs = ({**some, LANE: f"of {parse_lane(some[LANE]).of}"} for some in (settings, others))
    for key in sorted({*mine, *theirs}):
        if mine.get(key) != theirs.get(key):
            what = f"{name} and {other} differ in {key}: {mine.get(key)!r} and {theirs.get(key)!r}"
            raise JournalError(f"{what}; {_CURE}")
