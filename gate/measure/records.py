"""From what was measured to the run that is kept. Pure."""

from __future__ import annotations

from gate.config.models import Suite
from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult
from gate.measure.plan import scenario_hash
from gate.record.run import JourneyRecord, ScenarioRecord, StepRecord


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
        executor="count" if load.count is not None else "rate" if load.is_open else "users",
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
    )


def _step(lane: LaneResult) -> StepRecord:
    return StepRecord(
        planned=lane.planned,
        sent=lane.sent,
        dropped=lane.dropped,
        completed=lane.completed,
        errors=lane.errors,
        histogram=Histogram(lane.histogram).encode(),
    )
