"""From the suite to what the engine is asked to do: lanes, schedules and streams. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gate.config.journeys import endpoints_of, is_of_sockets, peak_rps, requests_per_arrival, steps_of
from gate.config.loads import Load
from gate.config.suite import Suite
from gate.load.job import Journey, Lane, Schedule, SegmentResult, Stream, Walk
from gate.measure.access import endpoint_request, expectation
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.hashes import block_seed
from gate.measure.plan import Step
from gate.measure.schedules import schedule_of
from gate.measure.sockets import cost_ratio, socket_lane

_JOIN = "/"
"""Between the names of a scenario and of its lanes; no name of a suite holds it."""
_SLACK = 3.0
_SLACK_S = 15.0
"""A segment may take so many times its planned time and so much longer before it is given up."""


@dataclass(frozen=True)
class Course:
    """Streams with what is known of them beforehand."""

    streams: tuple[Stream, ...]
    rate_rps: float | None
    """The highest rate they ask for together, an arrival of a WebSocket counted as the requests it is worth to the
    generator; None where users set the pace."""
    expected_s: float | None
    """How long they take at the planned rates; None where the answers decide."""

    @property
    def deadline_s(self) -> float | None:
        """When to give up."""
        return None if self.expected_s is None else _SLACK * self.expected_s + _SLACK_S


def lane_of(suite: Suite, name: str, origin: str, weight: int = 1) -> Lane:
    """An endpoint as the engine sees it."""
    endpoint = suite.endpoints[name]
    return Lane(name, endpoint_request(suite, name, origin), expectation(endpoint), weight, dict(endpoint.extract))


def lane_of_block(suite: Suite, name: str, number: int, origin: str) -> Lane:
    """An endpoint in one of its blocks, where nothing is read for a later step.

    It goes through data that is picked in order by itself, so many rows with every block: which ones follows from the
    number of the block alone, as its seed does, and both arms and all stored runs meet the same.
    """
    lane = lane_of(suite, name, origin)
    return replace(lane, request=replace(lane.request, walk=Walk(name, number * BLOCK_REQUESTS)), extract={})


def course_of_step(suite: Suite, step: Step, count: int, origin: str) -> Course:
    """Blocks of ``count`` requests side by side."""
    streams, slowest_s = [], 0.0
    for name in step.endpoints:
        rate_rps = suite.endpoints[name].rate_rps
        schedule = Schedule(rate_rps=rate_rps, count=count, seed=block_seed(suite.name, name, step.round))
        streams.append(Stream(schedule, (lane_of_block(suite, name, step.round, origin),)))
        slowest_s = max(slowest_s, count / rate_rps)
    return Course(tuple(streams), sum(suite.endpoints[name].rate_rps for name in step.endpoints), slowest_s)


def course_of_scenarios(suite: Suite, names: Sequence[str], origin: str) -> Course:
    """Scenarios that run at the same time; names of lanes and journeys begin with that of their scenario."""
    streams = tuple(_stream(suite, name, origin) for name in names)
    lengths = [suite.scenarios[name].load.for_s for name in names]
    known = [length for length in lengths if length is not None]
    rates = [peak * cost_ratio(suite, name) for name in names if (peak := peak_rps(suite, [name])) is not None]
    return Course(streams, sum(rates) if rates else None, max(known) if len(known) == len(names) else None)


def stretches_of(suite: Suite, names: Sequence[str], origin: str) -> tuple[Course, ...]:
    """What is driven one after the other: one course, one for each level that climbs, or those of a long scenario."""
    whole, load = course_of_scenarios(suite, names, origin), suite.scenarios[names[0]].load
    if is_climbed(suite, names):
        return tuple(_levels_of(whole, load))
    if load.stretch_s is None or load.for_s is None:
        return (whole,)
    (stream,), count = whole.streams, math.ceil(load.for_s / load.stretch_s)
    for_s = load.for_s / count
    schedules = (replace(stream.schedule, for_s=for_s, seed=stream.schedule.seed + number) for number in range(count))
    return tuple(Course((replace(stream, schedule=each),), whole.rate_rps, for_s) for each in schedules)


def is_climbed(suite: Suite, names: Sequence[str]) -> bool:
    """Whether a scenario is driven level by level: alone, and not with WebSockets, whose connections go on."""
    return len(names) == 1 and suite.scenarios[names[0]].load.climbs and not is_of_sockets(suite, names[0])


def _levels_of(whole: Course, load: Load) -> Iterator[Course]:
    """A course for each level: what one leaves unanswered at its end is waited for, and is none of the next one's."""
    (stream,), for_s = whole.streams, (load.for_s or 0.0) / len(load.levels)
    for number, level in enumerate(load.levels):
        schedule = replace(
            stream.schedule,
            stages=(),
            rate_rps=level if load.is_open else None,
            users=None if load.is_open else int(level),
            for_s=for_s,
            seed=stream.schedule.seed + number,
        )
        rate_rps = None if whole.rate_rps is None else whole.rate_rps * level / max(load.levels)
        yield Course((replace(stream, schedule=schedule),), rate_rps, for_s)


def endpoint_of(lane: str) -> str:
    """The endpoint of a lane, whichever scenario it belongs to."""
    return lane.rpartition(_JOIN)[2]


def course_at(suite: Suite, name: str, origin: str, level: float, hold_s: float) -> Course:
    """A scenario that searches, at one of its levels."""
    load = suite.scenarios[name].load
    stream = _stream(suite, name, origin)
    is_rate = load.find == "max_rate"
    schedule = replace(
        stream.schedule,
        rate_rps=level if is_rate else None,
        users=None if is_rate else int(level),
        for_s=hold_s,
        spacing="exact" if load.spacing == "poisson" else load.spacing,
    )
    each = requests_per_arrival(suite, name)
    return Course((replace(stream, schedule=schedule),), level * each if is_rate else None, hold_s)


def part_of(suite: Suite, names: Sequence[str], name: str, result: SegmentResult) -> SegmentResult:
    """What one of the scenarios ``names`` did, which ran at the same time; names of lanes are those of the suite."""
    prefix = f"{name}{_JOIN}"
    planned_s = suite.scenarios[name].load.for_s
    is_shorter = len(names) > 1 and planned_s is not None and planned_s < result.elapsed_s
    return replace(
        result,
        lanes={key.removeprefix(prefix): lane for key, lane in result.lanes.items() if key.startswith(prefix)},
        journeys={key.removeprefix(prefix): done for key, done in result.journeys.items() if key.startswith(prefix)},
        sockets={key.removeprefix(prefix): done for key, done in result.sockets.items() if key.startswith(prefix)},
        elapsed_s=planned_s if is_shorter and planned_s is not None else result.elapsed_s,
    )


def _stream(suite: Suite, name: str, origin: str) -> Stream:
    scenario = suite.scenarios[name]
    number = list(suite.scenarios).index(name)
    schedule = schedule_of(scenario.load, block_seed(suite.name, name, number))
    # Only a step that another one follows is read for its values: it costs the generator time.
    read = {step for member in scenario.mix for step in steps_of(suite, member)[:-1]}
    make = socket_lane if is_of_sockets(suite, name) else lane_of
    lanes = tuple(
        replace(lane, name=f"{name}{_JOIN}{lane.name}", extract=lane.extract if lane.name in read else {})
        for step in endpoints_of(suite, name)
        for lane in [make(suite, step, origin, scenario.mix.get(step, 1))]
    )
    if not any(member in suite.journeys for member in scenario.mix):
        return Stream(schedule, lanes)
    journeys = tuple(
        Journey(f"{name}{_JOIN}{member}", tuple(f"{name}{_JOIN}{step}" for step in steps_of(suite, member)), weight)
        for member, weight in scenario.mix.items()
    )
    return Stream(schedule, lanes, journeys)
