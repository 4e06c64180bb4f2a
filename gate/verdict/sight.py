"""What a way of measuring would see, before anything is measured: sizes, cost, how often it deploys afresh. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gate.baseline.noise import StoredNoise
from gate.config.suite import Suite
from gate.measure.counts import BLOCK_REQUESTS, WARMUP_REQUESTS
from gate.measure.layout import FIXED
from gate.measure.plan import LEAST_WARMUP_STEPS, round_cost
from gate.stats.beliefs import Beliefs
from gate.stats.constants import DUETS, STORED
from gate.stats.designs import METRICS, DuetDesign, Stage, StoredDesign
from gate.stats.limits import duet_scores, stored_scores, suspected_from
from gate.stats.location import Floats
from gate.stats.power import detectable_duet, detectable_stored, suspected_share
from gate.stats.special import ndtri
from gate.stats.stored import ASSUMED_DF, FEW_RUNS
from gate.verdict.shared import LATENCY_SHARE, limit_of
from gate.verdict.stored_rows import confirming_design

PAIRS = ((1, 0), (1, 1), (1, 2), (2, 2))
"""Pairs of deployments at first and afresh."""
_ANY = (-9.0, -9.0)
_HALF = 0.5
"""With one or two stored runs only such a change may block."""
_POOLED_DF = 4.0
"""Degrees of freedom that endpoints lend each other, as in ``compare_stored``."""


@dataclass(frozen=True)
class Way:
    """One way of measuring a pull request."""

    kind: str
    """``duet`` or ``stored``."""
    design: str
    pairs: tuple[int, int]
    """Pairs of deployments at first and afresh; of a stored comparison ``(0, 0)``."""
    runs: int
    """Stored runs that are compared with; of a duet zero."""
    sees: Floats
    """Smallest slowdowns caught four times in five, shape ``(endpoints, metrics)``, ratios."""
    requests: float
    """Of a harmless pull request, on average."""
    time_s: float
    """Warm-up included, as in the budget; without scenarios, and without waiting for deployments."""
    afresh: float
    """Share of harmless pull requests that need fresh deployments, or runs on other runners."""

    def typical(self, metric: int) -> float:
        """Median over endpoints; NaN where nothing is known."""
        known = self.sees[np.isfinite(self.sees[:, metric]), metric]
        return float(np.median(known)) if len(known) else float("nan")


@dataclass(frozen=True)
class SetUp:
    """What is known of a suite's surroundings."""

    suite: Suite
    noise: StoredNoise
    beliefs: Beliefs
    is_strict: bool = False
    """Neither tolerance nor floor let anything pass: what could be seen without them."""

    @property
    def least(self) -> Floats:
        """Change that policy would block at all: the tolerance or the floor, shape ``(endpoints, metrics)``."""
        names = self.noise.names
        if self.is_strict:
            return np.zeros((len(names), len(METRICS)))
        tolerance = np.array([[self.suite.tolerance_of(name, metric) for metric in METRICS] for name in names])
        floor = np.nan_to_num(self.suite.policy.absolute_floor_s / self.noise.latency_s)
        return np.asarray(np.maximum(tolerance, floor))

    def suspects_s(self, left: Floats) -> float:
        """Time for one request of each suspect, side by side up to ``max_rate``.

        Parameters
        ----------
        left : ndarray, shape (endpoints,)
            Chance of each to be suspected.
        """
        slowest = min(self.suite.endpoints[name].rate_rps for name in self.noise.names)
        any_left = 1 - float(np.prod(1 - left))
        return max(any_left / slowest, float(left.sum()) / self.suite.policy.max_rate_rps)

    def rounds_s(self, arms: int) -> float:
        """Time of one round of all endpoints."""
        return round_cost(self.suite, None, arms).time_s


def design_of(effort: str, pairs: tuple[int, int]) -> DuetDesign:
    """The design that checks follow with so many pairs of deployments at first and afresh."""
    return next(design for design in DUETS if design.name == f"{effort} {pairs[0]}+{pairs[1]}")


def duet_way(set_up: SetUp, effort: str, pairs: tuple[int, int]) -> Way:
    """A duet in stages, whatever it takes."""
    return staged_way(set_up, design_of(effort, pairs), pairs)


def staged_way(set_up: SetUp, design: DuetDesign, pairs: tuple[int, int]) -> Way:
    """A duet in stages, some of which may be shorter than the design's own, or without looks."""
    return _duet(set_up, design, design.name if design.effort != FIXED else f"{FIXED} 1", pairs)


def fixed(rounds: int) -> DuetDesign:
    """One pair of deployments without looks, for when the budget does not reach for more."""
    return DuetDesign(FIXED, (Stage(rounds, _ANY),), ())


def unlimited_duet(set_up: SetUp, pairs: tuple[int, int]) -> Way:
    """What deployments alone would leave to be seen, were requests for nothing."""
    free = replace(set_up, noise=replace(set_up.noise, pair_variance=set_up.noise.pair_variance * 1e-6))
    return duet_way(free, "thorough", pairs)


def _duet(set_up: SetUp, design: DuetDesign, limits: str, pairs: tuple[int, int]) -> Way:
    noise, beliefs = set_up.noise, set_up.beliefs
    scores = duet_scores(limits, len(noise.names), beliefs.widest)
    limit = limit_of(set_up.suite.policy.false_block_rate, scores)
    sees = detectable_duet(
        noise.pair_variance,
        design,
        beliefs.sigma_dep,
        limit,
        least=set_up.least,
        offset_variance=beliefs.offset_variance,
    )
    stays = suspected_share(noise.pair_variance, design, beliefs.sigma_dep, beliefs.offset_variance)
    left = [np.ones(len(noise.names)), *(1 - (1 - rows).prod(axis=-1) for rows in stays)]
    requests = [2 * BLOCK_REQUESTS * stage.rounds for stage in (*design.first, *design.fresh)]
    afresh = float(1 - (1 - left[len(design.first)]).prod()) if design.fresh else 0.0
    warm = LEAST_WARMUP_STEPS * WARMUP_REQUESTS / BLOCK_REQUESTS * (pairs[0] + afresh * pairs[1])
    first = design.first[0].rounds + warm
    later = list(zip(requests[1:], left[1:], strict=False))
    return Way(
        kind="duet",
        design=limits,
        pairs=pairs,
        runs=0,
        sees=sees,
        requests=2 * BLOCK_REQUESTS * first * len(noise.names) + float(sum(n * live.sum() for n, live in later)),
        time_s=first * set_up.rounds_s(2) + sum(n * set_up.suspects_s(live) for n, live in later),
        afresh=afresh,
    )


def stored_way(set_up: SetUp, runs: int, rounds: int) -> Way:
    """One run of the candidate, of so many rounds, against so many stored runs that vary as those at hand do."""
    noise, suite = set_up.noise, set_up.suite
    more = noise.request_variance * (1 / (rounds * BLOCK_REQUESTS) - 1 / noise.requests)
    one = np.maximum(noise.rows.candidate_variance + more, 0.1 * noise.rows.candidate_variance)
    stored = noise.rows.stored_variance * max(noise.runs, 1) / runs
    fitted = np.where(noise.removed, runs - 1 + _POOLED_DF, runs - 1.0) * np.ones(one.shape)
    df = np.full(one.shape, ASSUMED_DF) if runs < FEW_RUNS else fitted  # as the verdict has it
    design = confirming_design(suite) or STORED[0]
    # What main has shown has to be exceeded as well, unless so little is known that only a half counts.
    least = np.maximum(set_up.least, _HALF if runs < FEW_RUNS else np.expm1(noise.shown))
    relative, plain = (
        detectable_stored(one, stored, df, design, limit, suspected_from=suspected, least=least, endpoints=endpoints)
        for limit, suspected, endpoints in _stored_limits(set_up, design, runs)
    )
    warm = LEAST_WARMUP_STEPS * WARMUP_REQUESTS / BLOCK_REQUESTS
    return Way(
        kind="stored",
        design=design.name,
        pairs=(0, 0),
        runs=runs,
        sees=np.where(noise.removed, relative, plain),
        requests=BLOCK_REQUESTS * (rounds + warm) * len(noise.names),
        time_s=(rounds + warm) * set_up.rounds_s(1),
        afresh=design.suspected_share or 0.0,
    )


def _stored_limits(set_up: SetUp, design: StoredDesign, runs: int) -> Iterator[tuple[float, float, int]]:
    """Limit and score from which is suspected, for how many endpoints: with what all share taken out, and without."""
    endpoints, rate = len(set_up.noise.names), set_up.suite.policy.false_block_rate
    yield (
        limit_of(rate, stored_scores(design.name, endpoints, runs)),
        suspected_from(design, endpoints, runs),
        endpoints,
    )
    rows = 2 * endpoints
    if design.suspected_share is None:
        yield float(-ndtri(rate * LATENCY_SHARE / rows)), -math.inf, 0
    else:
        yield float(-ndtri(rate * LATENCY_SHARE)), float(-ndtri(design.suspected_share / rows)), 0
