"""From what was measured to the run that is kept. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from gate.config.loads import Load
from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult, SocketResult
from gate.load.transport import PROTECTED, THROTTLED
from gate.measure.finding import errors_of
from gate.measure.hashes import scenario_hash
from gate.measure.search import Found, Point
from gate.measure.tally import server_record
from gate.record.scenario import JourneyRecord, Level, ScenarioRecord, SearchRecord, SocketRecord, StepRecord
from gate.record.value import Notice
from gate.stats.knee import knee

_REFUSALS = frozenset({THROTTLED, PROTECTED, "protocol", "subprotocol"})


def scenario_record(suite: Suite, name: str, result: SegmentResult) -> ScenarioRecord:
    """What one scenario came to."""
    load = suite.scenarios[name].load
    lanes = list(result.lanes.values())
    errors: dict[str, int] = {}
    for lane in lanes:
        for kind, count in lane.errors.items():
            errors[kind] = errors.get(kind, 0) + count
    return ScenarioRecord(
        config_hash=scenario_hash(suite, name),
        executor=_executor(load),
        elapsed_s=round(result.elapsed_s, 6),
        planned=sum(lane.planned for lane in lanes),
        sent=sum(lane.sent for lane in lanes),
        dropped=sum(lane.dropped for lane in lanes),
        completed=sum(lane.completed for lane in lanes),
        errors=errors,
        histogram=sum((Histogram(lane.histogram) for lane in lanes), Histogram()).encode(),
        body_max=max((lane.body_max for lane in lanes if lane.body_max is not None), default=None),
        steps={endpoint: _step(lane) for endpoint, lane in result.lanes.items()},
        journeys={
            journey: JourneyRecord(
                begun=done.begun,
                completed=done.completed,
                dropped=done.dropped,
                histogram=Histogram(done.histogram).encode(),
            )
            for journey, done in result.journeys.items()
            if journey in suite.journeys  # an endpoint beside journeys in a mix is one to the engine too
        },
        sockets={socket: socket_record(done, result.lanes[socket]) for socket, done in result.sockets.items()},
    )


def climbed(load: Load, results: Sequence[SegmentResult]) -> list[Level]:
    """What each level of a scenario came to that was driven to its end, in their order."""
    return [_climbed(level, result) for level, result in zip(load.levels, results, strict=False)]


def _climbed(level: float, result: SegmentResult) -> Level:
    lanes = list(result.lanes.values())
    latency = sum((Histogram(lane.histogram) for lane in lanes), Histogram())
    planned, completed = sum(lane.planned for lane in lanes), sum(lane.completed for lane in lanes)
    return Level(
        level=level,
        rate_rps=completed / result.elapsed_s if result.elapsed_s > 0 else 0.0,
        p50_s=latency.quantile(0.5) if latency.n else None,
        p95_s=latency.quantile(0.95) if latency.n else None,
        error_ratio=1 - completed / planned if planned else 0.0,
        mean_s=latency.mean() if latency.n else None,
        errors=errors_of(result),
        dropped=sum(lane.dropped for lane in lanes),
    )


def unsent_record(suite: Suite, name: str, why: Notice) -> ScenarioRecord:
    """A scenario that was not begun."""
    return scenario_record(suite, name, SegmentResult({})).model_copy(update={"not_reached": why})


def _executor(load: Load) -> Literal["rate", "users", "count", "find"]:
    if load.find is not None:
        return "find"
    return "count" if load.count is not None else "rate" if load.is_open else "users"


def search_record(until: str, found: Found, *, finished: bool, unmade: Notice | None = None) -> SearchRecord:
    """What a search for capacity came to, or came to so far, with the knee of its curve.

    Parameters
    ----------
    unmade : Notice, optional
        Why the generator could not make the level at which it ended.
    """
    best: dict[float, Point] = {point.level: point for point in found.points if point.rate_rps > 0}
    curve = [best[level] for level in sorted(best)]
    at_capacity = [point.rate_rps for point in found.points if point.level == found.capacity and point.met]
    return SearchRecord(
        until=until,
        capacity=found.capacity,
        capacity_rps=max(at_capacity, default=None),
        is_bounded=found.is_bounded,
        finished=finished,
        unmade=unmade,
        knee=knee([point.level for point in curve], [point.p95_s for point in curve]),
        levels=[
            Level(
                level=point.level,
                rate_rps=point.rate_rps,
                p50_s=None if math.isnan(point.p50_s) else point.p50_s,
                p95_s=None if math.isnan(point.p95_s) else point.p95_s,
                error_ratio=point.error_ratio,
                met=point.met,
                mean_s=None if math.isnan(point.mean_s) else point.mean_s,
                errors=dict(point.errors),
                dropped=point.dropped,
            )
            for point in found.points
        ],
    )


def socket_record(done: SocketResult, lane: LaneResult) -> SocketRecord:
    """What the connections of one WebSocket came to."""
    return SocketRecord(
        opened=done.opened,
        reconnected=done.reconnected,
        refused={kind: count for kind, count in lane.errors.items() if _is_refusal(kind)},
        alive=done.alive,
        lost=done.lost,
        unasked=done.unasked,
        connect=Histogram(done.connect).encode(),
        upgrade=Histogram(done.upgrade).encode(),
        echo=Histogram(done.echo).encode(),
    )


def _is_refusal(kind: str) -> bool:
    """Whether an error of a WebSocket is an answer to its upgrade; what else goes wrong has other kinds."""
    return kind.startswith("status_") or kind in _REFUSALS


def _step(lane: LaneResult) -> StepRecord:
    return StepRecord(
        planned=lane.planned,
        sent=lane.sent,
        dropped=lane.dropped,
        completed=lane.completed,
        errors=lane.errors,
        histogram=Histogram(lane.histogram).encode(),
        server=server_record(lane.server),
    )
