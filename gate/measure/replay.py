"""A plan as it is kept in run files, and the way back: from run files to every decision that was made. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.config.suite import Suite
from gate.measure.layout import CONFIRM, FIXED, Layout, Suspicion, fixed_design
from gate.measure.plan import compared
from gate.measure.planner import Setting, Stage, Stop, decide
from gate.record.blocks import pair_differences
from gate.record.endpoint import Block
from gate.record.plan import Belief, BeliefsRecord, Look, PlanRecord, Why
from gate.record.run import Run
from gate.record.value import Arm
from gate.stats.beliefs import Beliefs, assumed
from gate.stats.constants import DUETS, VERSION
from gate.stats.designs import METRICS, DuetDesign
from gate.stats.duet import Deployed
from gate.stats.location import Floats


def plan_record(setting: Setting, pair: int, stages: Sequence[Stage], looks: Sequence[Look], why: Why) -> PlanRecord:
    """What is kept of the plan with the run of one pair.

    Parameters
    ----------
    stages : sequence of Stage
        Of the part that the pair belongs to, as they were measured.
    looks : sequence of Look
        Of the same part.
    """
    layout = setting.layout
    is_fresh = pair >= len(layout.first)
    place = pair - len(layout.first) if is_fresh else pair
    return PlanRecord(
        way="duet" if "base" in layout.arms else "stored",
        design=layout.name,
        constants=VERSION,
        part="fresh" if is_fresh else "first",
        pair=pair,
        pairs={"first": len(layout.first), "fresh": len(layout.fresh)},
        redeployed=layout.redeploys,
        after=list(layout.after.runs) if layout.after is not None else [],
        suspects=list(layout.after.endpoints) if layout.after is not None else [],
        candidate=layout.pairs[pair].candidate,
        base=layout.pairs[pair].base,
        rounds=[stage.rounds[place] for stage in stages if stage.number is not None],
        whole_rounds=sum(stage.rounds[place] for stage in stages if stage.number is None),
        looks=list(looks),
        stopped=why,
        beliefs=_beliefs_record(setting) if "base" in layout.arms else None,
    )


def setting_of(suite: Suite, runs: Sequence[Run]) -> Setting:
    """The setting in which the runs of one check were planned, whatever their order.

    Raises
    ------
    ValueError
        If one of them has no plan, or was planned by another version of the constants.
    """
    planned = _planned(runs)
    one = next(iter(planned.values())).plan
    if one.constants != VERSION:
        raise ValueError(f"it was planned with version {one.constants} of the constants, this gate has {VERSION}")
    count = one.pairs["first"] + one.pairs["fresh"]
    deployed = [
        Deployed(planned[pair].plan.candidate, planned[pair].plan.base) if pair in planned else Deployed(pair, pair)
        for pair in range(count)
    ]
    layout = Layout(
        design=_design(one, sum(sum(each.plan.rounds) for each in planned.values())),
        first=tuple(deployed[: one.pairs["first"]]),
        fresh=tuple(deployed[one.pairs["first"] :]),
        redeploys=one.redeployed,
        arms=("candidate", "base") if one.way == "duet" else ("candidate",),
        after=Suspicion(tuple(one.after), tuple(one.suspects)) if one.after else None,
    )
    seeds = tuple(planned[pair].run.seed if pair in planned else 0 for pair in range(count))
    return Setting(suite, layout, recorded_beliefs(one.beliefs, compared(suite)), seeds)


def replay(suite: Suite, runs: Sequence[Run]) -> list[Stage | Stop]:
    """Every decision of a check from its run files alone, in any order; the last one is why it stopped.

    Raises
    ------
    ValueError
        As for ``setting_of``.
    """
    setting, planned = setting_of(suite, runs), _planned(runs)
    seen = [differences(each.run, setting.names) for each in planned.values()]
    # The last pair of a part saw all of its looks; one that another took the place of, only the first ones.
    looks = {each.plan.part: each.plan.looks for each in planned.values()}
    taken = [*looks.get("first", ()), *looks.get("fresh", ()), Look(left_s=0.0, left_requests=0)]
    decisions: list[Stage | Stop] = []
    for number in range(1, len(taken) + 1):
        decisions.append(decide(setting, seen, taken[:number]))
        if isinstance(decisions[-1], Stop):
            break
    return decisions


@dataclass(frozen=True)
class _Planned:
    run: Run
    plan: PlanRecord


def _planned(runs: Sequence[Run]) -> dict[int, _Planned]:
    """Runs with their plans, by number of the pair."""
    found = {run.plan.pair: _Planned(run, run.plan) for run in runs if run.plan is not None}
    if not runs or len(found) < len(runs):
        raise ValueError("a run has no plan of its own, or two are of one pair: they were not planned together")
    return dict(sorted(found.items()))


def differences(run: Run, names: Sequence[str]) -> Floats:
    """Log latency of the candidate minus that of the base, shape ``(endpoints, metrics, rounds)``."""

    def blocks(arm: Arm) -> dict[str, Sequence[Block]]:
        records = {name: run.endpoints[name].arms.get(arm) for name in names if name in run.endpoints}
        return {name: record.blocks for name, record in records.items() if record is not None}

    return pair_differences(blocks("candidate"), blocks("base"), names)


def _design(plan: PlanRecord, rounds: int) -> DuetDesign:
    known = next((design for design in DUETS if design.name == plan.design), None)
    if known is not None:
        return known
    effort, _, pairs = plan.design.partition(" ")
    if effort not in (FIXED, CONFIRM):
        raise ValueError(f"it was planned as {plan.design!r}, which this gate does not know")
    return fixed_design(rounds, int(pairs))


def recorded_beliefs(record: BeliefsRecord | None, names: Sequence[str]) -> Beliefs:
    """What was believed when a run was planned; without a base nothing is looked at, so anything will do.

    Raises
    ------
    KeyError
        If an endpoint is not in the record.
    """
    if record is None:
        return assumed(len(names), one_host=True)
    cells = [[record.endpoints[name][metric] for metric in METRICS] for name in names]
    shape = (len(names), len(METRICS))
    return Beliefs(
        sigma_dep=np.array([[cell.sigma_dep for cell in row] for row in cells], dtype=np.float64).reshape(shape),
        sigma_common=record.sigma_common,
        offset=np.array([[cell.offset for cell in row] for row in cells], dtype=np.float64).reshape(shape),
        offset_variance=np.array([[cell.offset_variance for cell in row] for row in cells]).reshape(shape),
        duets=record.duets,
        hosts_known=record.hosts_known,
    )


def _beliefs_record(setting: Setting) -> BeliefsRecord:
    beliefs = setting.beliefs
    return BeliefsRecord(
        endpoints={
            name: {
                metric: Belief(
                    sigma_dep=float(beliefs.sigma_dep[row, column]),
                    offset=float(beliefs.offset[row, column]),
                    offset_variance=float(beliefs.offset_variance[row, column]),
                )
                for column, metric in enumerate(METRICS)
            }
            for row, name in enumerate(setting.names)
        },
        sigma_common=float(beliefs.sigma_common),
        duets=beliefs.duets,
        hosts_known=beliefs.hosts_known,
    )
