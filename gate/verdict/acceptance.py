"""Regressions of one commit that a person accepted: what was seen then may pass, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from gate.config.scalars import ROW_PATTERN
from gate.record.value import Instant, Notice, Value
from gate.stats.designs import METRICS
from gate.units import format_ratio
from gate.verdict.values import Row

ACCEPTED = "accepted"
"""Code of the notice of a row that was accepted."""
MAX_ACCEPTANCES = 100
"""Of one commit; who means more has changed something else than rows."""


class Acceptance(Value):
    """A regression that somebody with write permission accepted for one commit."""

    row: Annotated[str, Field(pattern=ROW_PATTERN, max_length=200)]
    """suite/endpoint/metric."""
    ceiling_ratio: Annotated[float, Field(ge=0)]
    """Largest change that is accepted; 0.05 is 5 % slower."""
    by: Annotated[str, Field(min_length=1, max_length=100)]
    """Login."""
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    at: Instant


def is_acceptable(row: Row) -> bool:
    """Whether a row is what a person may accept: a latency that was measured, compared, found slower, and blocks.

    Errors, sizes and objectives are not, nor what is only suspected or was not measured.
    """
    return row.blocks and row.outcome == "regressed" and row.metric in METRICS and row.change_hi is not None


def acceptance_of(row: Row, by: str, reason: str, at: str) -> Acceptance:
    """What somebody accepts who accepts this row: up to the upper end of the interval that the report shows of it.

    The same commit, measured again, shows the same change and another estimate of it.

    Raises
    ------
    ValueError
        If the row is none that can be accepted.
    """
    if not is_acceptable(row) or row.change_hi is None:
        raise ValueError(f"{row.id} cannot be accepted")
    return Acceptance(row=row.id, ceiling_ratio=row.change_hi, by=by, reason=reason, at=at)


def accepted(row: Row, acceptances: Iterable[Acceptance]) -> Row:
    """The row as it is after what was accepted; the newest acceptance of a row is the one that counts."""
    found = max((entry for entry in acceptances if entry.row == row.id), key=lambda entry: entry.at, default=None)
    if found is None or not is_acceptable(row):
        return row
    # Written so that what is no number blocks.
    if row.change is None or not row.change <= found.ceiling_ratio:
        told = Notice(
            code="acceptance-exceeded",
            message=f"{found.by} accepted up to {format_ratio(found.ceiling_ratio, signed=True)}: {found.reason}",
        )
        return row.model_copy(update={"notices": [*row.notices, told]})
    told = Notice(code=ACCEPTED, message=f"accepted by {found.by}: {found.reason}")
    return row.model_copy(update={"blocks": False, "notices": [*row.notices, told]})
