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
from gate.measure.access import host_class, is_loopback
from gate.measure.allowance import Allowance
from gate.measure.counts import BLOCK_REQUESTS, for_scenarios, most_blocks
from gate.measure.driver import Progress
from gate.measure.layout import Layout
from gate.measure.plan import asked_once, compared, group_endpoints, warmup_cost
from gate.measure.seek import MOST_LEVELS
from gate.measure.segments import Course, course_of_scenarios, endpoint_of
from gate.measure.sockets import ARRIVAL_COST
from gate.record.run import Environment
from gate.record.value import Arm, Notice
from gate.units import format_duration

_SLACK = 2.0
_SLACK_S = 60.0
"""A run may take so many times its planned time and so much longer: warm-up and repeated blocks are well within."""


@dataclass(frozen=True)
class Runner:
    """The machine that measures."""

    kind: str
    cpu: str | None


def environment_of(suite: Suite, origin: str, runner: Runner) -> Environment:
    """Class of what is measured and from where; the processor counts where the preview runs on it too."""
    return Environment(
        host=host_class(suite, origin), runner=runner.kind, cpu=runner.cpu if is_loopback(origin) else None
    )


@dataclass(frozen=True)
class Beforehand:
    """What is known of deployments from those who made them, before they are asked."""

    base_commit: str | None = None
    """Commit that the base should be of."""
    notices: tuple[Notice, ...] = ()
    """What the reader should know of them."""


@dataclass(frozen=True)
class Job:
    """What one run measures, and what it is called."""

    suite: Suite
    layout: Layout
    """Of the whole check."""
    pair: int
    """Number of the pair of deployments that this run is of."""
    origins: dict[Arm, str]
    environment: Mapping[str, str]
    expected_commit: str | None
    run_id: str
    created: str
    seed: int
    runner: Runner
    tool: str
    beforehand: Beforehand = Beforehand()

    @property
    def is_fresh(self) -> bool:
        """Whether it only confirms what was suspected on other deployments or runners."""
        return self.pair >= len(self.layout.first) or self.layout.after is not None

    @property
    def asked_once(self) -> tuple[str, ...]:
        """Endpoints of which a single answer is wanted; those of the first deployments are enough."""
        return () if self.is_fresh else asked_once(self.suite)

    @property
    def has_scenarios(self) -> bool:
        """Whether the scenarios are run here: once in a check, on the first preview."""
        return self.pair == 0 and not self.is_fresh and bool(self.suite.scenarios)

    @property
    def has_probes(self) -> bool:
        """Whether probes are made here: as scenarios, once in a check, on the first preview."""
        return self.pair == 0 and not self.is_fresh and bool(self.suite.probes or self.suite.about)


def _scenarios(job: Job) -> list[Course]:
    if not job.has_scenarios:
        return []
    return [course_of_scenarios(job.suite, names, job.origins["candidate"]) for names in side_by_side(job.suite)]


def highest_rate_rps(job: Job, most_rps: float = math.inf) -> float:
    """The highest planned rate over all blocks and scenarios; zero if users or answers set every pace.

    Parameters
    ----------
    most_rps : float
        What the generator can send: scenarios that ask for more are not run, and so need no workers.
    """
    rates = [sum(job.suite.endpoints[name].rate_rps for name in group) for group in group_endpoints(job.suite)]
    asked = [course.rate_rps or 0.0 for course in _scenarios(job)]
    return max((*rates, *(rate for rate in asked if rate <= most_rps)), default=0.0)


def allowance_of(job: Job) -> Allowance:
    """What a run may ask of endpoints with a ``max_count``: the most blocks it may come to are set aside for it."""
    suite = job.suite
    limited = {name: e.max_count for name, e in suite.endpoints.items() if e.max_count is not None}
    planned = [
        (name, origin)
        for name in compared(suite)
        if name in limited
        for origin in job.origins.values()
        for _ in range(int(min(job.layout.most_rounds(job.pair), most_blocks(suite, name))))
    ]
    scenarios = compared(suite) if job.has_scenarios else ()
    candidate = job.origins["candidate"]
    return Allowance(
        limited, planned, BLOCK_REQUESTS, {(name, candidate): for_scenarios(suite, name) for name in scenarios}
    )


def longest_s(job: Job) -> float:
    """When a run is given up, seconds after it was ready: twice the planned time and a minute.

    A fixed count has no planned time; it is taken to need the whole timeout for every request.
    """
    layout = job.layout
    planned_s = layout.longest_s(job.suite) + len(layout.pairs) * warmup_cost(job.suite, len(job.origins)).time_s
    return _SLACK * (planned_s + scenarios_s(job)) + _SLACK_S


def scenarios_s(job: Job) -> float:
    """Planned time of the scenarios and the rests around them; a count at its timeouts, a search at its most levels."""
    planned_s = 0.0
    if job.has_scenarios:
        planned_s += (1 + len(job.suite.scenarios)) * (job.suite.telemetry.rest_s or 0.0)
        searches = [scenario.load for scenario in job.suite.scenarios.values() if scenario.load.find is not None]
        planned_s += MOST_LEVELS * sum(load.for_s or HOLD_S for load in searches)
    for course in _scenarios(job):
        if course.expected_s is not None:
            planned_s += course.expected_s
            continue
        for stream in course.streams:
            turns = math.ceil((stream.schedule.count or 1) / (stream.schedule.users or 1))
            planned_s += turns * max(lane.request.timeout_s for lane in stream.lanes)
    return planned_s


def time_words(job: Job) -> str:
    """How long a check will take, in one line: what the budget counts, and what comes on top."""
    suite, layout = job.suite, job.layout
    warm_s = len(layout.first) * warmup_cost(suite, len(layout.arms)).time_s
    most = (
        "" if layout.is_fixed else f", at most {format_duration(suite.policy.budget.time_s)} if anything is suspected"
    )
    scenarios = f", and scenarios of up to {format_duration(scenarios_s(job))}" if job.has_scenarios else ""
    verb = "come" if scenarios else "comes"
    told = f"about {format_duration(warm_s + layout.first_s(suite))}{most}"
    return f"warm-up and blocks take {told}; waiting for deployments{scenarios} {verb} on top"


def look_at_generator(job: Job, engine: Engine, progress: Progress) -> int:
    """Workers for the highest planned rate; says in one line what the generator can do and what is asked of it.

    Raises
    ------
    NotMeasured
        If this machine is too small for the comparison blocks, before anything is sent.
    """
    if not group_endpoints(job.suite) and not job.has_scenarios:
        return 1
    asked_rps, counted = highest_rate_rps(job, engine.most_rps()), _counted(job.suite)
    try:
        workers = engine.workers_for(asked_rps)
    except NotMeasured as too_small:
        raise NotMeasured(too_small.message + counted, too_small.cure) from None
    if job.pair > 0:  # told already
        return workers
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
