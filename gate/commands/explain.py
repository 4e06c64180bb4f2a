"""`gate explain ROW`: everything behind one row of a verdict."""

from __future__ import annotations

from pathlib import Path

from gate.commands.effects import Effects
from gate.commands.outputs import read_verdict
from gate.errors import ExitCode, UsageError
from gate.report.explain import explained
from gate.verdict.values import Row, Verdict

_MOST_NAMED = 12


def run(name: str, path: Path, effects: Effects) -> ExitCode:
    """Show one row; it may be named without its suite.

    Raises
    ------
    UsageError
        If the verdict cannot be read, or has no such row.
    """
    verdict = read_verdict(path)
    effects.console.show(explained(verdict, _row_of(verdict, name, path)))
    return ExitCode.APPROVED


def _row_of(verdict: Verdict, name: str, path: Path) -> Row:
    found = next((row for row in verdict.rows if name in (row.id, row.id.partition("/")[2])), None)
    if found is not None:
        return found
    ids = [row.id for row in verdict.rows if name.rpartition("/")[2] in row.id or name.partition("/")[0] in row.id]
    near = ids or [row.id for row in verdict.rows]
    more = f" and {len(near) - _MOST_NAMED} more" if len(near) > _MOST_NAMED else ""
    raise UsageError(
        f"{path} has no row {name!r}",
        f"it has {', '.join(near[:_MOST_NAMED])}{more}" if near else "it has no rows: nothing was judged",
    )
