"""Tables of a report, as text. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from gate.units import format_count

MOST_OPEN = 20
"""Of a longer table only what is loud is seen at once."""
_OUTCOME = "outcome"


@dataclass(frozen=True)
class Line:
    """One row of a table, as text: names, then numbers, then text, the outcome where there is one."""

    cells: tuple[str, ...]
    is_loud: bool = False


@dataclass(frozen=True)
class Table:
    """Rows that share their columns; loud ones first."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    hidden: int = field(default=0)
    """Rows left out for lack of room."""
    names: int = field(default=2)
    """Columns at the left that name a row."""
    ends_in_text: bool = field(default=True)
    """Whether the last column is text, not one more number."""

    @property
    def is_judged(self) -> bool:
        """Whether its last column is what came of each row."""
        return self.columns[-1] == _OUTCOME

    @property
    def is_quiet(self) -> bool:
        """Whether nothing in it is loud; such a table comes after others."""
        return not self._lines(loud=True)

    @property
    def open(self) -> Table:
        """What is seen at once: the whole table, or what is loud in a long one."""
        return self if len(self.lines) <= MOST_OPEN else replace(self, lines=self._lines(loud=True))

    @property
    def folded(self) -> Table:
        """The rest of it."""
        return replace(self, lines=() if len(self.lines) <= MOST_OPEN else self._lines(loud=False))

    @property
    def tally(self) -> str:
        """How many rows, and what they came to, the most frequent first: ``182 rows: 150 unchanged, 32 faster``."""
        counts = Counter(line.cells[-1] for line in self.lines).most_common()
        rows = format_count(len(self.lines), "row")
        return f"{rows}: {', '.join(f'{count} {outcome}' for outcome, count in counts)}"

    def cut(self, most: int, *, loud: bool) -> Table:
        """The first rows only, of the loud ones if asked so."""
        kept = (self._lines(loud=True) if loud else self.lines)[:most]
        return replace(self, lines=kept, hidden=self.hidden + len(self.lines) - len(kept))

    def _lines(self, *, loud: bool) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_loud == loud)
