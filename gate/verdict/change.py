"""A change of one latency metric of one endpoint, before its outcome is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gate.record.value import Notice
from gate.stats.shift import Shift

Standing = Literal["judged", "cleared", "open"]
"""How far a row came: all looks were taken and the last decides; it left early as no suspect; it is suspected still,
but what would decide it was not measured, so the hardest limits hold that may."""


@dataclass(frozen=True)
class Change:
    """One latency metric of one endpoint, measured on both sides."""

    endpoint: str
    metric: str
    baseline_s: float | None
    candidate_s: float | None
    shift: Shift | None
    """None if there is nothing to compare."""
    margin: float
    tolerance: float
    score: float
    """Standard normal score of the change against the margin."""
    limit: float
    """Score from which it blocks."""
    share: float
    """Share of harmless pull requests in which some row scores as high; one for a row that was ``cleared``."""
    share_faster: float
    """The same in the other direction."""
    detectable: float
    """Smallest slowdown (a ratio) that would have been caught four times in five."""
    design: str
    """Which limits hold."""
    standing: Standing = "judged"
    is_suspect: bool = False
    """One run says so, loudly enough to measure it again and not loudly enough to block."""
    notices: list[Notice] = field(default_factory=list)
    doubt: Notice | None = None
    """Why this row is inconclusive whatever its test says: something else may have moved it."""


@dataclass(frozen=True)
class SuiteChange:
    """What all endpoints share, by one metric."""

    metric: str
    shift: Shift
    margin: float
    share: float
    """As of a row."""
    limit: float
    proves: bool
    """Whether such a change blocks as a slowdown; else the runner or the hosts may be behind it, and it is a
    suspicion."""
    detectable: float
    is_open: bool = False
    """Suspected, but not measured on fresh deployments."""


@dataclass(frozen=True)
class Changes:
    """All latency metrics of a pull request."""

    rows: tuple[Change, ...]
    suite: tuple[SuiteChange, ...]
