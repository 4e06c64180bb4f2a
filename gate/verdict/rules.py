"""The decision: runs in, verdict out. Pure; everything that can block an innocent or pass a culprit is decided here.

All rows that may block form one family; Holm bounds the chance that any of them is called regressed or missed by
accident. Comparisons are written so that NaN blocks.
"""

from __future__ import annotations

from gate.baseline.select import Selection
from gate.config.models import Suite
from gate.errors import ExitCode
from gate.record.run import Run
from gate.stats.multiplicity import holm
from gate.verdict.evidence import Evidence, gather
from gate.verdict.policy import combine
from gate.verdict.rows import settle
from gate.verdict.values import Reason, ReasonCode, Verdict


def judge(suite: Suite, candidates: tuple[Run, ...], selection: Selection, tool: str) -> Verdict:
    """Judge candidate runs of one commit against their base arms or stored runs of main.

    Parameters
    ----------
    suite : Suite
        The rules, from the base commit.
    candidates : tuple of Run
        One or several runs of the same commit, each sound or not.
    selection : Selection
        Stored runs they may be compared with.
    tool : str
        Version that judges.

    Returns
    -------
    Verdict
        Approved only if every run was measured, something could be judged, and nothing blocks.
    """
    broken = [notice for run in candidates for notice in run.not_measured]
    if broken or not candidates or not all(run.complete for run in candidates):
        message = "; ".join(dict.fromkeys(notice.message for notice in broken)) or "the run is incomplete"
        cure = next((notice.cure for notice in broken if notice.cure), "")
        return not_measured(suite, tool, message, cure, candidates=candidates)
    evidence = gather(suite, candidates, selection.runs)
    adjusted = holm(evidence.family())
    rows = settle(suite, evidence, adjusted, candidates[0].created[:10])
    reasons = combine(suite, evidence, rows)
    return _verdict(suite, tool, candidates, evidence, reasons).model_copy(
        update={
            "rows": rows,
            "notices": [*selection.notices, *(notice for run in candidates for notice in run.notices)],
        }
    )


def _verdict(
    suite: Suite, tool: str, candidates: tuple[Run, ...], evidence: Evidence, reasons: list[Reason]
) -> Verdict:
    blocked = any(reason.code in ("regressed", "missed", "unexpected-answers") for reason in reasons)
    code = ExitCode.APPROVED if not reasons else ExitCode.BLOCKED if blocked else ExitCode.NOT_MEASURED
    return Verdict(
        tool=tool,
        suite=suite.name,
        commit=candidates[0].commit,
        verdict="APPROVED" if code == ExitCode.APPROVED else "BLOCKED",
        measured=code != ExitCode.NOT_MEASURED,
        exit_code=int(code),
        reasons=reasons,
        way=evidence.way,
        candidates=[run.run_id for run in candidates],
        baselines=[run.run_id for run in evidence.baselines],
        level=evidence.level,
        family=len(evidence.family()),
        rows=[],
    )


def not_measured(
    suite: Suite,
    tool: str,
    message: str,
    cure: str = "",
    *,
    candidates: tuple[Run, ...] = (),
    exit_code: ExitCode = ExitCode.NOT_MEASURED,
    code: ReasonCode = "not-measured",
) -> Verdict:
    """Nothing is claimed about the preview: blocked, with the reason and what can be done."""
    return Verdict(
        tool=tool,
        suite=suite.name,
        commit=candidates[0].commit if candidates else None,
        verdict="BLOCKED",
        measured=False,
        exit_code=int(exit_code),
        reasons=[Reason(code=code, message=message, cure=cure)],
        way="none",
        candidates=[run.run_id for run in candidates],
        baselines=[],
        level=suite.policy.false_block_rate,
        family=0,
        rows=[],
    )
