"""The blocks of a run, round after round; those that the load generator spoiled are measured again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gate.config.suite import Suite
from gate.load.health import is_spoiled
from gate.load.job import SegmentResult
from gate.measure.allowance import Allowance
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.driver import CutShort, Driver, Refused, deployment
from gate.measure.plan import Plan, Step
from gate.measure.segments import course_of_step
from gate.measure.tally import ArmTally
from gate.record.run import Arm

_REPEAT_SHARE = 0.34
_LEAST_REPEATS = 2
"""Steps that may be measured again in one run: a third of the plan."""


class Rounds:
    """Drives the steps of a plan and gathers their blocks."""

    def __init__(
        self,
        suite: Suite,
        plan: Plan,
        origins: Mapping[Arm, str],
        driver: Driver,
        allowance: Allowance,
        tallies: Mapping[tuple[str, Arm], ArmTally],
    ) -> None:
        self._suite = suite
        self._plan = plan
        self._origins = origins
        self._driver = driver
        self._allowance = allowance
        self._tallies = tallies
        self.results: list[SegmentResult] = []
        self._repeats = 0
        self.repeated = 0
        """Blocks measured again."""
        self.spoiled = 0
        """Blocks that stayed late all the same."""

    def run(self, since_begun_s: Callable[[], float], say: Callable[[str], None]) -> None:
        """Every step of the plan, in order; one that is cut short leaves what it has."""
        for order, planned in enumerate(self._plan.steps):
            able = self._allowance.take_block(planned.endpoints, self._origins[planned.arm])
            step = replace(planned, endpoints=able)
            if not able:
                continue
            start_s = since_begun_s()
            try:
                self._keep(self._in_time(step, say), step, order, start_s)
            except (CutShort, Refused) as stopped:
                if stopped.result is not None:
                    self._keep(stopped.result, step, order, start_s)
                raise

    def _keep(self, result: SegmentResult, step: Step, order: int, start_s: float) -> None:
        self.results.append(result)
        for name, lane in result.lanes.items():
            self._tallies[name, step.arm].add(lane, step.round, order, start_s)
            self.spoiled += is_spoiled(lane)

    def _in_time(self, step: Step, say: Callable[[str], None]) -> SegmentResult:
        """Drive a step, and again if the generator was late, as long as that happens seldom enough."""
        origin = self._origins[step.arm]
        course = course_of_step(self._suite, step, BLOCK_REQUESTS, origin)
        what = (
            f"round {step.round + 1} of {self._plan.rounds}: {', '.join(step.endpoints)} on the {deployment(step.arm)}"
        )
        allowed = max(_LEAST_REPEATS, round(_REPEAT_SHARE * len(self._plan.steps)))
        while True:
            result = self._driver.drive(course, step.arm, what, keep_samples=True)
            late = sum(is_spoiled(lane) for lane in result.lanes.values())
            if late == 0 or self._repeats >= allowed or not self._may_repeat(step, origin):
                return result
            self._repeats += 1
            self.repeated += len(result.lanes)
            say("the load generator was late; measuring these blocks again")

    def _may_repeat(self, step: Step, origin: str) -> bool:
        """Whether every endpoint of the step has requests to spare: without one of them it would be another step."""
        if any(self._allowance.free(name, origin) < BLOCK_REQUESTS for name in step.endpoints):
            return False
        self._allowance.take(step.endpoints, origin, BLOCK_REQUESTS)
        return True
