"""Designs whose limits are computed: stages found by a search of plans on other seeds."""

from __future__ import annotations

from gate.stats.designs import DuetDesign, Stage, StoredDesign, StoredStage
from gate.stats.duet import MIN_BLOCKS

_FIRST = {
    "short": (Stage(4, (0.2, 1.0)), Stage(6, (1.2, 1.4)), Stage(20, (2.0, 2.4))),
    "quick": (Stage(7, (0.68, 0.91)), Stage(8, (1.19, 1.86)), Stage(47, (2.03, 2.48))),
    "thorough": (Stage(11, (0.62, 0.88)), Stage(26, (1.61, 1.94)), Stage(85, (2.16, 1.72))),
}
_AGAIN = {
    "short": (Stage(26, (-0.16, -0.16)), Stage(20, (0.12, 0.12))),
    "quick": (Stage(32, (-0.32, -0.32)), Stage(27, (-0.58, -0.58))),
    "thorough": (Stage(46, (0.02, 0.02)), Stage(29, (0.74, 0.74))),
}
_PAIRS = ((1, 0), (1, 1), (1, 2), (2, 2))
"""Of deployments, at first and afresh."""


def _enough(stages: tuple[Stage, ...], pairs: int) -> tuple[Stage, ...]:
    """The same with at least three rounds of every pair in the first stage: fewer tell nothing."""
    first = stages[0]
    return (Stage(max(first.rounds, MIN_BLOCKS * pairs), first.keep), *stages[1:])


DUETS = tuple(
    DuetDesign(effort, _enough(first, pairs), _AGAIN[effort] if fresh else (), pairs, max(1, fresh))
    for effort, first in _FIRST.items()
    for pairs, fresh in _PAIRS
)
_NEVER = (-9.0, -9.0)
STORED = (
    StoredDesign("one", (StoredStage(1, 1000, 1000, _NEVER),)),
    StoredDesign("two", (StoredStage(2, 1000, 1000, _NEVER),)),
    StoredDesign("three", (StoredStage(3, 1000, 1000, _NEVER),)),
    StoredDesign(
        "confirm",
        (
            StoredStage(1, 1000, 1000, (1.75, 1.95)),
            StoredStage(1, 500, 150, (1.4, 1.4)),
            StoredStage(2, 1000, 150, _NEVER),
        ),
    ),
)
