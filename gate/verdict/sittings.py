"""Which part of a check each run was: at first or afresh, on which deployments, in how many rounds a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gate.record.run import Run
from gate.stats.constants import DUETS
from gate.stats.designs import DuetDesign
from gate.stats.duet import Deployed


@dataclass(frozen=True)
class Sitting:
    """One run and its part."""

    run: Run
    part: Literal["first", "fresh"]
    deployed: Deployed
    rounds: tuple[int, ...]
    """Rounds of this run in each stage of its part; empty where it was not measured in stages."""


@dataclass(frozen=True)
class Course:
    """All runs of a check."""

    sittings: tuple[Sitting, ...]
    design: DuetDesign | None
    """None if the runs were measured without looking."""

    def part(self, part: str) -> list[Sitting]:
        """Runs of one part, in order."""
        return [sitting for sitting in self.sittings if sitting.part == part]


def course_of(runs: Sequence[Run]) -> Course:
    """Order runs as they were planned; runs without a plan are pairs of their own, all measured at first.

    So are fresh ones without the first that they confirm: what was not measured afresh is then missing, and said so.
    """
    ordered = sorted(runs, key=lambda run: (run.created, run.run_id))
    plans = [run.plan for run in ordered]
    names = {plan.design for plan in plans if plan is not None}
    design = next((design for design in DUETS if {design.name} == names), None)
    if design is None or all(plan is None or plan.part == "fresh" for plan in plans) or None in plans:
        fixed = tuple(Sitting(run, "first", Deployed(number, number), ()) for number, run in enumerate(ordered))
        return Course(fixed, None)
    planned = [
        Sitting(run, plan.part, Deployed(plan.candidate, plan.base), tuple(plan.rounds))
        for run, plan in zip(ordered, plans, strict=True)
        if plan is not None
    ]
    return Course(tuple(sorted(planned, key=lambda s: (s.part == "fresh", s.deployed.candidate))), design)
