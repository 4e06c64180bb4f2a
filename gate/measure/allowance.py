"""How often an endpoint may still be asked: ``max_count`` holds for one deployment in one run, whatever asks.

Asked before every segment. Scenarios and planned blocks have their shares set aside from the start; warm-up and blocks
measured again may only use what is free; scenarios come last and get what is left.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from gate.load.arrivals import Stage, arrivals
from gate.load.job import Schedule, Stream

Use = tuple[str, str]
"""Endpoint and deployment; two arms at one origin are one deployment."""


class Allowance:
    """Requests left of each endpoint on each deployment.

    Parameters
    ----------
    most : mapping
        ``max_count`` by endpoint, of those that have one.
    planned : iterable
        Endpoint and deployment of every block of the plan.
    block : int
        Requests of one block.
    scenarios : mapping, optional
        Requests that scenarios are about to make.
    """

    def __init__(
        self,
        most: Mapping[str, int],
        planned: Iterable[Use],
        block: int,
        scenarios: Mapping[Use, int] = MappingProxyType({}),
    ) -> None:
        self._most = dict(most)
        self._block = block
        self._spent: Counter[Use] = Counter()
        self._set_aside: Counter[Use] = Counter(scenarios)
        for use in planned:
            self._set_aside[use] += block

    def left(self, name: str, deployment: str) -> float:
        """Requests not yet made; infinite without a ``max_count``."""
        return self._most.get(name, math.inf) - self._spent[name, deployment]

    def free(self, name: str, deployment: str) -> float:
        """Requests that neither were made nor are set aside for blocks and scenarios."""
        return self.left(name, deployment) - self._set_aside[name, deployment]

    def spend(self, name: str, deployment: str, count: int) -> None:
        """Note so many requests more."""
        self._spent[name, deployment] += count

    def take(self, names: Iterable[str], deployment: str, count: int) -> tuple[str, ...]:
        """Those of the endpoints that may be asked ``count`` times more from what is free; it is theirs from now on."""
        able = tuple(name for name in names if self.free(name, deployment) >= count)
        for name in able:
            self.spend(name, deployment, count)
        return able

    def take_block(self, names: Iterable[str], deployment: str) -> tuple[str, ...]:
        """Those that get a planned block, from what was set aside: all, unless two arms are one deployment."""
        able = []
        for name in names:
            self._set_aside[name, deployment] -= self._block
            if self.left(name, deployment) >= self._block:
                self.spend(name, deployment, self._block)
                able.append(name)
        return tuple(able)


def cut(streams: Iterable[Stream], left: Mapping[str, float]) -> tuple[Stream, ...]:
    """Streams that ask no endpoint more often than is left, even if chance drew nothing else from the mix.

    Parameters
    ----------
    left : mapping
        Requests left by endpoint; may be infinite.
    """
    rest = dict(left)
    done: list[Stream] = []
    for stream in streams:
        for part in _apart(stream, rest):
            limited = [lane.name for lane in part.lanes if math.isfinite(rest[lane.name])]
            most = min((rest[name] // _uses(part, name) for name in limited), default=math.inf)
            begins = _begins(part.schedule, most)
            done.append(part if begins <= most else replace(part, schedule=replace(part.schedule, count=int(most))))
            for name in limited:
                rest[name] -= min(begins, most) * _uses(part, name)
    return tuple(done)


def _apart(stream: Stream, left: Mapping[str, float]) -> list[Stream]:
    """The same arrivals with a stream of its own for each limited lane, so that its end does not end the others.

    A mix at Poisson arrivals is the sum of Poisson arrivals of each member; of other mixes this cannot be said, and
    they end as a whole.

    References
    ----------
    Kingman, J. F. C. (1993). Poisson Processes, section 5.1 (colouring theorem).
    """
    schedule = stream.schedule
    limited = [lane for lane in stream.lanes if math.isfinite(left[lane.name])]
    is_poisson = schedule.is_open and schedule.spacing == "poisson" and schedule.count is None
    if not limited or len(stream.lanes) == 1 or stream.journeys or not is_poisson:
        return [stream]
    least = min(left[lane.name] for lane in limited)
    if _begins(schedule, least) <= least:
        return [stream]
    others = tuple(lane for lane in stream.lanes if lane not in limited)
    whole = sum(lane.weight for lane in stream.lanes)
    parts = [(lane,) for lane in limited] + ([others] if others else [])
    return [
        Stream(_thinned(schedule, sum(lane.weight for lane in lanes) / whole, number), lanes)
        for number, lanes in enumerate(parts, 1)
    ]


def _thinned(schedule: Schedule, share: float, number: int) -> Schedule:
    rate_rps = None if schedule.rate_rps is None else schedule.rate_rps * share
    stages = tuple(Stage(stage.start * share, stage.end * share, stage.for_s) for stage in schedule.stages)
    return replace(schedule, rate_rps=rate_rps, stages=stages, seed=schedule.seed + number)


def _uses(stream: Stream, name: str) -> int:
    """How often one arrival may ask an endpoint: once, or as often as it is a step of a journey."""
    return max((journey.steps.count(name) for journey in stream.journeys), default=1) or 1


def _begins(schedule: Schedule, most: float) -> float:
    """Arrivals, or turns of users, that a schedule makes; counted no further than just beyond ``most``."""
    if math.isinf(most):
        return most
    if not schedule.is_open:
        return math.inf if schedule.count is None else schedule.count
    whole = arrivals(schedule.course, schedule.seed, spacing=schedule.spacing, count=schedule.count)
    return sum(1 for _ in itertools.islice(whole, int(most) + 1))
