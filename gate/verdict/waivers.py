"""Regressions of latency that the suite accepts for a time and up to a ceiling; never errors, sizes or objectives."""

from __future__ import annotations

from gate.config.policy import Waiver
from gate.config.suite import Suite
from gate.record.value import Notice
from gate.stats.designs import METRICS
from gate.units import format_ratio
from gate.verdict.stored import UNCONFIRMED
from gate.verdict.values import Row


def waived(suite: Suite, row: Row, today: str) -> Row:
    """A regression accepted for a time and up to a ceiling does not block, nor does a suspicion of one."""
    waiver = next((waiver for waiver in suite.policy.waivers if waiver.row == row.id), None)
    is_suspect = any(notice.code == UNCONFIRMED for notice in row.notices)
    if waiver is None or row.metric not in METRICS or not (row.blocks or is_suspect) or row.change is None:
        return row
    told = _told_of(waiver, row.change, today)
    if told.code != "waived":
        return row.model_copy(update={"notices": [*row.notices, told]})
    kept = [notice for notice in row.notices if notice.code != UNCONFIRMED]
    return row.model_copy(update={"blocks": False, "notices": [*kept, told]})


def _told_of(waiver: Waiver, change: float, today: str) -> Notice:
    """Whether a waiver counts, and why not."""
    if not today <= waiver.until.isoformat():
        return Notice(code="waiver-over", message=f"its waiver was over on {waiver.until}: {waiver.reason}")
    if not change <= waiver.ceiling:
        return Notice(
            code="waiver-exceeded", message=f"its waiver ends at {format_ratio(waiver.ceiling)}: {waiver.reason}"
        )
    return Notice(code="waived", message=f"accepted until {waiver.until}: {waiver.reason}")
