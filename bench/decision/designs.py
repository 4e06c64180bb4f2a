"""Designs whose limits are computed: stages found by a search of plans on other seeds."""

from __future__ import annotations

from gate.stats.designs import DuetDesign, Stage, StoredDesign
from gate.stats.duet import MIN_BLOCKS

_FIRST = {
    "short": (Stage(4, (0.2, 1.0)), Stage(6, (1.2, 1.4)), Stage(20, (2.0, 2.4))),
    "quick": (Stage(7, (0.68, 0.91)), Stage(8, (1.19, 1.86)), Stage(47, (2.03, 2.48))),
    "thorough": (Stage(11, (0.62, 0.88)), Stage(26, (1.61, 1.94)), Stage(85, (2.16, 1.72))),
    "wide": (Stage(7, (0.67, 0.86)), Stage(10, (1.41, 2.43)), Stage(26, (2.28, 2.07))),
}
"""``wide`` is for deployments that differ much: there more requests tell little, and more deployments tell much."""
_AGAIN = {
    "short": (Stage(26, (-0.16, -0.16)), Stage(20, (0.12, 0.12))),
    "quick": (Stage(32, (-0.32, -0.32)), Stage(27, (-0.58, -0.58))),
    "thorough": (Stage(46, (0.02, 0.02)), Stage(29, (0.74, 0.74))),
    "wide": (Stage(32, (-0.19, -0.19)), Stage(20, (1.19, 1.19))),
}
_WIDE_TWICE = (
    (Stage(6, (0.75, 0.95)), Stage(9, (1.05, 2.1)), Stage(26, (1.8, 2.0))),
    (Stage(22, (-0.4, -0.4)), Stage(14, (1.0, 1.0))),
)
"""The same with two pairs at first and two afresh."""
_PAIRS = ((1, 0), (1, 1), (1, 2), (2, 2))
"""Of deployments, at first and afresh."""


def _enough(stages: tuple[Stage, ...], pairs: int) -> tuple[Stage, ...]:
    """The same with at least three rounds of every pair in the first stage: fewer tell nothing."""
    first = stages[0]
    return (Stage(max(first.rounds, MIN_BLOCKS * pairs), first.keep), *stages[1:])


def _design(effort: str, first: int, fresh: int) -> DuetDesign:
    stages, again = _WIDE_TWICE if (effort, first) == ("wide", 2) else (_FIRST[effort], _AGAIN[effort])
    return DuetDesign(effort, _enough(stages, first), again if fresh else (), first, max(1, fresh))


DUETS = tuple(_design(effort, first, fresh) for effort in _FIRST for first, fresh in _PAIRS)
STORED = (
    StoredDesign("one", 1, 1000),
    StoredDesign("two", 2, 1000),
    StoredDesign("three", 3, 1000),
    StoredDesign("confirm", 2, 1000, suspected_share=0.15, others_requests=150),
    StoredDesign("confirm_more", 2, 1000, suspected_share=0.4, others_requests=150),
)
