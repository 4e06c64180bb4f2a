"""Regressions that the suite accepts for a time and up to a ceiling."""

from __future__ import annotations

from gate.config.policy import Waiver
from gate.config.suite import Suite
from gate.record.run import Notice
from gate.units import format_ratio
from gate.verdict.values import Row


def waived(suite: Suite, row: Row, today: str) -> Row:
    """A regression that the suite accepts for a time and up to a ceiling does not block."""
    waiver = next((waiver for waiver in suite.policy.waivers if waiver.row == row.id), None)
    if waiver is None or not row.blocks or row.change is None:
        return row
    told = _told_of(waiver, row.change, today)
    return row.model_copy(update={"blocks": told.code != "waived", "notices": [*row.notices, told]})


def _told_of(waiver: Waiver, change: float, today: str) -> Notice:
    """Whether a waiver counts, and why not."""
    if not today <= waiver.until.isoformat():
        return Notice(code="waiver-over", message=f"its waiver was over on {waiver.until}: {waiver.reason}")
    if not change <= waiver.ceiling:
        return Notice(
            code="waiver-exceeded", message=f"its waiver ends at {format_ratio(waiver.ceiling)}: {waiver.reason}"
        )
    return Notice(code="waived", message=f"accepted until {waiver.until}: {waiver.reason}")
