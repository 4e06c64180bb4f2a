"""Constants of the decision: stages, suspicion and limits, as the decision study computed them. Written by a command.

Provisional: stages after a published study, limits not yet calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.stats.designs import DuetDesign, Limits, Stage, StoredDesign, StoredStage

VERSION = "0"
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of harmless pull requests that are blocked."""

_SHORT = (Stage(4, (0.2, 1.0)), Stage(6, (1.2, 1.4)), Stage(20, (2.0, 2.4)))
_QUICK = (Stage(7, (0.39, 1.26)), Stage(8, (1.37, 1.42)), Stage(30, (2.08, 2.48)))
_THOROUGH = (Stage(11, (0.7, 0.49)), Stage(22, (1.61, 1.64)), Stage(84, (2.24, 2.53)))
_AGAIN = {
    "short": (Stage(26, (-0.16, -0.16)), Stage(20, (0.12, 0.12))),
    "quick": (Stage(38, (-0.16, -0.16)), Stage(32, (0.12, 0.12))),
    "thorough": (Stage(50, (0.78, 0.78)), Stage(35, (0.81, 0.81))),
}

DUETS = tuple(
    DuetDesign(effort, first, _AGAIN[effort] if fresh else (), pairs, max(1, fresh))
    for effort, first in (("short", _SHORT), ("quick", _QUICK), ("thorough", _THOROUGH))
    for pairs, fresh in ((1, 0), (1, 1), (1, 2), (2, 2))
)
DUET_LIMITS: Mapping[str, tuple[Limits, ...]] = {
    design.name: (Limits(1000, 1.0, (4.6, 4.45, 4.3, 4.16, 3.9, 3.6, 3.3, 3.0)),)
    if not design.fresh
    else (Limits(1000, 1.0, (3.9, 3.6, 3.3, 3.0, 2.8, 2.5, 2.3, 2.0)),)
    for design in DUETS
} | {f"fixed {pairs}": (Limits(1000, 1.0, (4.6, 4.45, 4.3, 4.16, 3.9, 3.6, 3.3, 3.0)),) for pairs in (1, 2, 3, 4)}

STORED = (
    StoredDesign("one", (StoredStage(1, 1000, 1000, (-9.0, -9.0)),)),
    StoredDesign(
        "confirm",
        (
            StoredStage(1, 1000, 1000, (2.0, 2.3)),
            StoredStage(1, 500, 150, (1.63, 1.33)),
            StoredStage(2, 1000, 150, (-9.0, -9.0)),
        ),
    ),
)
STORED_LIMITS: Mapping[str, tuple[Limits, ...]] = {
    "one": (
        Limits(1000, 1.0, (3.8, 3.6, 3.3, 3.0, 2.8, 2.5, 2.3, 2.0)),
        Limits(1000, 3.0, (4.9, 4.7, 4.4, 4.1, 3.8, 3.5, 3.2, 2.9)),
    ),
    "confirm": (Limits(1000, 3.0, (3.5, 3.2, 2.9, 2.5, 2.3, 2.0, 1.8, 1.6)),),
}
