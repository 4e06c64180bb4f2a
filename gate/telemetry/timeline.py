"""When load was made on the preview, and how many requests were answered by when. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from gate.record.telemetry import Window

BLOCKS = "blocks"
"""Name of the window from the first comparison block to the last; no scenario is called so by accident: those have
their own."""


class Timeline:
    """Notes of one run; instants are on the clock of the run, in seconds."""

    def __init__(self) -> None:
        self._at_s: list[float] = []
        self._answered: list[int] = []
        self._windows: dict[str, tuple[float, float]] = {}

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
