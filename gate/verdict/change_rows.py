"""Rows of latency: what became of each change, and of what all endpoints share."""

from __future__ import annotations

import math

from gate.config.suite import Suite
from gate.record.value import Notice
from gate.stats.shift import Shift
from gate.verdict.answers import Errors
from gate.verdict.change import Change, SuiteChange
from gate.verdict.evidence import Evidence
from gate.verdict.hosts import SUSPECTED_AT
from gate.verdict.values import Outcome, Row, Trail

SAME_WITHIN = 2.0
"""Called unchanged if the whole interval lies within so many tolerances."""
EVERYTHING = "*"
_WITHIN = Notice(code="within-tolerance", message="slower, within the tolerance or the absolute floor")


def change_row(suite: Suite, evidence: Evidence, change: Change, errors: Errors) -> Row:
    """One latency metric of one endpoint."""
    gated = change.endpoint in evidence.gated
    blank = Row(
        id=evidence.row_id(change.endpoint, change.metric),
        endpoint=change.endpoint,
        metric=change.metric,
        unit="s",
        baseline=change.baseline_s,
        candidate=change.candidate_s,
        outcome="no_baseline",
        gated=gated,
        notices=change.notices,
    )
    is_no_number = change.shift is not None and (math.isnan(change.share) or math.isnan(change.score))
    if change.candidate_s is None or is_no_number:
        return blank.model_copy(update={"outcome": "not_measured"})
    if change.shift is None or change.baseline_s is None:
        missing = "not_measured" if evidence.way == "duet" else "no_baseline"
        return blank.model_copy(update={"outcome": missing})
    shift = change.shift
    outcome = _outcome(suite, evidence, change, shift, errors)
    low, high = shift.interval()
    return blank.model_copy(
        update={
            "change": math.expm1(shift.effect),
            "change_lo": math.expm1(low),
            "change_hi": math.expm1(high),
            "detectable": change.detectable if math.isfinite(change.detectable) else None,
            "outcome": outcome,
            "blocks": gated and outcome == "regressed",
            "notices": [*change.notices, *_notices(evidence, change, outcome)],
            "trail": _trail(evidence, change, shift),
        }
    )


def _outcome(suite: Suite, evidence: Evidence, change: Change, shift: Shift, errors: Errors) -> Outcome:
    floor_s, baseline_s = suite.policy.absolute_floor_s, change.baseline_s or math.nan
    ratio = abs(math.expm1(shift.effect))
    is_large = ratio > change.tolerance and ratio * baseline_s >= floor_s
    if change.doubt is not None:
        return "inconclusive"
    if change.share <= evidence.level and shift.effect > 0 and is_large:
        return "regressed"
    if change.standing == "open":
        return "inconclusive"
    if change.share_faster <= evidence.level and shift.effect < 0 and is_large:
        # Errors leave the slow answers out: what is left is fast for a bad reason.
        return "improved" if errors.is_no_worse else "not_measured"
    low, high = shift.interval()
    reach = math.log1p(max(SAME_WITHIN * change.tolerance, floor_s / baseline_s))
    return "unchanged" if -reach <= low and high <= reach else "inconclusive"


def _notices(evidence: Evidence, change: Change, outcome: Outcome) -> list[Notice]:
    if change.doubt is not None:
        return [change.doubt]
    if outcome not in ("regressed", "improved") and change.share <= evidence.level:
        return [_WITHIN]
    return []


def _trail(evidence: Evidence, change: Change, shift: Shift) -> Trail:
    return Trail(
        test=shift.test,
        design=change.design,
        standing=change.standing,
        n=shift.n,
        effect=shift.effect,
        se=shift.se,
        se_parts=shift.se_parts,
        df=shift.df,
        margin=change.margin,
        score=change.score,
        limit=change.limit,
        p=shift.p_slower(change.margin),
        p_adjusted=change.share,
        level=evidence.level,
    )


def suite_row(suite: Suite, evidence: Evidence, change: SuiteChange) -> Row:
    """What all endpoints share: a slowdown where nothing else can be behind it, else a suspicion."""
    shift = change.shift
    level = evidence.level if change.proves else SUSPECTED_AT
    tolerance = suite.tolerance_of_all(change.metric)
    low, high = shift.interval()
    reach = math.log1p(SAME_WITHIN * tolerance)
    is_slower = not change.share > level and math.expm1(shift.effect) > tolerance
    is_same = -reach <= low and high <= reach
    outcome: Outcome = "regressed" if is_slower else "inconclusive" if change.is_open or not is_same else "unchanged"
    return Row(
        id=evidence.row_id(EVERYTHING, change.metric),
        endpoint=EVERYTHING,
        metric=change.metric,
        unit="ratio",
        change=math.expm1(shift.effect),
        change_lo=math.expm1(low),
        change_hi=math.expm1(high),
        detectable=change.detectable,
        outcome=outcome,
        gated=change.proves,
        blocks=change.proves and outcome == "regressed",
        trail=Trail(
            test=shift.test,
            n=shift.n,
            effect=shift.effect,
            se=shift.se,
            se_parts=shift.se_parts,
            df=shift.df,
            margin=change.margin,
            limit=change.limit if math.isfinite(change.limit) else None,
            p=shift.p_slower(change.margin),
            p_adjusted=change.share,
            level=level,
        ),
    )
