"""A shift that most endpoints share may be the two hosts' own, until it is learnt how they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gate.record.value import Notice
from gate.stats.designs import MARGINS, METRICS
from gate.stats.duet import Pooled
from gate.stats.location import Floats
from gate.stats.shift import Shift
from gate.verdict.change import Change, Changes, SuiteChange

SUSPECTED_AT = 0.01
"""Level at which everything being slower is suspected; a suspicion never blocks as a regression."""
_COMMON_SHARE = 0.75
_LEAST_FOR_MAJORITY = 3
"""Endpoints from which some can be told from the rest."""
_MANY_DF = 200.0
_OTHER_HOST = Notice(
    code="different-environment",
    message="most endpoints moved by the same factor: base and preview may run in different environments",
    cure="deploy base and preview alike, or let `gate calibrate` learn how the two hosts differ",
)
_BEYOND = Notice(
    code="beyond-the-shared",
    message="most endpoints moved by the same factor, which may be the hosts' own; this change is what lies beyond it",
)


def doubt_hosts(rows: Sequence[Change], pooled: Pooled, scored: Callable[[Change, Shift], Change]) -> Changes:
    """On hosts that are not known to be alike, doubt a shift that most endpoints share: it only is told.

    Endpoints that do not share it are judged by how far they lie from it, or the hosts' own shift would be theirs:
    ``scored`` gives a row another change and all that follows from it.
    """
    doubted, suspicions = list(rows), []
    for metric, name in enumerate(METRICS):
        own = {number: row for number, row in enumerate(rows) if row.metric == name and row.shift is not None}
        if not own:
            continue
        common = _common(pooled, metric)
        sharing = {number for number, row in own.items() if _is_near(row, common, metric, len(own))}
        is_common = len(sharing) >= _COMMON_SHARE * len(own)
        tolerance = min(row.tolerance for row in own.values())
        suspicions.append(_suspicion(name, common, tolerance))
        if not is_common or not abs(math.expm1(common.effect)) > tolerance:
            continue
        for number, row in own.items():
            doubted[number] = replace(row, doubt=_OTHER_HOST) if number in sharing else _beyond(row, common, scored)
    return Changes(tuple(doubted), tuple(suspicions))


def _common(pooled: Pooled, metric: int) -> Shift:
    """Median change over endpoints as one change of two hosts.

    The deployment effect is taken as common to all endpoints, which is the cautious reading: it does not average out.
    """
    known = np.isfinite(pooled.effect[:, metric])
    n = int(known.sum())
    blocks = _mean(pooled.blocks_variance, known, metric) * (math.pi / 2 if n > 1 else 1.0) / n
    deployments = _mean(pooled.deployments_variance, known, metric)
    return Shift(
        effect=float(np.median(pooled.effect[known, metric])),
        se=math.sqrt(blocks + deployments),
        se_parts={"blocks": math.sqrt(blocks), "deployments": math.sqrt(deployments)},
        df=_MANY_DF,
        test="median over endpoints, deployment variance added",
        n=n,
    )


def _mean(values: Floats, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], metric: int) -> float:
    return float(np.mean(values[known, metric]))


def _is_near(row: Change, common: Shift, metric: int, endpoints: int) -> bool:
    """Whether an endpoint shares the common change; with one or two there is no telling them from the rest."""
    if row.shift is None or endpoints < _LEAST_FOR_MAJORITY:
        return True
    reach = 2 * row.shift.se_parts["blocks"] + math.log1p(MARGINS["duet"][metric])
    return abs(row.shift.effect - common.effect) <= reach


def _suspicion(metric: str, common: Shift, tolerance: float) -> SuiteChange:
    return SuiteChange(
        metric=metric,
        shift=common,
        margin=tolerance,
        share=common.p_slower(tolerance),
        limit=math.nan,
        proves=False,
        detectable=common.detectable(tolerance, SUSPECTED_AT),
    )


def _beyond(row: Change, common: Shift, scored: Callable[[Change, Shift], Change]) -> Change:
    """The change of one endpoint less the one that most share."""
    if row.shift is None:
        return row
    parts = row.shift.se_parts | {"blocks": math.hypot(row.shift.se_parts["blocks"], common.se_parts["blocks"])}
    shift = replace(
        row.shift,
        effect=row.shift.effect - common.effect,
        se=math.hypot(*parts.values()),
        se_parts=parts,
        test=f"{row.shift.test}, less the median over endpoints",
    )
    return scored(replace(row, notices=[*row.notices, _BEYOND]), shift)
