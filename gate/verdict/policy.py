"""From rows to reasons: what blocks this pull request under the suite's policy."""

from __future__ import annotations

from gate.config.suite import Suite
from gate.measure.counts import is_compared
from gate.verdict.assessment.headroom import times_of
from gate.verdict.change_rows import EVERYTHING
from gate.verdict.evidence import Evidence
from gate.verdict.probe_rows import failed_probes, unmeasured_probes
from gate.verdict.stored import UNCONFIRMED
from gate.verdict.telemetry_rows import PREFIX
from gate.verdict.values import Reason, ReasonCode, Row, Way

_COMPARED = ("p50", "p95")
_UNEXPECTED = (
    "see the preview's log, and the endpoint's expect, identity and path in the suite; where it is throttled, lower"
    " policy.max_rate"
)
_MOST_NAMES = 3
_EVERYTHING: dict[Way, str] = {
    "stored": "every endpoint is slower by the same factor; one run cannot tell the pull request from a slow runner",
    "duet": "every endpoint is slower than on the base by the same factor, which may be the two hosts' own difference",
}
_EVERYTHING_CURE: dict[Way, str] = {
    "stored": "measure again on another runner, or give a base deployment (preview.base)",
    "duet": "deploy base and preview alike, on hosts of the same size and region",
}


BLOCKING: tuple[ReasonCode, ...] = ("probe-failed", "unexpected-answers", "regressed", "missed")
"""Reasons that say something of the preview; all others say why nothing can be said."""
_CURES: dict[ReasonCode, str] = {
    "unexpected-answers": "if the preview answers as it should, change the endpoint's expect on main; else see its log",
    "regressed": "if this is meant, let it pass for a time by policy.waivers on main: {{row: {row}, ceiling, until}}",
    "missed": "",
}


def combine(suite: Suite, evidence: Evidence, rows: list[Row]) -> list[Reason]:
    """All reasons to block, the gravest first; empty means approved."""
    probes = [row for row in rows if row.probed is not None]
    rows = [row for row in rows if row.probed is None]
    own = [row for row in rows if row.endpoint != EVERYTHING and row.gated]
    reasons = [*failed_probes(probes), *_failures([row for row in rows if row.gated]), *unmeasured_probes(probes)]
    reasons += _unreached(evidence, own)
    reached = [row for row in own if row.endpoint not in dict(evidence.unreached)]
    # Queries are what the application tells of itself, and approve nothing alone.
    is_probed = any(row.gated and (row.metric, row.outcome) != ("queries", "met") for row in probes)
    reasons += _gaps(suite, evidence, reached, is_probed=is_probed)
    suspects = [row for row in rows if row.endpoint == EVERYTHING and row.outcome == "regressed" and not row.blocks]
    if suspects and suite.policy.on_global_suspect == "block":
        reasons.append(
            Reason(
                code="everything-slower",
                rows=[row.id for row in suspects],
                message=_EVERYTHING[evidence.way],
                cure=_EVERYTHING_CURE[evidence.way],
            )
        )
    reasons += _unconfirmed(own)
    inconclusive = [row for row in own if row.outcome == "inconclusive"]
    if inconclusive and suite.policy.on_inconclusive == "block":
        reasons.append(
            Reason(
                code="inconclusive",
                rows=[row.id for row in inconclusive],
                message="rows are inconclusive and the policy blocks on that",
                cure="raise policy.budget, store more baselines, or set on_inconclusive: approve",
            )
        )
    return reasons


def _unconfirmed(rows: list[Row]) -> list[Reason]:
    """Rows that one run suspects, where the suite wants others to decide; nothing is known of them until those did."""
    told = [(row, notice) for row in rows for notice in row.notices if notice.code == UNCONFIRMED]
    if not told:
        return []
    told.sort(key=lambda each: -(each[0].change or 0.0))
    notice = told[0][1]
    return [Reason(code="unconfirmed", rows=[row.id for row, _ in told], message=notice.message, cure=notice.cure)]


def _failures(rows: list[Row]) -> list[Reason]:
    answers = [row for row in rows if row.blocks and row.metric in ("errors", "body")]
    missed = sorted(
        (row for row in rows if row.blocks and row.outcome == "missed"), key=lambda row: times_of(row) or 1.0
    )
    slower = sorted(
        (row for row in rows if row.blocks and row.metric in _COMPARED), key=lambda row: -(row.change or 0.0)
    )
    found: tuple[tuple[ReasonCode, list[Row]], ...] = (
        ("unexpected-answers", answers),
        ("regressed", slower),
        ("missed", missed),
    )
    return [
        Reason(code=code, rows=[row.id for row in group], cure=_CURES[code].format(row=group[0].id))
        for code, group in found
        if group
    ]


def _unreached(evidence: Evidence, rows: list[Row]) -> list[Reason]:
    """Scenarios that this machine could not make as they were asked for; the preview has no part in that."""
    return [
        Reason(
            code="not-measured",
            rows=[row.id for row in rows if row.endpoint == name],
            message=f"scenario {name} was not reached: {why.message}",
            cure=why.cure,
        )
        for name, why in evidence.unreached
    ]


def _gaps(suite: Suite, evidence: Evidence, rows: list[Row], *, is_probed: bool) -> list[Reason]:
    """What could not be measured or judged although it should have been.

    Parameters
    ----------
    is_probed : bool
        Whether a probe has decided something, or blocks for what it could not.
    """
    reasons = []
    failing = {row.endpoint for row in rows if row.metric == "errors" and row.blocks}
    unmeasured = [row for row in rows if row.outcome == "not_measured" and row.endpoint not in failing]
    if unmeasured:
        seen = "; ".join(
            f"{row.endpoint}: {n.message}"
            for row in unmeasured
            for n in row.notices
            if n.code in ("errors", "telemetry")
        )
        names = list(dict.fromkeys(row.endpoint for row in unmeasured))
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        reasons.append(
            Reason(
                code="not-measured",
                rows=[row.id for row in unmeasured],
                message=seen or f"too little was measured of {', '.join(names[:_MOST_NAMES])}{more}",
                cure=_UNEXPECTED if seen else "raise policy.budget, or measure again",
            )
        )
    if evidence.silent:  # first: it says why objectives of the same scenario have nothing to judge
        reasons.insert(
            0,
            Reason(
                code="not-measured",
                message="; ".join(dict.fromkeys(evidence.silent)),
                cure="see the preview's log, and the endpoint's expect, identity and path in the suite",
            ),
        )
    if not reasons and not is_probed and not _is_judged(suite, rows):
        reasons.append(_nothing_judged(rows))
    missing = [row for row in rows if row.outcome == "no_baseline" and row.metric in _COMPARED]
    absent = missing or (evidence.way == "none")
    if absent and suite.policy.on_missing_baseline == "block":
        reasons.append(
            Reason(
                code="no-baseline",
                rows=[row.id for row in missing],
                message="there is no comparable baseline and the policy blocks on that",
                cure="run `gate refresh` on main",
            )
        )
    return reasons


def _is_judged(suite: Suite, rows: list[Row]) -> bool:
    """Whether anything was compared or decided.

    Right answers alone say nothing of speed, where that is asked for; what the application says of itself approves
    nothing.
    """
    rows = [row for row in rows if not row.metric.startswith(PREFIX)]
    if any(row.metric in _COMPARED and row.trail is not None for row in rows):
        return True
    if any(row.outcome in ("met", "missed") for row in rows):
        return True
    is_loaded = any(endpoint.gate and is_compared(suite, name) for name, endpoint in suite.endpoints.items())
    return not is_loaded and any(row.outcome in ("unchanged", "inconclusive", "regressed") for row in rows)


def _nothing_judged(rows: list[Row]) -> Reason:
    undecided = [row.id for row in rows if row.outcome == "inconclusive" and row.limit is not None]
    if undecided:
        return Reason(
            code="not-measured",
            rows=undecided,
            message="too little data to decide any objective, and there is no comparable baseline",
            cure="raise policy.budget, run `gate refresh` on main, or give --base",
        )
    return Reason(
        code="nothing-to-judge",
        message="there is neither a comparable baseline nor a base deployment nor an objective to judge by",
        cure="run `gate refresh` on main, give --base, or add objectives",
    )
