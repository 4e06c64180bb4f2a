"""Before the blocks: small steps until the latencies stop falling, then some requests one at a time.

Steady by a ratio: a step is the last when its median is not below 0.9 of the median of the step before. Rules that find
the end of a transient in a finished series, such as MSER (White, K. P. (1997), doi:10.1177/003754979706900601), need
more samples than a warm-up may cost, and here the series can still go on. With ten requests and a spread of 0.25 (log)
the ratio of two medians of a steady endpoint falls below 0.9 one time in four; that costs one more step and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.config.suite import Suite
from gate.load.job import LaneResult, Schedule, SegmentResult, Stream
from gate.measure.allowance import Allowance
from gate.measure.counts import WARMUP_REQUESTS
from gate.measure.driver import CutShort, Refused, deployment
from gate.measure.hashes import block_seed
from gate.measure.plan import LEAST_WARMUP_STEPS, Step
from gate.measure.segments import Course, course_of_step, lane_of_block
from gate.record.endpoint import WarmUp
from gate.record.value import Arm
from gate.stats.sample import quantile

STEADY_RATIO = 0.9
MOST_STEPS = 6
MOST_OF_BUDGET = 0.2
"""Share of the time budget after which no group takes a further step."""
SINGLES = 10
SINGLES_S = 1.0
"""One at a time: so many requests of each endpoint and deployment, or for so long."""

Drive = Callable[[Course, Arm, str], SegmentResult]


@dataclass
class Warmth:
    """One endpoint on one deployment while it warms up."""

    requests: int = 0
    medians: list[float] = field(default_factory=list)
    """Of each step; NaN where nothing was answered as expected."""
    cold_start_s: float | None = None
    singles: list[float] = field(default_factory=list)

    def add(self, lane: LaneResult) -> None:
        """Take in one step."""
        if not self.medians and lane.samples:
            self.cold_start_s = lane.samples[0]
        self.requests += lane.sent
        self.medians.append(quantile(lane.samples, 0.5) if lane.samples else math.nan)

    def add_singles(self, lane: LaneResult) -> None:
        """Take in requests made one at a time."""
        self.requests += lane.sent
        self.singles += lane.samples

    @property
    def is_falling(self) -> bool:
        """Whether another step may still be faster; an endpoint that does not answer is not waited for."""
        return is_falling(self.medians)

    def record(self) -> WarmUp:
        """What is written to the run."""
        known = [median for median in self.medians if math.isfinite(median)]
        return WarmUp(
            requests=self.requests,
            steps=len(self.medians),
            is_steady=len(known) >= LEAST_WARMUP_STEPS and not self.is_falling,
            cold_start_s=_rounded(self.cold_start_s),
            first_p50_s=_rounded(known[0]) if known else None,
            last_p50_s=_rounded(known[-1]) if known else None,
            single_n=len(self.singles),
            single_p50_s=_rounded(quantile(self.singles, 0.5)) if self.singles else None,
        )


def is_falling(medians: list[float]) -> bool:
    """Whether the last step was clearly faster than the one before; False where either has no median."""
    return len(medians) >= LEAST_WARMUP_STEPS and medians[-1] < STEADY_RATIO * medians[-2]


class WarmingUp:
    """Warms up groups of endpoints on all deployments alike: in a duet both take the same steps."""

    def __init__(
        self, suite: Suite, origins: Mapping[Arm, str], allowance: Allowance, drive: Drive, now_s: Callable[[], float]
    ) -> None:
        self._suite = suite
        self._origins = origins
        self._allowance = allowance
        self._drive = drive
        self._now_s = now_s
        self.warmth: dict[tuple[str, Arm], Warmth] = {}

    def run(self, groups: Sequence[tuple[str, ...]]) -> None:
        """Warm up endpoints in groups, side by side, then ask each of them one at a time."""
        until_s = self._now_s() + MOST_OF_BUDGET * self._suite.policy.budget.time_s
        for group in groups:
            self._warm(group, until_s)
        for group in groups:
            for name in group:
                for arm in self._origins:
                    if self._now_s() < until_s:
                        self._ask_singly(name, arm)

    def record(self) -> dict[str, dict[Arm, WarmUp]]:
        """What is written to the run."""
        told: dict[str, dict[Arm, WarmUp]] = {}
        for (name, arm), warmth in self.warmth.items():
            told.setdefault(name, {})[arm] = warmth.record()
        return told

    def _warm(self, group: tuple[str, ...], until_s: float) -> None:
        for number in range(MOST_STEPS):
            known = [warmth for (name, _), warmth in self.warmth.items() if name in group]
            is_over = not any(warmth.is_falling for warmth in known) or self._now_s() >= until_s
            if number >= LEAST_WARMUP_STEPS and is_over:
                return
            for arm, origin in self._origins.items():
                able = self._allowance.take(group, origin, WARMUP_REQUESTS)
                if able:
                    self._step(Step(-1 - number, arm, able))

    def _step(self, step: Step) -> None:
        """One step; its rounds count downwards from zero, so that its data and arrivals are not those of a block."""
        what = f"warming up {', '.join(step.endpoints)} on the {deployment(step.arm)}"
        course = course_of_step(self._suite, step, WARMUP_REQUESTS, self._origins[step.arm])
        try:
            result = self._drive(course, step.arm, what)
        except (CutShort, Refused) as stopped:
            self._keep(step.arm, stopped.result)
            raise
        self._keep(step.arm, result)

    def _keep(self, arm: Arm, result: SegmentResult | None) -> None:
        for name, lane in result.lanes.items() if result is not None else ():
            self.warmth.setdefault((name, arm), Warmth()).add(lane)

    def _ask_singly(self, name: str, arm: Arm) -> None:
        origin = self._origins[arm]
        if not self._allowance.take((name,), origin, SINGLES):
            return
        number = -1 - MOST_STEPS
        seed = block_seed(self._suite.name, name, number)
        schedule = Schedule(users=1, count=SINGLES, for_s=SINGLES_S, seed=seed)
        course = Course((Stream(schedule, (lane_of_block(self._suite, name, number, origin),)),), None, SINGLES_S)
        result = self._drive(course, arm, f"asking {name} of the {deployment(arm)} one at a time")
        self.warmth.setdefault((name, arm), Warmth()).add_singles(result.lanes[name])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 7)
