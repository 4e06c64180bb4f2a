"""Rows of a verdict as annotations of the suite file: what GitHub shows beside its lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gate.config.plain import Refused, decode
from gate.config.tree import read_tree
from gate.report.escape import MAX_SENTENCE, plain
from gate.report.headline import of_row
from gate.report.words import LOUD, outcome_of, row_name
from gate.verdict.values import Reason, Row, Verdict

MOST = 200
"""Four requests a second apart; more than anybody reads. The table has all rows."""
MAX_TITLE = 255
_SECTIONS = ("endpoints", "scenarios")

Level = Literal["failure", "warning"]


@dataclass(frozen=True)
class Annotation:
    """One remark at a line of a file; plain text."""

    path: str
    line: int
    """From 1."""
    level: Level
    title: str
    message: str


def annotated(verdict: Verdict, path: str, lines: Mapping[str, int]) -> tuple[Annotation, ...]:
    """What blocks as failures, then what is told and does not block as warnings.

    Parameters
    ----------
    path : str
        The suite file in the repository.
    lines : mapping
        Line of each endpoint and scenario in it; the first line stands for those that are not there.
    """
    blamed = {row_id for reason in verdict.reasons for row_id in reason.rows}
    blocking = [row for row in verdict.rows if row.blocks or row.id in blamed]
    told = [row for row in verdict.rows if row.outcome in LOUD and not (row.blocks or row.id in blamed)]
    return (
        *(_of_reason(reason, path) for reason in verdict.reasons if not reason.rows),
        *(_of_row(row, "failure", path, lines) for row in blocking),
        *(_of_row(row, "warning", path, lines) for row in told),
    )[:MOST]


def lines_of(suite: bytes) -> dict[str, int]:
    """Line of each endpoint and scenario in a suite file; none where it cannot be read."""
    try:
        tree = read_tree(decode(suite))
    except Refused:
        return {}
    keys = [(at, place.line) for at, place in tree.places.items() if len(at) == 2 and isinstance(at[1], str)]
    return {str(at[1]): line for section in reversed(_SECTIONS) for at, line in keys if at[0] == section}


def _of_reason(reason: Reason, path: str) -> Annotation:
    message = plain(f"{reason.message}; {reason.cure}" if reason.cure else reason.message, MAX_SENTENCE)
    return Annotation(path, 1, "failure", reason.code, message or reason.code)


def _of_row(row: Row, level: Level, path: str, lines: Mapping[str, int]) -> Annotation:
    message = of_row(row) or f"{row_name(row.endpoint, row.metric)}: {outcome_of(row)}"
    return Annotation(path, lines.get(row.endpoint, 1), level, plain(row.id, MAX_TITLE), plain(message, MAX_SENTENCE))
