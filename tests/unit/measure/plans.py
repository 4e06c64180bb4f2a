"""Plans without a preview: steps of layouts, and checks whose blocks are drawn instead of measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.measure.hashes import endpoint_hash
from gate.measure.layout import Layout
from gate.measure.plan import Step, compared, round_cost
from gate.measure.planner import Setting, Stage, Stop, decide
from gate.measure.replay import differences, plan_record
from gate.measure.suspects import Looks, Mask, Seen
from gate.record.endpoint import ArmRecord, Block, EndpointRecord
from gate.record.plan import Look, PlanRecord
from gate.record.run import Run
from gate.stats.beliefs import assumed
from gate.stats.location import Floats
from tests.builders import SOUND, run_of


def steps_of(layout: Layout, suite: Suite, seed: int = 1) -> tuple[Step, ...]:
    """Steps of the first stage; none where nothing is compared."""
    beliefs = assumed(len(compared(suite)), one_host=True)
    setting = Setting(suite, layout, beliefs, tuple(seed + pair for pair in range(len(layout.pairs))))
    budget = suite.policy.budget
    stage = decide(setting, [], [Look(left_s=budget.time_s, left_requests=budget.requests)])
    return stage.steps if isinstance(stage, Stage) else ()


Draw = Callable[[int, int, str], tuple[float, float]]
"""Log latencies (centre, p95) that a block of the candidate has over the base's, by pair, round and endpoint."""


@dataclass(frozen=True)
class Drawn:
    """A check whose blocks were drawn."""

    runs: list[Run]
    stages: list[Stage]
    stop: Stop


def check_of(setting: Setting, draw: Draw) -> Drawn:
    """Follow the planner to its end; every stage takes what it costs at the endpoints' rates."""
    budget = setting.suite.policy.budget
    left = Look(left_s=budget.time_s, left_requests=budget.requests)
    tables: dict[int, list[tuple[int, str, tuple[float, float]]]] = {}
    looks: dict[str, list[Look]] = {"first": [], "fresh": []}
    stages: list[Stage] = []
    part = "first"
    while True:
        seen = [differences(run, setting.names) for run in _runs(setting, tables, stages, looks, "cut short")]
        decision = decide(setting, seen, [*looks["first"], *looks["fresh"], left])
        if isinstance(decision, Stop):
            if decision.why == "budget":
                looks[part].append(left)
            return Drawn(_runs(setting, tables, stages, looks, decision.why), stages, decision)
        part = decision.part
        looks[part].append(left)
        stages.append(decision)
        for step in decision.steps:
            if step.arm == "candidate":
                tables.setdefault(step.pair, []).extend(
                    (step.round, name, draw(step.pair, step.round, name)) for name in step.endpoints
                )
        cost = _nominal(setting, decision)
        left = Look(left_s=round(left.left_s - cost.left_s, 3), left_requests=left.left_requests - cost.left_requests)


def _nominal(setting: Setting, stage: Stage) -> Look:
    each = round_cost(setting.suite, stage.names, 2)
    return Look(left_s=sum(stage.rounds) * each.time_s, left_requests=sum(stage.rounds) * each.requests)


def _runs(setting, tables, stages, looks, why) -> list[Run]:
    runs = []
    for pair in sorted(tables):
        part = "first" if pair < len(setting.layout.first) else "fresh"
        own = [stage for stage in stages if stage.part == part]
        plan = plan_record(setting, pair, own, looks[part], why)
        runs.append(_run(setting, pair, tables[pair], plan))
    return runs


def _run(setting: Setting, pair: int, drawn, plan: PlanRecord) -> Run:
    def arm(name: str, of: str) -> ArmRecord:
        blocks = [
            _block(number, values if of == "candidate" else (0.0, 0.0)) for number, own, values in drawn if own == name
        ]
        return ArmRecord(blocks=blocks, histogram=Histogram().encode())

    run = run_of(setting.suite, f"{setting.seeds[pair]:x}", base=SOUND, rounds=0)
    endpoints = {
        name: EndpointRecord(
            config_hash=endpoint_hash(setting.suite, name),
            arms={of: arm(name, of) for of in setting.layout.arms},
        )
        for name in setting.names
    }
    return run.model_copy(update={"seed": setting.seeds[pair], "endpoints": endpoints, "plan": plan})


def _block(number: int, values: tuple[float, float]) -> Block:
    centre, p95 = values
    known = {} if math.isnan(centre) else {"log_trimmed_mean": centre, "log_p50": centre, "log_p95": p95}
    n = 0 if math.isnan(centre) else 50
    return Block(round=number, order=number, start_s=0.0, planned=50, sent=50, dropped=0, errors=50 - n, n=n, **known)


def suspects_of(setting: Setting, seen: Sequence[Floats], stages: Sequence[Stage]) -> Mask:
    """Rows that are suspected still after these stages, shape ``(endpoints, metrics)``."""
    layout = setting.layout
    watched = np.ones(len(setting.names), dtype=bool)
    looked = Looks(layout.design, setting.beliefs, layout.first, layout.fresh, watched)
    for part, tables in (("first", seen[: len(layout.first)]), ("fresh", seen[len(layout.first) :])):
        rounds = tuple(stage.rounds for stage in stages if stage.part == part and stage.number is not None)
        for number in range(len(rounds)):
            looked.after(part, number, Seen(tuple(tables), rounds))
    return looked.rows
