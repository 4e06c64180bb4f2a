"""Profilers of a preview that the gate started: what they have in common, and which there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gate.record.spent import SpentOf, SpentRecord
from gate.serving.stacks import Stacks, heaviest, total, write


class Unprofiled(Exception):
    """A process that could not be looked into, with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Found:
    """What a profiler has by now."""

    stacks: Stacks = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """Reasons for what it has not."""


class Profiler(Protocol):
    """Looks into the processes of a session between ``begin`` and ``end``, as often as those are asked for."""

    of: SpentOf
    tool: str

    def added(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """What the preview's environment has to have over its own."""

    def begin(self, session: int) -> None:
        """Look into what runs now; never raises for what cannot be looked into."""

    def end(self) -> None:
        """Stop; nothing happens where it has not begun."""

    def found(self) -> Found:
        """All that was seen in all of these times."""


def record(profiler: Profiler, out: Path) -> SpentRecord:
    """The heaviest functions, and every stack in a file.

    Parameters
    ----------
    out : Path
        Folder of the run; the file is written there.
    """
    found = profiler.found()
    amount, file = total(found.stacks), None
    if amount:
        file = f"{profiler.of}.folded.txt"
        (out / file).write_text(write(found.stacks), encoding="utf-8")
    unread = "; ".join(dict.fromkeys(found.unread))
    return SpentRecord(
        of=profiler.of,
        tool=profiler.tool,
        amount=amount,
        functions=heaviest(found.stacks),
        file=file,
        unread=unread if unread or amount else "the preview did nothing that the profiler saw",
    )
