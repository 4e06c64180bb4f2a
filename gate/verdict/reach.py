"""How small a slowdown a duet would have caught, in every row: by its design, and what the budget had left for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gate.config.suite import Suite
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.plan import group_endpoints
from gate.stats.beliefs import Beliefs
from gate.stats.designs import DuetDesign, Stage
from gate.stats.location import Floats
from gate.stats.power import detectable_duet
from gate.verdict.sittings import Course
from gate.verdict.walk import Walk

_NEVER = (-9.0, -9.0)
_ARMS = 2


def detectable_rows(
    suite: Suite, names: Sequence[str], course: Course, found: Walk, beliefs: Beliefs, limit: float
) -> Floats:
    """Smallest slowdowns caught four times in five, shape ``(endpoints, metrics)``; NaN where nothing was measured.

    A row that left early would have been measured on had it been slower, as far as the budget went: later stages count
    with the rounds that were left for one suspect.
    """
    block_variance = found.rows.blocks_variance * found.blocks
    sigma = np.broadcast_to(beliefs.sigma_dep, block_variance.shape)
    offset = np.broadcast_to(beliefs.offset_variance, block_variance.shape)
    if course.design is None:
        rounds = max(1, int(found.blocks.max(initial=1)))
        single = DuetDesign("fixed", (Stage(rounds, _NEVER),), (), len(course.sittings))
        return detectable_duet(block_variance, single, sigma, limit, offset_variance=offset)
    rows = [
        detectable_duet(
            block_variance[place],
            _affordable(suite, name, course, course.design, is_confirmed=not found.design.endswith("+0")),
            sigma[place],
            limit,
            offset_variance=offset[place],
        )
        for place, name in enumerate(names)
    ]
    return np.array(rows, dtype=np.float64).reshape(block_variance.shape)


def _affordable(suite: Suite, name: str, course: Course, design: DuetDesign, *, is_confirmed: bool) -> DuetDesign:
    """The design as far as the budget could have followed it for one suspect."""
    begun = max(1, sum(sitting.rounds[0] for sitting in course.part("first") if sitting.rounds))
    later = [*design.first[1:], *design.fresh]
    wanted = sum(stage.rounds for stage in later)
    share = min(1.0, _rounds_left(suite, name, course, begun) / wanted) if wanted else 1.0
    cut = [replace(stage, rounds=max(1, int(share * stage.rounds))) for stage in later]
    on, afresh = cut[: len(design.first) - 1], cut[len(design.first) - 1 :]
    return replace(design, first=(Stage(begun, design.first[0].keep), *on), fresh=tuple(afresh) if is_confirmed else ())


def _rounds_left(suite: Suite, name: str, course: Course, begun: int) -> float:
    """Rounds of one endpoint alone, both arms, that the budget had left after the first stage."""
    looks = next((s.run.plan.looks for s in course.part("first") if s.run.plan is not None), [])
    if not looks:
        return math.inf
    if len(looks) > 1:
        left_s, left_requests = looks[1].left_s, float(looks[1].left_requests)
    else:  # nothing was suspected, so the budget was not looked at again
        groups = group_endpoints(suite)
        round_s = sum(BLOCK_REQUESTS / min(suite.endpoints[member].rate_rps for member in group) for group in groups)
        left_s = looks[0].left_s - begun * _ARMS * round_s
        left_requests = looks[0].left_requests - begun * _ARMS * BLOCK_REQUESTS * sum(map(len, groups))
    return max(0.0, min(left_s * suite.endpoints[name].rate_rps, left_requests) / (_ARMS * BLOCK_REQUESTS))
