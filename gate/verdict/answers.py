"""Whether the preview answers as base or baselines did: errors and sizes, before any speed is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.baseline.select import comparable
from gate.record.endpoint import ArmRecord
from gate.record.run import Run
from gate.record.value import Arm
from gate.stats.proportion import dispersion, p_more
from gate.stats.special import betaincinv

WORKING, FAILING = 0.01, 0.5
"""Error shares up to which an endpoint counts as working, and from which as failing."""
LEAST_RISE = 0.005
"""A rise of errors smaller than half a point never blocks."""
THROTTLED = "throttled"
"""Kind of error by which a preview asks to slow down: it tells of the preview's limits, not of the pull request."""
SHRUNK = 0.5
"""Bodies smaller than this share of the smallest on main are unexpected, unless the suite states the least."""


def told_kinds(errors: Mapping[str, int], most: int = 3) -> str:
    """Kinds of errors as people say them, the most frequent first: ``3 x status 500, 1 x timeout``."""
    ranked = sorted(errors.items(), key=lambda each: -each[1])[:most]
    return ", ".join(f"{count:,} x {kind.replace('_', ' ')}" for kind, count in ranked)


@dataclass(frozen=True)
class Errors:
    """Requests that were not answered as expected, on both sides."""

    endpoint: str
    sent: int
    failed: int
    kinds: dict[str, int]
    base_sent: int
    base_failed: int
    p_more: float
    detectable: float | None
    dispersion: float

    @property
    def share(self) -> float:
        """Of the candidate; 1 if nothing was sent, which is no success."""
        return self.failed / self.sent if self.sent else 1.0

    @property
    def base_share(self) -> float | None:
        return self.base_failed / self.base_sent if self.base_sent else None

    @property
    def is_throttled(self) -> bool:
        """Whether most of what failed was asked to slow down."""
        return self.failed > 0 and 2 * self.kinds.get(THROTTLED, 0) >= self.failed

    @property
    def is_no_worse(self) -> bool:
        """Whether so few failed that what is left still tells how fast the endpoint is."""
        return self.share <= max(WORKING, self.base_share or 0.0)


@dataclass(frozen=True)
class Body:
    """Mean size of answers as expected, in bytes."""

    endpoint: str
    candidate: float
    smallest_base: float

    @property
    def is_shrunk(self) -> bool:
        return not self.candidate >= SHRUNK * self.smallest_base


def compare_errors(endpoint: str, candidates: list[ArmRecord], base: list[ArmRecord], level: float) -> Errors:
    """Test whether errors became more frequent; bursts count as fewer than they are."""
    # Within each side: pooled, the very rise under test would pass for a burst.
    sides = (candidates, base)
    effect = max(dispersion([block.errors for record in side for block in record.blocks]) for side in sides)
    sent, failed = sum(record.sent for record in candidates), sum(record.failed for record in candidates)
    base_sent, base_failed = sum(record.sent for record in base), sum(record.failed for record in base)
    kinds: dict[str, int] = {}
    for record in candidates:
        for kind, count in record.errors.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Errors(
        endpoint=endpoint,
        sent=sent,
        failed=failed,
        kinds=kinds,
        base_sent=base_sent,
        base_failed=base_failed,
        p_more=p_more(failed / effect, sent / effect, base_failed / effect, base_sent / effect),
        detectable=_detectable(sent, base_sent, base_failed, effect, level),
        dispersion=effect,
    )


def _detectable(sent: int, base_sent: int, base_failed: int, effect: float, level: float) -> float | None:
    """Smallest error share that the test would have caught four times in five; None if even all failing would pass."""
    n, n0, x0 = sent / effect, base_sent / effect, base_failed / effect
    least = next((x for x in range(1, int(n) + 1) if p_more(x, n, x0, n0) <= level), None)
    if least is None or least >= n:
        return None
    # Share at which at least `least` of n are errors with chance 0.8 (Clopper-Pearson read the other way).
    return max(LEAST_RISE, float(betaincinv(least, n - least + 1, 0.8)))


def compare_bodies(endpoint: str, candidates: list[ArmRecord], base: list[ArmRecord]) -> Body | None:
    """Sizes on both sides; None where either has no answer as expected."""
    new = [(record.body_mean, record.n) for record in candidates if record.body_mean is not None and record.n]
    old = [record.body_mean for record in base if record.body_mean is not None]
    if not new or not old:
        return None
    return Body(endpoint, sum(mean * n for mean, n in new) / sum(n for _, n in new), min(old))


def arm_records(runs: tuple[Run, ...], endpoint: str, arm: Arm) -> list[ArmRecord]:
    """Records of one endpoint and arm in all runs that have it."""
    found = [run.endpoints[endpoint].arms.get(arm) for run in runs if endpoint in run.endpoints]
    return [record for record in found if record is not None]


def stored_records(baselines: tuple[Run, ...], candidate: Run, endpoint: str) -> list[ArmRecord]:
    """Records of one endpoint in stored runs that measured it in the same way."""
    record = candidate.endpoints.get(endpoint)
    if record is None:
        return []
    same = tuple(run for run in baselines if comparable(run, endpoint, record.config_hash))
    return arm_records(same, endpoint, "candidate")
