"""Changes of latency between preview and base, measured side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.config.suite import Suite
from gate.measure.plan import compared
from gate.record.run import Run
from gate.record.value import Notice
from gate.stats.beliefs import Beliefs
from gate.stats.designs import MARGINS, METRICS
from gate.stats.duet import Pooled
from gate.stats.limits import Scores, duet_scores
from gate.stats.shift import Shift
from gate.verdict.change import Change, Changes, Standing, SuiteChange
from gate.verdict.hosts import doubt_hosts
from gate.verdict.reach import detectable_rows
from gate.verdict.shared import detectable, limit_of, score_faster, score_slower, seconds, share_of
from gate.verdict.sittings import Course, course_of
from gate.verdict.walk import Walk, walk

_TEST = "paired blocks, Student-t location, deployment variance added"
_LEAST_FOR_SUITE = 2
"""Endpoints from which the suite as a whole is more than its rows."""
_OPEN = Notice(
    code="suspected",
    message="slower on these deployments by more than chance allows, and not measured to the end",
    cure="raise policy.budget, or give fresh deployments to confirm it on (several previews and bases)",
)


@dataclass(frozen=True)
class _Limits:
    """What a score is held to, and the promise."""

    staged: Scores
    """After all looks of the design."""
    single: Scores
    """After one look."""
    unfinished: Scores
    """Of what is suspected still and was not measured to the end, wherever on the way that was: the hardest of those
    that may hold there, that of the same stages without fresh deployments included."""
    rate: float


def duet_changes(suite: Suite, runs: Sequence[Run], beliefs: Beliefs) -> Changes:
    """Compare the arms of one or several duets, block by block and look by look."""
    names = compared(suite)
    if not names:
        return Changes((), ())
    course = course_of(runs)
    found = walk(course, names, beliefs)
    limits = _limits(suite, course, found.design, beliefs.widest)
    seen = detectable_rows(suite, names, course, found, beliefs, limit_of(limits.rate, limits.staged))
    rows = [
        _change(suite, runs, found, limits, name, (place, metric), float(seen[place, metric]))
        for metric in range(len(METRICS))
        for place, name in enumerate(names)
    ]
    if not beliefs.hosts_known:
        return doubt_hosts(rows, found.rows, lambda row, shift: _scored(suite, limits, row, shift))
    level = _suite_change(found, limits) if len(names) >= _LEAST_FOR_SUITE else None
    return Changes(tuple(rows), () if level is None else (level,))


def _limits(suite: Suite, course: Course, design: str, widest: float) -> _Limits:
    endpoints = len(compared(suite))
    staged, single = (
        duet_scores(name, endpoints, widest) for name in (design, f"fixed {min(4, len(course.sittings))}")
    )
    alone = duet_scores(f"{course.design.effort} 1+0", endpoints, widest) if course.design is not None else single
    unfinished = tuple(map(max, staged, single, alone))
    return _Limits(staged, single, unfinished, suite.policy.false_block_rate)


def _change(
    suite: Suite, runs: Sequence[Run], found: Walk, limits: _Limits, name: str, at: tuple[int, int], seen: float
) -> Change:
    _, metric = at
    margin, tolerance = MARGINS["duet"][metric], suite.tolerance_of(name, METRICS[metric])
    baseline_s, candidate_s = seconds(runs, name, "base")[metric], seconds(runs, name, "candidate")[metric]
    shift = shift_at(found.rows, at, int(found.blocks[at]))
    blank = Change(
        endpoint=name,
        metric=METRICS[metric],
        baseline_s=baseline_s,
        candidate_s=candidate_s,
        shift=shift,
        margin=margin,
        tolerance=tolerance,
        score=math.nan,
        limit=limit_of(limits.rate, limits.staged),
        share=1.0,
        share_faster=1.0,
        detectable=seen,
        design=found.design,
    )
    if shift is None or baseline_s is None:
        return replace(blank, shift=None)
    is_judged, is_open = bool(found.judged[at]), bool(found.open[at])
    standing: Standing = "judged" if is_judged else "open" if is_open else "cleared"
    standing_row = replace(blank, standing=standing, notices=[_OPEN] if is_open and suite.endpoints[name].gate else [])
    return _scored(suite, limits, standing_row, shift)


def _scored(suite: Suite, limits: _Limits, row: Change, shift: Shift) -> Change:
    """The same row with a change and all that follows from it."""
    score = score_slower(shift, row.margin)
    # What was not measured to the end has a limit too; without one, slowness that eats the budget would pass.
    scores = limits.unfinished if row.standing == "open" else limits.staged
    limit = limit_of(limits.rate, scores)
    least = max(row.tolerance, suite.policy.absolute_floor_s / (row.baseline_s or math.nan))
    return replace(
        row,
        shift=shift,
        score=score,
        limit=limit,
        share=1.0 if row.standing == "cleared" else share_of(score, scores),
        share_faster=share_of(score_faster(shift, row.margin), limits.single),
        # max() would take the tolerance where the other is NaN, and promise what nobody worked out.
        detectable=max(least, row.detectable) if math.isfinite(row.detectable) else math.inf,
    )


def _suite_change(found: Walk, limits: _Limits) -> SuiteChange | None:
    margin = MARGINS["duet"][0]
    shift = shift_at(found.level, (), int(found.blocks.max(initial=0)))
    if shift is None:
        return None
    scores = limits.unfinished if found.level_open else limits.staged
    limit = limit_of(limits.rate, scores)
    return SuiteChange(
        metric=METRICS[0],
        shift=replace(shift, test="median over endpoints by round, Student-t location"),
        margin=margin,
        share=share_of(score_slower(shift, margin), scores) if found.level_judged or found.level_open else 1.0,
        limit=limit,
        proves=True,
        detectable=detectable(shift, margin, limit, 0.0),
        is_open=found.level_open,
    )


def shift_at(rows: Pooled, place: tuple[int, ...], n: int) -> Shift | None:
    """One change out of many; None where nothing was measured or nothing varies."""
    effect, variance = float(rows.effect[place]), float(rows.variance[place])
    if not (math.isfinite(effect) and variance > 0):
        return None
    parts = {
        "blocks": float(rows.blocks_variance[place]),
        "deployments": float(rows.deployments_variance[place]),
        "hosts": float(rows.offset_variance[place]),
    }
    return Shift(
        effect=effect,
        se=math.sqrt(variance),
        se_parts={name: math.sqrt(part) for name, part in parts.items() if part > 0 or name != "hosts"},
        df=float(np.asarray(rows.df)[place]),
        test=_TEST,
        n=n,
    )
