"""Stacks of calls with what was spent in each, as text that flame graphs are made of, and the heaviest functions. Pure.

One line for each stack, ``outermost;...;innermost AMOUNT``: https://github.com/brendangregg/FlameGraph#2-fold-stacks
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from gate.record.spent import MOST_FUNCTIONS, SpentFunction

Stacks = Mapping[tuple[str, ...], int]
"""By frames, the outermost first; a frame is ``name (place)``."""

_FRAME = re.compile(r"(?P<name>.*?)(?: \((?P<place>[^()]*)\))?")
_LONGEST = 120


def read(text: str) -> Counter[tuple[str, ...]]:
    """Stacks from such text; lines that are none are left out."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in text.splitlines():
        frames, _, amount = line.rpartition(" ")
        if frames and amount.isdecimal():
            found[tuple(frames.split(";"))] += int(amount)
    return found


def write(stacks: Stacks) -> str:
    """Such text, the largest amounts first."""
    lines = sorted(stacks.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{';'.join(frames)} {amount}\n" for frames, amount in lines)


def heaviest(stacks: Stacks, most: int = MOST_FUNCTIONS) -> list[SpentFunction]:
    """The functions in which most was spent, not counting what they called; of equal ones by name."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for frames, amount in stacks.items():
        own[frames[-1]] += amount
        for frame in set(frames):  # one that calls itself is counted once
            whole[frame] += amount
    total = own.total()
    ranked = sorted(own, key=lambda frame: (-own[frame], frame))[:most] if total else []
    return [_function(frame, own[frame] / total, whole[frame] / total) for frame in ranked]


def frame(name: str, place: str) -> str:
    """One frame as text that can be told from its neighbours."""
    return _safe(f"{name} ({place})" if place else name)


def _function(text: str, self_ratio: float, total_ratio: float) -> SpentFunction:
    found = _FRAME.fullmatch(text)
    name, place = (found["name"], found["place"] or "") if found else (text, "")
    return SpentFunction(
        name=_safe(name)[:_LONGEST],
        place=_safe(place)[-_LONGEST:],
        self_ratio=round(self_ratio, 6),
        total_ratio=round(total_ratio, 6),
    )


def _safe(text: str) -> str:
    return "".join(c if c.isprintable() and c != ";" else " " for c in text)


def total(stacks: Stacks) -> int:
    """Everything that was spent."""
    return sum(stacks.values())


def merged(parts: Iterable[Stacks]) -> Counter[tuple[str, ...]]:
    """Several processes together."""
    found: Counter[tuple[str, ...]] = Counter()
    for part in parts:
        found.update(part)
    return found
