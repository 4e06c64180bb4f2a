"""Rows of objectives: met, missed, or not decidable with this much data."""

from __future__ import annotations

import math

from gate.config.suite import Suite
from gate.record.value import Notice
from gate.verdict.evidence import Evidence, Objective
from gate.verdict.family import family_of
from gate.verdict.limit import Limit
from gate.verdict.values import Counts, Outcome, Row, Trail, finite


def limit_row(suite: Suite, evidence: Evidence, objective: Objective) -> Row:
    """One objective of one endpoint or scenario."""
    limit = objective.limit
    row_id = evidence.row_id(objective.owner, f"limit:{limit.statistic}")
    p_adjusted = limit.p_missed if limit.is_check else evidence.adjust(row_id, limit.p_missed)
    is_known = math.isfinite(limit.value) and limit.n > 0
    missed = is_known and (
        (limit.is_check and not limit.is_met) or (not limit.is_check and p_adjusted <= evidence.level)
    )
    outcome: Outcome = (
        "not_measured" if not is_known else "missed" if missed else "met" if limit.is_met else "inconclusive"
    )
    excused = outcome == "missed" and suite.policy.objectives == "ratchet" and _was_missed_before(objective)
    ratchet = Notice(code="ratchet", message="missed on main too and not worse; objectives: ratchet lets it pass")
    notices = limit.if_open if outcome == "inconclusive" and limit.if_open else limit.notices
    return Row(
        id=row_id,
        endpoint=objective.owner,
        metric=f"limit:{limit.statistic}",
        unit=limit.unit,
        baseline=finite(objective.base.value) if objective.base else None,
        candidate=finite(limit.value),
        limit=limit.limit,
        lo=finite(limit.lo),
        hi=finite(limit.hi),
        outcome=outcome,
        gated=objective.gated,
        blocks=objective.gated and outcome == "missed" and not excused,
        notices=[*notices, *([ratchet] if excused else [])],
        trail=_trail(evidence, row_id, limit, p_adjusted),
    )


def _trail(evidence: Evidence, row_id: str, limit: Limit, p_adjusted: float) -> Trail:
    """A check has no family: it is seen or not seen."""
    family = None if limit.is_check or not limit.n else family_of(evidence, row_id)
    return Trail(
        test=limit.test or "none",
        n=limit.n,
        design_effect=limit.design_effect,
        se=limit.se,
        df=limit.df,
        counts={} if limit.over is None else {"candidate": Counts(count=limit.over, n=limit.n)},
        share=limit.share,
        blocks=limit.blocks,
        family=family.tests if family else None,
        family_share=family.share if family else None,
        p_limit=family.p_limit if family else None,
        p=limit.p_missed,
        p_adjusted=p_adjusted,
        level=evidence.level,
    )


def _was_missed_before(objective: Objective) -> bool:
    """Whether main misses the limit as well and the candidate's interval overlaps main's, so it is not shown worse."""
    base = objective.base
    if base is None or not math.isfinite(base.value):
        return False
    is_lower_limit = objective.limit.statistic in ("rate", "success", "capacity")
    if is_lower_limit:
        return base.value < base.limit and objective.limit.value >= base.value
    best = objective.limit.lo if math.isfinite(objective.limit.lo) else objective.limit.value
    worst = base.hi if math.isfinite(base.hi) else base.value
    return base.value > base.limit and best <= worst
