"""Tables of a report, as text. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Line:
    """One row of a table, as text; two cells of text, then numbers, then text: the outcome where there is one."""

    cells: tuple[str, ...]
    is_loud: bool = False


@dataclass(frozen=True)
class Table:
    """Rows that share their columns; loud ones first."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    hidden: int = field(default=0)
    """Rows left out for lack of room."""

    def cut(self, most: int, *, loud: bool) -> Table:
        """The first rows only, of the loud ones if asked so."""
        kept = tuple(line for line in self.lines if line.is_loud or not loud)[:most]
        return replace(self, lines=kept, hidden=self.hidden + len(self.lines) - len(kept))
