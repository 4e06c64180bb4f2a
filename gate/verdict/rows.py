"""Findings settled into rows: each gets its outcome from its adjusted p, its estimate and the policy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gate.config.objectives import DEFAULT_TOLERANCE
from gate.config.policy import Waiver
from gate.config.suite import Suite
from gate.measure.counts import is_compared
from gate.measure.plan import group_endpoints
from gate.record.run import Notice
from gate.stats.shift import Shift
from gate.stats.stored import SharedFactor
from gate.units import format_ratio
from gate.verdict.answers import FAILING, LEAST_RISE, WORKING, Body, Errors
from gate.verdict.changes import Change
from gate.verdict.evidence import Evidence, Objective
from gate.verdict.values import Outcome, Row, Trail

SAME_WITHIN = 2.0
"""Called unchanged if the whole interval lies within so many tolerances."""
GLOBAL_LEVEL = 0.01
"""Level at which everything being slower is suspected; a suspicion never blocks as a regression."""
EVERYTHING = "*"


def settle(suite: Suite, evidence: Evidence, adjusted: Mapping[str, float], today: str) -> list[Row]:
    """All rows in the suite's order: what all endpoints share, then each endpoint, then scenarios."""
    rows = [_factor_row(suite, evidence, metric, factor) for metric, factor in evidence.changes.factors.items()]
    errors = {finding.endpoint: finding for finding in evidence.errors}
    for name in suite.endpoints:
        rows += [
            _change_row(suite, evidence, change, errors[name], adjusted)
            for change in evidence.changes.rows
            if change.endpoint == name and is_compared(suite, name)
        ]
        rows.append(_errors_row(evidence, errors[name], adjusted))
        rows += [_body_row(evidence, body) for body in evidence.bodies if body.endpoint == name]
        rows += [_limit_row(suite, evidence, o, adjusted) for o in evidence.objectives if o.owner == name]
    for name in suite.scenarios:
        rows += [_limit_row(suite, evidence, o, adjusted) for o in evidence.objectives if o.owner == name]
    return [_waived(suite, row, today) for row in _with_neighbours(suite, rows)]


def _with_neighbours(suite: Suite, rows: list[Row]) -> list[Row]:
    """Tell of a slower row when an endpoint that was measured beside it slowed even more: it may be the victim."""
    beside = {name: group for group in group_endpoints(suite) for name in group}
    slower = {(row.endpoint, row.metric): row.change for row in rows if row.outcome == "regressed" and row.change}
    told = []
    for row in rows:
        worse = [
            name
            for name in beside.get(row.endpoint, ())
            if (row.endpoint, row.metric) in slower and slower.get((name, row.metric), 0.0) > (row.change or 0.0)
        ]
        notice = Notice(
            code="measured-beside",
            message=f"measured side by side with {', '.join(worse)}, slower still: it may only be a victim",
            cure="mend that first, or lower policy.max_rate so that they run apart",
        )
        told.append(row.model_copy(update={"notices": [*row.notices, notice]}) if worse else row)
    return told


def _change_row(suite: Suite, evidence: Evidence, change: Change, errors: Errors, adjusted: Mapping[str, float]) -> Row:
    row_id = evidence.row_id(change.endpoint, change.metric)
    gated = change.endpoint in evidence.gated
    blank = Row(
        id=row_id,
        endpoint=change.endpoint,
        metric=change.metric,
        unit="s",
        baseline=change.baseline_s,
        candidate=change.candidate_s,
        outcome="no_baseline",
        gated=gated,
        notices=change.notices,
    )
    if change.candidate_s is None:
        return blank.model_copy(update={"outcome": "not_measured"})
    if change.shift is None or change.baseline_s is None:
        missing = "not_measured" if evidence.way == "duet" else "no_baseline"
        return blank.model_copy(update={"outcome": missing})
    shift, tests = change.shift, max(1, len(adjusted))
    p = shift.p_slower(change.margin)
    p_adjusted = adjusted.get(row_id, min(1.0, p * tests))
    outcome = _change_outcome(suite, evidence, change, shift, errors, p_adjusted, tests)
    low, high = shift.interval()
    return blank.model_copy(
        update={
            "change": math.expm1(shift.effect),
            "change_lo": math.expm1(low),
            "change_hi": math.expm1(high),
            "detectable": max(
                change.tolerance,
                suite.policy.absolute_floor_s / change.baseline_s,
                shift.detectable(change.margin, evidence.level / tests),
            ),
            "outcome": outcome,
            "blocks": gated and outcome == "regressed",
            "notices": [*change.notices, *_change_notices(change, p_adjusted, evidence.level, outcome)],
            "trail": _trail(shift, change.margin, p, p_adjusted, evidence.level),
        }
    )


def _change_outcome(
    suite: Suite, evidence: Evidence, change: Change, shift: Shift, errors: Errors, p_adjusted: float, tests: int
) -> Outcome:
    floor_s, baseline_s = suite.policy.absolute_floor_s, change.baseline_s or math.nan
    moved_s = abs(math.expm1(shift.effect)) * baseline_s
    is_large = abs(math.expm1(shift.effect)) > change.tolerance and moved_s >= floor_s
    if change.doubt is not None:
        return "inconclusive"
    if p_adjusted <= evidence.level and shift.effect > 0 and is_large:
        return "regressed"
    if min(1.0, shift.p_faster(change.margin) * tests) <= evidence.level and shift.effect < 0 and is_large:
        # Errors leave the slow answers out: what is left is fast for a bad reason.
        return "improved" if errors.is_no_worse else "not_measured"
    low, high = shift.interval()
    reach = math.log1p(max(SAME_WITHIN * change.tolerance, floor_s / baseline_s))
    return "unchanged" if -reach <= low and high <= reach else "inconclusive"


def _change_notices(change: Change, p_adjusted: float, level: float, outcome: Outcome) -> list[Notice]:
    if change.doubt is not None:
        return [change.doubt]
    if outcome not in ("regressed", "improved") and p_adjusted <= level:
        return [Notice(code="within-tolerance", message="slower, within the tolerance or the absolute floor")]
    return []


def _trail(shift: Shift, margin: float, p: float, p_adjusted: float, level: float) -> Trail:
    return Trail(
        test=shift.test,
        n=shift.n,
        effect=shift.effect,
        se=shift.se,
        se_parts=shift.se_parts,
        df=shift.df,
        margin=margin,
        p=p,
        p_adjusted=p_adjusted,
        level=level,
    )


def _factor_row(suite: Suite, evidence: Evidence, metric: str, factor: SharedFactor) -> Row:
    """What all endpoints share; only a suspicion can come of it, for the runner is part of it."""
    row = Row(
        id=evidence.row_id(EVERYTHING, metric),
        endpoint=EVERYTHING,
        metric=metric,
        unit="ratio",
        outcome="not_measured",
        gated=False,
    )
    shift = factor.shift
    tolerance = suite.policy.tolerance.p50 if metric == "p50" else suite.policy.tolerance.p95
    margin = tolerance if tolerance is not None else DEFAULT_TOLERANCE[metric]
    p = shift.p_slower(margin)
    low, high = shift.interval()
    suspected = not p > GLOBAL_LEVEL
    reach = math.log1p(SAME_WITHIN * margin)
    same = -reach <= low and high <= reach
    return row.model_copy(
        update={
            "change": math.expm1(shift.effect),
            "change_lo": math.expm1(low),
            "change_hi": math.expm1(high),
            "detectable": shift.detectable(margin, GLOBAL_LEVEL),
            "outcome": "regressed" if suspected else "unchanged" if same else "inconclusive",
            "trail": _trail(shift, margin, p, p, GLOBAL_LEVEL),
        }
    )


def _errors_row(evidence: Evidence, errors: Errors, adjusted: Mapping[str, float]) -> Row:
    row_id = evidence.row_id(errors.endpoint, "errors")
    gated = errors.endpoint in evidence.gated
    p_adjusted = adjusted.get(row_id, min(1.0, errors.p_more * max(1, len(adjusted))))
    outcome = _errors_outcome(errors, p_adjusted, evidence.level)
    kinds = ", ".join(
        f"{kind} {count} x" for kind, count in sorted(errors.kinds.items(), key=lambda item: -item[1])[:3]
    )
    notices = [Notice(code="errors", message=f"{errors.failed} of {errors.sent} requests: {kinds}")] if kinds else []
    return Row(
        id=row_id,
        endpoint=errors.endpoint,
        metric="errors",
        unit="ratio",
        baseline=errors.base_share,
        candidate=errors.share,
        detectable=errors.detectable if errors.base_share is not None else None,
        outcome=outcome,
        gated=gated,
        blocks=gated and outcome == "regressed",
        notices=notices,
        trail=Trail(
            test="conditional binomial test over the dispersion of errors",
            n=errors.sent,
            design_effect=errors.dispersion,
            p=errors.p_more,
            p_adjusted=p_adjusted,
            level=evidence.level,
        ),
    )


def _errors_outcome(errors: Errors, p_adjusted: float, level: float) -> Outcome:
    base = errors.base_share
    if not errors.sent or (errors.is_throttled and not errors.is_no_worse):
        return "not_measured"
    if base is None:
        return "no_baseline" if errors.share <= WORKING else "not_measured"
    if base <= WORKING and not errors.share < FAILING:
        return "regressed"
    if p_adjusted <= level and errors.share - base >= LEAST_RISE:
        return "regressed"
    if not errors.share < FAILING:
        return "not_measured"
    return "unchanged" if errors.share - base < LEAST_RISE else "inconclusive"


def _body_row(evidence: Evidence, body: Body) -> Row:
    gated = body.endpoint in evidence.gated
    notice = Notice(
        code="body-shrunk",
        message="answers are less than half the size of the smallest on main",
        cure="if that is meant, state the least size in the endpoint's expect.body.min",
    )
    return Row(
        id=evidence.row_id(body.endpoint, "body"),
        endpoint=body.endpoint,
        metric="body",
        unit="bytes",
        baseline=body.smallest_base,
        candidate=body.candidate,
        change=body.candidate / body.smallest_base - 1 if body.smallest_base > 0 else None,
        outcome="regressed" if body.is_shrunk else "unchanged",
        gated=gated,
        blocks=gated and body.is_shrunk,
        notices=[notice] if body.is_shrunk else [],
    )


def _limit_row(suite: Suite, evidence: Evidence, objective: Objective, adjusted: Mapping[str, float]) -> Row:
    limit = objective.limit
    row_id = evidence.row_id(objective.owner, f"limit:{limit.statistic}")
    p_adjusted = (
        limit.p_missed if limit.is_check else adjusted.get(row_id, min(1.0, limit.p_missed * max(1, len(adjusted))))
    )
    is_known = math.isfinite(limit.value) and limit.n > 0
    missed = is_known and (
        (limit.is_check and not limit.is_met) or (not limit.is_check and p_adjusted <= evidence.level)
    )
    outcome: Outcome = (
        "not_measured" if not is_known else "missed" if missed else "met" if limit.is_met else "inconclusive"
    )
    excused = outcome == "missed" and suite.policy.objectives == "ratchet" and _was_missed_before(objective)
    ratchet = Notice(code="ratchet", message="missed on main too and not worse; objectives: ratchet lets it pass")
    return Row(
        id=row_id,
        endpoint=objective.owner,
        metric=f"limit:{limit.statistic}",
        unit=limit.unit,
        baseline=_finite(objective.base.value) if objective.base else None,
        candidate=_finite(limit.value),
        limit=limit.limit,
        lo=_finite(limit.lo),
        hi=_finite(limit.hi),
        outcome=outcome,
        gated=objective.gated,
        blocks=objective.gated and outcome == "missed" and not excused,
        notices=[*limit.notices, *([ratchet] if excused else [])],
        trail=Trail(
            test=limit.test or "none",
            n=limit.n,
            design_effect=limit.design_effect,
            p=limit.p_missed,
            p_adjusted=p_adjusted,
            level=evidence.level,
        ),
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


def _waived(suite: Suite, row: Row, today: str) -> Row:
    """A regression that the suite accepts for a time and up to a ceiling does not block."""
    waiver = next((waiver for waiver in suite.policy.waivers if waiver.row == row.id), None)
    if waiver is None or not row.blocks or row.change is None:
        return row
    told = _told_of(waiver, row.change, today)
    return row.model_copy(update={"blocks": told.code != "waived", "notices": [*row.notices, told]})


def _told_of(waiver: Waiver, change: float, today: str) -> Notice:
    """Whether a waiver counts, and why not."""
    if not today <= waiver.until.isoformat():
        return Notice(code="waiver-over", message=f"its waiver was over on {waiver.until}: {waiver.reason}")
    if not change <= waiver.ceiling:
        return Notice(
            code="waiver-exceeded", message=f"its waiver ends at {format_ratio(waiver.ceiling)}: {waiver.reason}"
        )
    return Notice(code="waived", message=f"accepted until {waiver.until}: {waiver.reason}")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
