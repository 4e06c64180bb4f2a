"""The oracle: what somebody would see who knows every variance, with the stages and requests of our plans.

``python -m bench.decision oracle --seed 1`` searches designs around each plan,
calibrates the best to one false block in a hundred pull requests and puts it through the standard table. It is the best
found, not a proven bound. In duets it spends the whole hundredth on one metric and redeploys as often as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bench.decision.staged import Design, Outcome, Setting, Stage, judge, run
from bench.decision.table import Case, Judged, draw_effects
from bench.decision.world import Floats, Noise

FALSE_BLOCKS = 0.01
ENDPOINTS = 20
SOUGHT, SOUGHT_P95 = 0.10, 0.20
"""Designs are chosen for their power with one endpoint so much slower; where both metrics are tested half of the pull
requests have only their p95 that much slower, else the search would give p95 up."""
SEARCH_PRS, CALIBRATION_PRS = 2_000, 20_000
_RANDOM = 0.3
"""Share of the designs drawn around the plan, before others are drawn in smaller steps around the best so far."""
_SIZE_STEP, _KEEP_STEP, _MARGIN_STEP, _LEAN_STEP = 0.3, 0.4, 0.01, 0.4
"""Standard deviations of a random step: log of blocks or requests, z, log ratio, power."""


@dataclass(frozen=True)
class Plan:
    """Where a search begins, and what a design may cost."""

    name: str
    setting: Setting
    noise: Noise
    start: Design
    most_requests: float
    """Mean over harmless pull requests."""
    most_second_stage: float = 1.0
    """Share of harmless pull requests that go beyond the first stage."""
    designs: int = 500
    """To be tried."""
    published: float | None = None
    """Power of an earlier study's oracle for the case that designs are chosen for."""


@dataclass(frozen=True)
class Oracle:
    """A searched and calibrated design, as a procedure of the standard table; searched when first asked."""

    plan: Plan
    seed: int

    @property
    def name(self) -> str:
        """That of its plan."""
        return self.plan.name

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """Measure and judge; the noise is to be that of the plan."""
        return judge(rng, self.plan.setting, noise, self.design, effects)

    @cached_property
    def design(self) -> Design:
        """The best design found, its last thresholds set on pull requests that the search has not seen."""
        rng = np.random.default_rng([self.seed, 3])
        best = search(self.plan, self.seed)
        none = draw_effects(rng, Case(ENDPOINTS, "none"), CALIBRATION_PRS)
        return calibrated(best, run(rng, self.plan.setting, self.plan.noise, best, none))


def search(plan: Plan, seed: int) -> Design:
    """Most powerful design tried within the plan's cost, all met by the same pull requests."""
    steps = np.random.default_rng([seed, 1])
    best, best_power = plan.start, -1.0
    for at in range(plan.designs):
        near = (plan.start, 1.0) if at < _RANDOM * plan.designs else (best, 0.5)
        design = plan.start if at == 0 else _moved(steps, *near)
        power = _power(plan, design, seed)
        if power > best_power:
            best, best_power = design, power
    return best


def _power(plan: Plan, design: Design, seed: int) -> float:
    """Share caught at the calibrated level; minus one for a design that costs too much."""
    rng = np.random.default_rng([seed, 2])
    none = draw_effects(rng, Case(ENDPOINTS, "none"), SEARCH_PRS)
    harmless = run(rng, plan.setting, plan.noise, design, none)
    if harmless.requests.mean() > plan.most_requests or harmless.second_stage.mean() > plan.most_second_stage:
        return -1.0
    slower = _sought(rng, plan.setting)
    outcome = run(rng, plan.setting, plan.noise, design, slower)
    caught = outcome.z >= np.array(calibrated(design, harmless).final)
    return float(np.any(caught & np.any(slower > 0, axis=2)[..., None], axis=(1, 2)).mean())


def _sought(rng: np.random.Generator, setting: Setting) -> Floats:
    """Effects of the pull requests that a design is to catch."""
    one = draw_effects(rng, Case(ENDPOINTS, "one", SOUGHT), SEARCH_PRS)
    if len(setting.metrics) > 1:
        half = SEARCH_PRS // 2
        one[:half] = draw_effects(rng, Case(ENDPOINTS, "p95", SOUGHT_P95), half)
    return one


def calibrated(design: Design, harmless: Outcome) -> Design:
    """The design with last thresholds that false blocks keep to, the same share of them for every metric.

    Metrics fail together at times, so the thresholds of both are lowered by one common quantile until the union holds.
    """
    worst = harmless.z.max(axis=1)
    allowed = int(FALSE_BLOCKS * len(worst))
    ordered = np.sort(worst, axis=0)[::-1]
    # Rank r lets r pull requests through per metric; the largest rank whose union is allowed.
    low, high = allowed // worst.shape[1], allowed
    while low < high:
        middle = (low + high + 1) // 2
        if np.any(worst > ordered[middle], axis=1).sum() <= allowed:
            low = middle
        else:
            high = middle - 1
    return replace(design, final=tuple(np.nextafter(ordered[low], np.inf).tolist()))


def _moved(rng: np.random.Generator, design: Design, step: float) -> Design:
    """A design a random step away."""

    def around(values: tuple[float, ...], sd: float) -> tuple[float, ...]:
        return tuple((np.array(values) + rng.normal(0, sd * step, len(values))).tolist())

    (lean,) = around((design.lean,), _LEAN_STEP)
    return Design(
        tuple(_resized(stage, float(np.exp(rng.normal(0, _SIZE_STEP * step)))) for stage in design.stages),
        tuple(around(row, _KEEP_STEP) for row in design.keep),
        tuple(max(0.0, margin) for margin in around(design.margin, _MARGIN_STEP)),
        lean=max(0.0, lean) if design.stages[0].blocks > 1 else 0.0,
    )


def _resized(stage: Stage, factor: float) -> Stage:
    """In a duet the number of blocks varies, not their size; a run is one block, and its requests vary."""
    if stage.blocks > 1:
        return replace(stage, blocks=max(2, round(stage.blocks * factor)))
    return replace(stage, n=max(50, 10 * round(stage.n * factor / 10)))


_QUICK = Stage(7, 50, 0), Stage(4, 100, 0), Stage(15, 100, 0), Stage(19, 100, 1), Stage(16, 100, 1)
_THOROUGH = Stage(11, 50, 0), Stage(11, 100, 0), Stage(42, 100, 0), Stage(10, 250, 1), Stage(7, 250, 1)
_DUET_KEEP = ((0.5,), (1.5,), (2.0,), (1.5,))


def _duet(
    name: str,
    sigma: tuple[float, float],
    published: float | None = None,
    pairs: tuple[int, int] = (1, 1),
    metric: int = 0,
    stages: tuple[Stage, ...] = _QUICK,
    most_requests: float = 23_000,
) -> Plan:
    start = Design(stages, _DUET_KEEP, (float(np.log(1.01)),))
    setting = Setting((metric,), pairs=pairs)
    return Plan(f"oracle, duet {name}", setting, Noise(deployment=sigma), start, most_requests, published=published)


def _stored(k: int, most_rerun: float, published: float | None = None) -> Plan:
    """One run of everything, one more for suspects, then two; runs after the first need the rest too, but shortly."""
    stages = (
        Stage(1, 1_000, 0),
        Stage(1, 500 if k > 5 else 1_000, 1, others=100),
        Stage(1, 1_000, 2, others=100),
        Stage(1, 1_000, 3, others=100),
    )
    first = 1.0 if most_rerun > 0.5 else 2.0
    keep = (first, first + 0.3), (1.7, 1.5), (-np.inf, -np.inf)
    start = Design(stages, keep, (float(np.log(1.02)), float(np.log(1.03))))
    name = f"oracle, {k} stored runs, re-measured <= {most_rerun:.0%}"
    return Plan(name, Setting((0, 1), stored=k), Noise(), start, 24_000, most_rerun, designs=240, published=published)


_LOW, _HIGH = (0.01, 0.02), (0.03, 0.06)
PLANS = (
    _duet("1/2 %", _LOW, 0.944),
    _duet("1/2 %, on p95", _LOW, metric=1),
    _duet("1/2 %, thorough, 45,000 requests", _LOW, stages=_THOROUGH, most_requests=45_000),
    _duet("3/6 %, pairs 1+1", _HIGH, 0.285),
    _duet("3/6 %, pairs 1+2", _HIGH, pairs=(1, 2)),
    _duet("3/6 %, pairs 2+2", _HIGH, 0.675, pairs=(2, 2)),
    _stored(20, 1.0, 0.944),
    _stored(20, 0.4),
    _stored(20, 0.15),
    _stored(5, 1.0, 0.919),
    _stored(5, 0.5),
    _stored(5, 0.2),
)
"""Published: an earlier study's oracles for the same model, one endpoint of twenty 10 % slower."""
