"""Shares of the study that run side by side, and how their journals add up. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bench.decision.servers.cases import Planned
from bench.decision.servers.journal import JournalError, Line

LANE = "lane"
"""Key of the settings in which the journals of one study differ."""


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
    first, settings, lines = journals[0]
    seen: dict[str, str] = {}
    for name, others, other_lines in journals:
        _same(name, _of_study(others), first, _of_study(settings), "settings")
        _same(name, gates(other_lines), first, gates(lines), "code of the gate")
        lane = others[LANE]
        if lane in seen:
            raise JournalError(f"{name} and {seen[lane]} are both lane {lane}; name each lane once")
        seen[lane] = name
    return settings, [lines for _, _, lines in journals]


def gates(lines: Collection[Line]) -> set[str]:
    """Hashes of the gate's code that made these lines."""
    return {line["gate"] for line in lines if "gate" in line}


def _of_study(settings: Line) -> Line:
    """What lanes of one study have in common."""
    return {**settings, LANE: f"of {parse_lane(settings[LANE]).of}"}


def _same(name: str, found: object, first: str, wanted: object, what: str) -> None:
    if found != wanted:
        raise JournalError(
            f"{name} and {first} differ in {what}: {found} and {wanted}; report states of one study together, others"
            " by themselves"
        )
