"""When load was made on the preview, and how many requests were answered by when. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gate.record.telemetry import Window

MOST_NOTES = 20_000
"""Of how much was answered by when; of more, every second one stays."""
BLOCKS = "blocks"
"""Name of the window from the first comparison block to the last; no scenario is called so by accident: those have
their own."""


@dataclass(frozen=True)
class Phase:
    """What the preview is loaded with, or left alone for."""

    windows: tuple[str, ...] = ()
    """Scenarios under way, or blocks."""
    rest: int | None = None
    """Number of the rest that it has, once what the load left behind has had time to go."""


IDLE = Phase()


class Timeline:
    """Notes of one run; instants are on the clock of the run, in seconds."""

    def __init__(self) -> None:
        self._at_s: list[float] = []
        self._answered: list[int] = []
        self._windows: dict[str, tuple[float, float]] = {}
        self.phase = IDLE
        """What goes on now; read by other threads."""
        self.rests: list[tuple[float, float]] = []
        """When the preview was left alone."""
        self.around: dict[str, tuple[int, int]] = {}
        """Numbers of the rests before and after a scenario, or before and after all of them, by name."""

    @property
    def answered(self) -> int:
        """Requests answered by the newest note."""
        return self._answered[-1] if self._answered else 0

    def note(self, at_s: float, answered: int) -> None:
        """So many requests were answered by now, whatever the answers were; never fewer than before."""
        if self._at_s and at_s < self._at_s[-1]:
            return
        self._at_s.append(at_s)
        self._answered.append(max(answered, self.answered))
        if len(self._at_s) > MOST_NOTES:
            self._at_s[1:-1] = self._at_s[2:-1:2]
            self._answered[1:-1] = self._answered[2:-1:2]

    def load(self, names: Iterable[str], from_s: float, to_s: float) -> None:
        """Load of these names was made from one instant to another; what was made before under a name counts too."""
        for name in names:
            before = self._windows.get(name, (from_s, to_s))
            self._windows[name] = (min(before[0], from_s), max(before[1], to_s))

    def answered_by(self, at_s: Sequence[float]) -> list[int]:
        """Requests answered by each of some instants: between two notes as many as a steady pace makes."""
        return [self._between(at) for at in at_s]

    def windows(self, since_s: float) -> list[Window]:
        """Every window, in the order they began."""
        found = []
        for name, (from_s, to_s) in sorted(self._windows.items(), key=lambda item: item[1]):
            answered = self._between(to_s) - self._between(from_s)
            begin, end = (round(at - since_s, 3) for at in (from_s, to_s))
            found.append(Window(name=name, from_s=begin, to_s=end, answered=answered))
        return found

    def _between(self, at_s: float) -> int:
        place = bisect_right(self._at_s, at_s)
        if place == 0:
            return 0
        if place == len(self._at_s):
            return self._answered[-1]
        begin_s, end_s = self._at_s[place - 1 : place + 1]
        begin, end = self._answered[place - 1 : place + 1]
        return begin + round((end - begin) * (at_s - begin_s) / (end_s - begin_s))
