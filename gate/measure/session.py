"""One run: plan in, measured run out. Whatever goes wrong, what was measured is kept and marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from gate.config.journeys import only_in_journeys, side_by_side
from gate.config.models import Suite
from gate.errors import Cancelled, GateError, NotMeasured
from gate.load.engine import Engine
from gate.load.health import complaints, health_of, is_spoiled, scenario_complaints
from gate.load.job import LaneResult, SegmentResult
from gate.load.transport import readable
from gate.measure.access import endpoint_request, host_class, is_loopback, wire_of
from gate.measure.driver import CutShort, Driver, Progress
from gate.measure.plan import BLOCK_REQUESTS, WARMUP_REQUESTS, Plan, Step, endpoint_hash
from gate.measure.ready import Clock, Fetch, Up, WiredFetch, ask_once, log_in, wait_ready
from gate.measure.records import scenario_record
from gate.measure.segments import Course, course_of_scenarios, course_of_step, part_of
from gate.measure.tally import ArmTally
from gate.record.run import Arm, EndpointRecord, Environment, Notice, Run, ScenarioRecord

_REPEAT_SHARE = 0.34
_LEAST_REPEATS = 2
"""Steps that may be measured again in one run: a third of the plan."""


@dataclass(frozen=True)
class Runner:
    """The machine that measures."""

    kind: str
    cpu: str | None


@dataclass(frozen=True)
class Job:
    """What one run measures, and what it is called."""

    suite: Suite
    plan: Plan
    origins: dict[Arm, str]
    environment: Mapping[str, str]
    expected_commit: str | None
    run_id: str
    created: str
    seed: int
    runner: Runner
    tool: str


@dataclass(frozen=True)
class Measured:
    """A run, and what cut it short if anything did."""

    run: Run
    stopped_by: GateError | None = None


class Session:
    """Measures one job with effects passed in: engine, one-shot requests, clock, progress."""

    def __init__(self, job: Job, engine: Engine, fetch: WiredFetch, clock: Clock, progress: Progress) -> None:
        self._job = job
        self._engine = engine
        wire = wire_of(job.suite, job.environment)
        self._driver = Driver(job.suite, job.environment, job.run_id, engine, progress, wire)
        self._fetch: Fetch = partial(fetch, wire=readable(wire))
        self._clock = clock
        self._progress = progress
        self._tallies: dict[tuple[str, Arm], ArmTally] = {
            (name, arm): ArmTally() for name in job.suite.endpoints for arm in job.origins
        }
        self._results: list[SegmentResult] = []
        self._scenarios: dict[str, ScenarioRecord] = {}
        self._up: dict[Arm, Up] = {}
        self._complaints: list[Notice] = []
        self._repeats = self._repeated = self._spoiled = 0
        self._begun = clock.now_s()

    def measure(self) -> Measured:
        """Ready, warm-up, rounds, scenarios; never raises for anything the preview or a signal does."""
        try:
            self._prepare()
            self._begun = self._clock.now_s()
            self._warm_up()
            self._rounds()
            self._run_scenarios()
        except (NotMeasured, Cancelled) as stopped:
            if isinstance(stopped, CutShort) and stopped.result is not None:
                self._results.append(stopped.result)
            code = "cancelled" if isinstance(stopped, Cancelled) else "not-measured"
            return Measured(self._run([Notice(code=code, message=stopped.message, cure=stopped.cure)]), stopped)
        return Measured(self._run([]))

    def _prepare(self) -> None:
        job = self._job
        for arm, origin in job.origins.items():
            self._progress.say(f"waiting for the {_deployment(arm)} to be ready")
            expected = job.expected_commit if arm == "candidate" else None
            self._up[arm] = wait_ready(job.suite, origin, job.environment, expected, self._fetch, self._clock)
            self._driver.values[arm] = log_in(job.suite, origin, job.environment, self._fetch)
        for name in job.plan.asked_once:
            for arm, origin in job.origins.items():
                self._ask_once(name, arm, origin)

    def _ask_once(self, name: str, arm: Arm, origin: str) -> None:
        request = endpoint_request(self._job.suite, name, origin)
        fetched = ask_once(self._job.suite, name, request, self._job.environment, self._driver.values[arm], self._fetch)
        kind = fetched.answer.kind
        lane = LaneResult(planned=1, sent=1, completed=int(kind is None), statuses={str(fetched.answer.status): 1})
        lane.errors = {kind: 1} if kind else {}
        self._tallies[name, arm].add(lane, 0, 0, 0.0)

    def _warm_up(self) -> None:
        for step in self._job.plan.warmup:
            what = f"warming up {', '.join(step.endpoints)} on the {_deployment(step.arm)}"
            self._driver.drive(self._course(step, WARMUP_REQUESTS), step.arm, what)

    def _rounds(self) -> None:
        plan = self._job.plan
        for order, step in enumerate(plan.steps):
            start_s = self._clock.now_s() - self._begun
            result = self._in_time(step)
            self._results.append(result)
            for name, lane in result.lanes.items():
                self._tallies[name, step.arm].add(lane, step.round, order, start_s)
                self._spoiled += is_spoiled(lane)

    def _in_time(self, step: Step) -> SegmentResult:
        """Drive a step, and again if the generator was late, as long as that happens seldom enough."""
        plan = self._job.plan
        what = f"round {step.round + 1} of {plan.rounds}: {', '.join(step.endpoints)} on the {_deployment(step.arm)}"
        allowed = max(_LEAST_REPEATS, round(_REPEAT_SHARE * len(plan.steps)))
        while True:
            result = self._driver.drive(self._course(step, BLOCK_REQUESTS), step.arm, what, keep_samples=True)
            late = sum(is_spoiled(lane) for lane in result.lanes.values())
            if late == 0 or self._repeats >= allowed:
                return result
            self._repeats += 1
            self._repeated += len(result.lanes)
            self._progress.say("the load generator was late; measuring these blocks again")

    def _course(self, step: Step, count: int) -> Course:
        return course_of_step(self._job.suite, step, count, self._job.origins[step.arm])

    def _run_scenarios(self) -> None:
        suite = self._job.suite
        for names in side_by_side(suite):
            course = course_of_scenarios(suite, names, self._job.origins["candidate"])
            result = self._driver.drive(course, "candidate", f"scenario {' beside '.join(names)}")
            self._results.append(result)
            for name in names:
                part = part_of(suite, names, name, result)
                self._complaints += scenario_complaints(name, part)
                self._scenarios[name] = scenario_record(suite, name, part)

    def _run(self, not_measured: list[Notice]) -> Run:
        job = self._job
        health = health_of(self._results, self._repeated, self._spoiled)
        if not not_measured:
            not_measured = complaints(health, sum(len(step.endpoints) for step in job.plan.steps)) + self._complaints
        candidate = job.origins["candidate"]
        up = self._up.get("candidate")
        return Run(
            tool=job.tool,
            suite=job.suite.name,
            run_id=job.run_id,
            created=job.created,
            commit=(up.commit if up and up.commit else job.expected_commit),
            environment=Environment(
                host=host_class(job.suite, candidate),
                runner=job.runner.kind,
                cpu=job.runner.cpu if is_loopback(candidate) else None,
            ),
            one_host=all(is_loopback(origin) for origin in job.origins.values()),
            seed=job.seed,
            complete=not not_measured or not_measured[0].code.startswith("generator"),
            not_measured=not_measured,
            ready_after_s=round(up.after_s, 3) if up else 0.0,
            elapsed_s=round(self._clock.now_s() - self._begun, 3),
            generator=health,
            endpoints={
                name: EndpointRecord(
                    config_hash=endpoint_hash(job.suite, name),
                    arms={arm: self._tallies[name, arm].record() for arm in job.origins},
                )
                for name in job.suite.endpoints
                if name not in only_in_journeys(job.suite)
            },
            scenarios=self._scenarios,
        )


def _deployment(arm: Arm) -> str:
    return "preview" if arm == "candidate" else "base"
