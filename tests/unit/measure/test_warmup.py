"""When a warm-up is over, and what is told of it."""

from __future__ import annotations

import math

import pytest

from gate.config.suite import Suite
from gate.load.job import LaneResult, SegmentResult
from gate.measure.allowance import Allowance
from gate.measure.plan import group_endpoints
from gate.measure.warmup import MOST_STEPS, WarmingUp, is_falling

SUITE = Suite.model_validate({"endpoints": {"a": "GET /a", "b": "GET /b"}})
ORIGINS = {"candidate": "http://new", "base": "http://old"}


@pytest.mark.parametrize(
    ("medians", "falling"),
    [
        ([], False),
        ([1.0], False),
        ([1.0, 0.89], True),
        ([1.0, 0.9], False),
        ([1.0, 0.5, 0.49], False),
        ([1.0, 2.0], False),
        ([math.nan, 1.0], False),
        ([1.0, math.nan], False),
    ],
)
def test_a_median_falls_when_it_is_clearly_below_the_one_before(medians, falling):
    assert is_falling(medians) == falling


class World:
    """Deployments whose latencies follow a script, and a clock that only they move."""

    def __init__(self, latencies: dict[tuple[str, str], list[float | None]], step_s: float = 0.5) -> None:
        self.latencies = latencies
        self.step_s = step_s
        self.now_s = 0.0
        self.driven: list[tuple[str, tuple[str, ...]]] = []

    def drive(self, course, arm, what) -> SegmentResult:
        self.now_s += self.step_s
        names = [stream.lanes[0].name for stream in course.streams]
        if "one at a time" in what:
            lane = LaneResult(planned=10, sent=10, completed=10, samples=[0.01] * 10)
            return SegmentResult(dict.fromkeys(names, lane))
        self.driven.append((arm, tuple(names)))
        lanes = {}
        for name in names:
            script = self.latencies.get((name, arm), [0.01])
            latency = script.pop(0) if len(script) > 1 else script[0]
            kept = [latency] * 10 if latency is not None else []
            lanes[name] = LaneResult(planned=10, sent=10, completed=len(kept), samples=kept)
        return SegmentResult(lanes)

    def warm_up(self, most: dict[str, int] | None = None, suite: Suite = SUITE) -> WarmingUp:
        warming = WarmingUp(suite, ORIGINS, Allowance(most or {}, [], 50), self.drive, lambda: self.now_s)
        warming.run(group_endpoints(suite))
        return warming


def test_a_steady_pair_takes_two_steps_each():
    world = World({})
    told = world.warm_up().record()
    assert world.driven == [("candidate", ("a", "b")), ("base", ("a", "b"))] * 2
    assert all(
        arm.is_steady and arm.steps == 2 and arm.requests == 30 for arms in told.values() for arm in arms.values()
    )


def test_one_cold_endpoint_keeps_both_deployments_warming_alike():
    world = World({("b", "base"): [0.08, 0.04, 0.02, 0.01]})
    told = world.warm_up().record()
    assert {arm.steps for arms in told.values() for arm in arms.values()} == {5}
    cold = told["b"]["base"]
    assert (cold.cold_start_s, cold.first_p50_s, cold.last_p50_s, cold.is_steady) == (0.08, 0.08, 0.01, True)


def test_an_endpoint_that_never_gets_steady_is_told_so_and_not_waited_for():
    told = World({("a", "candidate"): [2.0**-n for n in range(20)]}).warm_up().record()
    assert (told["a"]["candidate"].steps, told["a"]["candidate"].is_steady) == (MOST_STEPS, False)


def test_one_that_does_not_answer_is_not_waited_for():
    told = World({("a", "candidate"): [None]}).warm_up().record()
    assert (told["a"]["candidate"].steps, told["a"]["candidate"].is_steady) == (2, False)
    assert told["a"]["candidate"].cold_start_s is None


def test_a_fifth_of_the_budget_is_the_most_it_takes():
    world = World({("a", "candidate"): [2.0**-n for n in range(20)]}, step_s=10.0)
    told = world.warm_up().record()
    assert told["a"]["candidate"].steps == 2, "four steps of ten seconds are more than a fifth of three minutes"


def test_one_whose_count_is_used_up_is_left_out_of_further_steps():
    told = World({("b", "base"): [0.08, 0.04, 0.02, 0.01]}).warm_up({"a": 25}).record()
    assert (told["a"]["candidate"].requests, told["b"]["candidate"].steps) == (20, 5)
