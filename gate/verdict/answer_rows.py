"""Rows of how the preview answers: errors and sizes."""

from __future__ import annotations

from typing import Literal

from gate.record.value import Notice
from gate.verdict.answers import FAILING, LEAST_RISE, WORKING, Body, Errors, told_kinds
from gate.verdict.evidence import Evidence
from gate.verdict.family import family_of
from gate.verdict.values import Counts, Outcome, Row, Trail


def errors_row(evidence: Evidence, errors: Errors) -> Row:
    """Requests of one endpoint that were not answered as expected."""
    row_id = evidence.row_id(errors.endpoint, "errors")
    gated = errors.endpoint in evidence.gated
    p_adjusted = evidence.adjust(row_id, errors.p_more)
    outcome = _errors_outcome(errors, p_adjusted, evidence.level)
    kinds = told_kinds(errors.kinds)
    family = family_of(evidence, row_id)
    sides: dict[Literal["candidate", "baseline"], Counts] = {
        "candidate": Counts(count=errors.failed, n=errors.sent),
        "baseline": Counts(count=errors.base_failed, n=errors.base_sent),
    }
    message = f"{errors.failed:,} of {errors.sent:,} requests not answered as expected: {kinds}"
    notices = [Notice(code="errors", message=message)] if kinds else []
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
            counts=sides,
            family=family.tests,
            family_share=family.share,
            p_limit=family.p_limit,
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


def body_row(evidence: Evidence, body: Body) -> Row:
    """Size of the answers of one endpoint."""
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
