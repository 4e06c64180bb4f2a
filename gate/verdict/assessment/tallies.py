"""Checks counted by category. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from gate.verdict.assessed import Tallied
from gate.verdict.assessment.kinds import CHANGE, came_to, category_of
from gate.verdict.values import Row


def tallied(rows: Sequence[Row], scenarios: Collection[str]) -> Iterator[Tallied]:
    """Every row once, by category in the order of their first rows; comparisons with main last."""
    own = [(row, category_of(row, scenarios)) for row in rows]
    names = dict.fromkeys(category for _, category in own)
    for name in sorted(names, key=lambda name: name == CHANGE):
        mine = [row for row, category in own if category == name]
        counts = Counter(map(came_to, mine))
        yield Tallied(
            category=name,
            passed=counts["passed"],
            failed=counts["failed"],
            unmeasured=counts["unmeasured"],
            advisory=sum(came_to(row) == "failed" and not row.blocks for row in mine),
        )
