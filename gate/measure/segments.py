"""From the suite to what the engine is asked to do: lanes, schedules and streams. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gate.config.models import Load, Suite
from gate.load.job import Lane, Schedule, Stream
from gate.measure.access import endpoint_request, expectation
from gate.measure.plan import Step, block_seed

_SLACK = 3.0
_SLACK_S = 15.0
"""A segment may take so many times its planned time and so much longer before it is given up."""


@dataclass(frozen=True)
class Course:
    """Streams with what is known of them beforehand."""

    streams: tuple[Stream, ...]
    rate_rps: float | None
    """The highest rate they ask for together; None where users set the pace."""
    expected_s: float | None
    """How long they take at the planned rates; None where the answers decide."""

    @property
    def deadline_s(self) -> float | None:
        """When to give up."""
        return None if self.expected_s is None else _SLACK * self.expected_s + _SLACK_S


def lane_of(suite: Suite, name: str, origin: str, weight: int = 1) -> Lane:
    """An endpoint as the engine sees it."""
    return Lane(name, endpoint_request(suite, name, origin), expectation(suite.endpoints[name].expect), weight)


def course_of_step(suite: Suite, step: Step, count: int, origin: str) -> Course:
    """Blocks of ``count`` requests side by side."""
    streams, slowest_s = [], 0.0
    for name in step.endpoints:
        rate_rps = suite.endpoints[name].rate_rps
        schedule = Schedule(rate_rps=rate_rps, count=count, seed=block_seed(suite.name, name, step.round))
        streams.append(Stream(schedule, (lane_of(suite, name, origin),)))
        slowest_s = max(slowest_s, count / rate_rps)
    return Course(tuple(streams), sum(suite.endpoints[name].rate_rps for name in step.endpoints), slowest_s)


def course_of_scenario(suite: Suite, name: str, number: int, origin: str) -> Course:
    """One scenario."""
    scenario = suite.scenarios[name]
    schedule = _schedule(scenario.load, block_seed(suite.name, name, number))
    lanes = tuple(lane_of(suite, member, origin, weight) for member, weight in scenario.mix.items())
    expected_s = None if scenario.load.count is not None else schedule.course.length_s
    return Course((Stream(schedule, lanes),), schedule.course.peak if schedule.is_open else None, expected_s)


def _schedule(load: Load, seed: int) -> Schedule:
    if load.count is not None:
        return Schedule(users=load.concurrent or 1, count=load.count, seed=seed)
    return Schedule(rate_rps=load.rate_rps, users=load.users, think_s=load.think_s or 0.0, for_s=load.for_s, seed=seed)
