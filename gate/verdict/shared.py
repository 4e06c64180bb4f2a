"""What ways of comparing have in common: limits as shares, values as shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gate.record.blocks import run_values
from gate.record.endpoint import Block
from gate.record.run import Run
from gate.record.value import Arm
from gate.stats.limits import Scores, blocked_share, limit_at
from gate.stats.scores import normal_score
from gate.stats.shift import Shift
from gate.stats.special import ndtri

LATENCY_SHARE = 0.85
"""Part of the promised false-block rate that the latencies may spend; the rest is for errors and objectives."""


def limit_of(rate: float, scores: Scores) -> float:
    """Score from which a latency blocks under the promised rate."""
    return limit_at(rate * LATENCY_SHARE, scores)


def share_of(score: float, scores: Scores) -> float:
    """Adjusted p of a latency, as a share of the whole promised rate."""
    return min(1.0, blocked_share(score, scores) / LATENCY_SHARE)


def score_slower(shift: Shift, margin: float) -> float:
    """Standard normal score of "slower by more than the margin"."""
    return float(normal_score((shift.effect - math.log1p(margin)) / shift.se, shift.df))


def score_faster(shift: Shift, margin: float) -> float:
    """Standard normal score of "faster by more than the margin"."""
    return float(normal_score(-(shift.effect + math.log1p(margin)) / shift.se, shift.df))


def detectable(shift: Shift, margin: float, limit: float, least: float, power: float = 0.8) -> float:
    """Smallest slowdown that reaches the limit with such a probability, and not less than policy would block."""
    reach = (limit + float(ndtri(power))) * shift.se
    return max(least, (1 + margin) * math.exp(min(reach, 700.0)) - 1)


def blocks_of(run: Run, name: str, arm: Arm) -> Sequence[Block]:
    """Blocks of one endpoint on one arm; none if it was not measured there."""
    record = run.endpoints.get(name)
    side = record.arms.get(arm) if record is not None else None
    return side.blocks if side is not None else []


def seconds(runs: Sequence[Run], name: str, arm: Arm) -> tuple[float | None, float | None]:
    """Centre and p95 of all blocks of an arm, as shown; None with fewer than three blocks."""
    centre, _ = run_values([[block for run in runs for block in blocks_of(run, name, arm)]])
    return shown(centre[0, 0]), shown(centre[0, 1])


def shown(log_s: float) -> float | None:
    """Back from the log; None where there is no value."""
    return math.exp(log_s) if math.isfinite(log_s) else None


def has_latency(run: Run, name: str) -> bool:
    """Whether a run can serve as a baseline of an endpoint's latency."""
    return bool(np.isfinite(run_values([blocks_of(run, name, "candidate")])[0]).all())
