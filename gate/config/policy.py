"""What blocks, what a measurement may cost, and where stored runs are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gate.config.base import Model
from gate.config.objectives import Tolerance
from gate.config.scalars import (
    ROW_PATTERN,
    Day,
    DurationS,
    RateRps,
    Ratio,
    Store,
    Text,
)


class Budget(Model):
    """What one check may cost in warm-up and blocks; waiting for deployments, logins, hooks and scenarios are apart."""

    time_s: DurationS = Field(default=180.0, alias="time", gt=0, le=21_600)
    """Time spent on warm-up and blocks, of all pairs of deployments together."""
    requests: int = Field(default=60_000, ge=100, le=100_000_000)
    """Requests sent in that time."""


class Waiver(Model):
    """A regression that is accepted for a time, up to a ceiling."""

    row: str = Field(pattern=ROW_PATTERN, max_length=200)
    """suite/endpoint/metric."""
    ceiling: Ratio = Field(gt=0, le=10)
    """Largest slowdown that is accepted."""
    until: Day
    """Last day on which it counts."""
    reason: Text
    """Shown wherever the waiver counts."""


class Policy(Model):
    """What blocks, and what the measurement may cost."""

    tolerance: Tolerance = Tolerance()
    """Smallest slowdown that blocks, for endpoints that do not say their own."""
    absolute_floor_s: DurationS = Field(default=1e-3, alias="absolute_floor", ge=0, le=60)
    """Slowdowns smaller than this are told, never blocked."""
    false_block_rate: Ratio = Field(default=0.01, gt=0, le=0.2)
    """Chance that a pull request that changes nothing is blocked, over all rows together."""
    budget: Budget = Budget()
    """What one check may cost."""
    max_rate_rps: RateRps = Field(default=50.0, alias="max_rate", le=100_000)
    """Never exceeded against this preview, both arms counted together."""
    objectives: Literal["block", "ratchet"] = "block"
    """``ratchet``: a missed objective blocks only where it is also worse than base."""
    on_inconclusive: Literal["approve", "block"] = "approve"
    """Rows that the data could not decide."""
    on_missing_baseline: Literal["approve", "block"] = "approve"
    """No stored run yet; objectives still judge."""
    on_global_suspect: Literal["block", "approve"] = "block"
    """Everything slower at once and not confirmed."""
    on_suspect: Literal["decide", "confirm", "confirm_more"] = "decide"
    """Whether one run compared with stored ones decides by itself, or only says what two on other runners confirm.

    ``confirm`` has 15 % of harmless pull requests measured again, ``confirm_more`` 40 %, and sees more.
    """
    accept_label: Text = Field(default="perf-accepted", max_length=50)
    """Label by which who may write accepts what regressed at the head of a pull request."""
    waivers: list[Waiver] = Field(default_factory=list, max_length=100)
    """Regressions accepted for a time."""


class Baselines(Model):
    """Where stored runs of main are, and which of them count."""

    store: Store = "dir:baselines"
    """``dir:FOLDER``, or on GitHub ``branch:NAME``: a branch of its own, made on first use."""
    window: int = Field(default=30, ge=1, le=100)
    """The newest so many runs count."""
    max_age_s: DurationS = Field(default=60 * 86_400.0, alias="max_age", gt=0, le=3660 * 86_400)
    """Older runs do not count."""
