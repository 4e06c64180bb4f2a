"""What a job will ask for, told before anything is sent: the rate, the time, and whether this machine can do it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gate.config.journeys import is_of_sockets, side_by_side
from gate.config.loads import HOLD_S
from gate.config.suite import Suite
from gate.errors import NotMeasured
from gate.load.engine import Engine
from gate.load.job import SegmentResult
from gate.measure.counts import WARMUP_REQUESTS
from gate.measure.driver import Progress
from gate.measure.plan import Plan
from gate.measure.seek import MOST_LEVELS
from gate.measure.segments import Course, course_of_scenarios, course_of_step, endpoint_of
from gate.measure.sockets import ARRIVAL_COST
from gate.record.run import Arm, Notice

_SLACK = 2.0
_SLACK_S = 60.0
"""A run may take so many times its planned time and so much longer: warm-up and repeated blocks are well within."""


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


def _scenarios(job: Job) -> list[Course]:
    origin = job.origins["candidate"]
    return [course_of_scenarios(job.suite, names, origin) for names in side_by_side(job.suite)]


def highest_rate_rps(job: Job) -> float:
    """The highest planned rate over all steps and scenarios; zero if users or answers set every pace."""
    steps = [course_of_step(job.suite, step, WARMUP_REQUESTS, job.origins[step.arm]) for step in job.plan.warmup]
    return max((course.rate_rps or 0.0 for course in [*steps, *_scenarios(job)]), default=0.0)


def longest_s(job: Job) -> float:
    """When a run is given up, seconds after it was ready: twice the planned time and a minute.

    A fixed count has no planned time; it is taken to need the whole timeout for every request.
    """
    planned_s = job.plan.expected_s + MOST_LEVELS * sum(
        scenario.load.for_s or HOLD_S for scenario in job.suite.scenarios.values() if scenario.load.find is not None
    )
    for course in _scenarios(job):
        if course.expected_s is not None:
            planned_s += course.expected_s
            continue
        for stream in course.streams:
            turns = math.ceil((stream.schedule.count or 1) / (stream.schedule.users or 1))
            planned_s += turns * max(lane.request.timeout_s for lane in stream.lanes)
    return _SLACK * planned_s + _SLACK_S


def look_at_generator(job: Job, engine: Engine, progress: Progress) -> int:
    """Workers for the highest planned rate; says in one line what the generator can do and what is asked of it.

    Raises
    ------
    NotMeasured
        If this machine is too small, before anything is sent.
    """
    if not job.plan.warmup and not job.suite.scenarios:
        return 1
    asked_rps, counted = highest_rate_rps(job), _counted(job.suite)
    try:
        workers = engine.workers_for(asked_rps)
    except NotMeasured as too_small:
        raise NotMeasured(too_small.message + counted, too_small.cure) from None
    progress.say(
        f"the load generator can send {engine.truthful_rps():,.0f}/s truthfully per worker;"
        f" the suite asks for {asked_rps:,.0f}/s{counted}: {workers} worker{'s' if workers > 1 else ''}"
    )
    return workers


def _counted(suite: Suite) -> str:
    """How arrivals of WebSockets were counted, if there are any."""
    if not any(scenario.load.is_open and is_of_sockets(suite, name) for name, scenario in suite.scenarios.items()):
        return ""
    return f" (one WebSocket that is opened, asked and closed counts as {ARRIVAL_COST:.0f} requests)"


def cut_notices(name: str, whole: Course, limited: Course, result: SegmentResult) -> list[Notice]:
    """Which endpoints of a scenario reached their ``max_count``."""
    if limited.streams == whole.streams:
        return []
    short = sorted(
        endpoint_of(lane.name)
        for stream in limited.streams
        if stream not in whole.streams and stream.schedule.count is not None
        if sum(result.lanes[lane.name].planned for lane in stream.lanes) >= stream.schedule.count
        for lane in stream.lanes
    )
    if not short:
        return []
    return [
        Notice(
            code="max-count",
            message=f"scenario {name} was cut short at the max_count of its endpoints: {', '.join(short)}",
            cure="raise max_count, or make the scenario smaller",
        )
    ]
