"""What an objective is judged on, and what came of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from gate.config.objectives import OF_CONNECTIONS
from gate.load.histogram import Histogram
from gate.record.value import Notice

Unit = Literal["s", "ratio", "rps", "bytes", "count"]


@dataclass(frozen=True)
class Observed:
    """What objectives are judged on: one endpoint or scenario of the candidate, all runs together."""

    histogram: Histogram
    sent: int
    failed: int
    block_log_means: tuple[float, ...] = ()
    block_means_s: tuple[float, ...] = ()
    block_errors: tuple[int, ...] = ()
    block_size: float = math.nan
    """Empty and NaN for scenarios, which are one stretch: their requests are taken as they come."""
    body_max: int | None = None
    achieved_rps: float = math.nan
    capacity_rps: float = math.nan
    """Of a search that found a level; NaN otherwise."""
    worst_s: float = math.nan
    connect: Histogram = field(default_factory=Histogram)
    """Times to open a WebSocket."""
    lost: float = math.nan
    """WebSockets that the server ended; NaN where none was opened."""
    unanswered: int = 0
    """Requests of a scenario that were not answered as expected: slower than any limit. Those of an endpoint have a row
    of their own, in which they are judged whatever its objectives."""
    unopened: int = 0
    """WebSockets that were refused or given up; the same."""


@dataclass(frozen=True)
class Limit:
    """One objective with its evidence."""

    statistic: str
    limit: float
    unit: Unit
    value: float
    """Estimate; NaN if nothing was measured."""
    lo: float = math.nan
    hi: float = math.nan
    p_missed: float = 1.0
    """Small means the limit is really missed; joins the family of the pull request."""
    is_met: bool = False
    is_check: bool = False
    """Seen or not seen: decided without a test."""
    test: str = ""
    n: int = 0
    design_effect: float | None = None
    over: int | None = None
    """Requests beyond the limit or failed, where a share of them is tested."""
    share: float | None = None
    """The share that may be."""
    se: float | None = None
    df: float | None = None
    """Of a mean over blocks."""
    blocks: int | None = None
    """That the requests came in; None for one stretch."""
    notices: tuple[Notice, ...] = ()
    if_open: tuple[Notice, ...] = ()
    """In place of these where all tests together leave it undecided; none where they say the same then."""


_COUNTED = {"mean": "blocks", "error_rate": "requests"} | dict.fromkeys(OF_CONNECTIONS, "connections")
"""What there was too little of, by statistic; of all others answers."""


def too_little(statistic: str) -> Notice:
    """That nothing can be said."""
    what = _COUNTED.get(statistic, "answers")
    cure = "see why none was opened" if statistic in OF_CONNECTIONS else "raise policy.budget"
    return Notice(code="too-little-data", message=f"too few {what} to judge this objective", cure=cure)


BEYOND = "beyond-all-answers"
"""Code of a notice: so many failed that a quantile is beyond all that came, and is told as the longest of these."""


def failed_too(failed: int, n: int, statistic: str, *, is_beyond: bool = False) -> tuple[Notice, ...]:
    """How many have no latency, and what they count as.

    Parameters
    ----------
    is_beyond : bool
        Whether the statistic is longer than any answer that came.
    """
    if not failed:
        return ()
    what = "connections were not opened" if statistic in OF_CONNECTIONS else "requests were not answered as expected"
    told = f"{failed} of {n} {what}: they count as slower than any limit"
    if is_beyond:
        return (Notice(code=BEYOND, message=f"{told}, so {statistic} is longer than any that came"),)
    return (Notice(code="failures-are-slow", message=told),)


def more_needed(needed: int, n: int, statistic: str, *, of_scenario: bool) -> Notice:
    """That no number of good ones among so few could show the limit to be met.

    How many it takes follows from the share that may be beyond it: of a quantile no other limit would change that.
    """
    what, cure = "requests", "let the scenario go on for longer" if of_scenario else "raise policy.budget"
    if statistic in OF_CONNECTIONS:
        what, cure = "connections", "let the scenario open more of them"
    relaxed = "allow more errors" if statistic == "error_rate" else "limit a lower quantile"
    return Notice(
        code="more-requests-needed",
        message=f"{n} {what} cannot show this limit to be met; {needed} without a miss could",
        cure=f"{cure}, or {relaxed}",
    )
