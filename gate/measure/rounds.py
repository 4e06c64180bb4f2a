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
from gate.measure.plan import Step
from gate.measure.segments import course_of_step
from gate.measure.tally import ArmTally
from gate.record.value import Arm
from gate.telemetry.timeline import BLOCKS

_REPEAT_SHARE = 0.34
_LEAST_REPEATS = 2
"""Steps that may be measured again in one run: a third of those so far."""


class Rounds:
    """Drives the steps of one run as they are planned, and gathers their blocks."""

    def __init__(
        self,
        suite: Suite,
        origins: Mapping[Arm, str],
        driver: Driver,
        allowance: Allowance,
        tallies: Mapping[tuple[str, Arm], ArmTally],
        say: Callable[[str], None],
    ) -> None:
        self._suite = suite
        self._origins = origins
        self._driver = driver
        self._allowance = allowance
        self._tallies = tallies
        self._say = say
        self.results: list[SegmentResult] = []
        self._begun = 0
        self._repeats = 0
        self.repeated = 0
        """Blocks measured again."""
        self.spoiled = 0
        """Blocks that stayed late all the same."""
        self.blocks = 0
        """Blocks asked for."""
        self.rounds = 0
        """Rounds that were begun."""

    def measure(self, planned: Step, start_s: float, what: str) -> None:
        """One step; one that is cut short leaves what it has.

        Parameters
        ----------
        start_s : float
            Since the run began.
        what : str
            Which round it belongs to, in words.
        """
        self._begun += 1
        self.blocks += len(planned.endpoints)
        self.rounds = max(self.rounds, planned.round + 1)
        able = self._allowance.take_block(planned.endpoints, self._origins[planned.arm])
        if not able:
            return
        step, order = replace(planned, endpoints=able), self._begun - 1
        try:
            self._keep(self._in_time(step, what), step, order, start_s)
        except (CutShort, Refused) as stopped:
            if stopped.result is not None:
                self._keep(stopped.result, step, order, start_s)
            raise

    def _keep(self, result: SegmentResult, step: Step, order: int, start_s: float) -> None:
        self.results.append(result)
        for name, lane in result.lanes.items():
            self._tallies[name, step.arm].add(lane, step.round, order, start_s)
            self.spoiled += is_spoiled(lane)

    def _in_time(self, step: Step, what: str) -> SegmentResult:
        """Drive a step, and again if the generator was late, as long as that happens seldom enough."""
        origin = self._origins[step.arm]
        course = course_of_step(self._suite, step, BLOCK_REQUESTS, origin)
        told = f"{what}: {', '.join(step.endpoints)} on the {deployment(step.arm)}"
        allowed = max(_LEAST_REPEATS, round(_REPEAT_SHARE * self._begun))
        while True:
            result = self._driver.drive(course, step.arm, told, keep_samples=True, windows=(BLOCKS,))
            late = sum(is_spoiled(lane) for lane in result.lanes.values())
            if late == 0 or self._repeats >= allowed or not self._may_repeat(step, origin):
                return result
            self._repeats += 1
            self.repeated += len(result.lanes)
            self._say("the load generator was late; measuring these blocks again")

    def _may_repeat(self, step: Step, origin: str) -> bool:
        """Whether every endpoint of the step has requests to spare: without one of them it would be another step."""
        if any(self._allowance.free(name, origin) < BLOCK_REQUESTS for name in step.endpoints):
            return False
        self._allowance.take(step.endpoints, origin, BLOCK_REQUESTS)
        return True
