"""The decision: runs in, verdict out. Pure; everything that can block an innocent or pass a culprit is decided here.

All rows that may block form one family; Holm bounds the chance that any of them is called regressed or missed by
accident. Comparisons are written so that NaN blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.baseline.learnt import Taught
from gate.baseline.select import Selection
from gate.config.journeys import without_steps
from gate.config.suite import Suite
from gate.measure.plan import compared
from gate.measure.replay import recorded_beliefs
from gate.record.run import Run
from gate.record.value import LEFT_BEHIND, Notice
from gate.stats.beliefs import Beliefs, assumed
from gate.verdict.acceptance import Acceptance
from gate.verdict.assessment.assess import assess
from gate.verdict.assessment.unjudged import unjudged
from gate.verdict.connections import connection_notices
from gate.verdict.evidence import Evidence, gather
from gate.verdict.other_base import with_other_base
from gate.verdict.particulars import details_of
from gate.verdict.policy import BLOCKING, combine
from gate.verdict.probe_rows import probe_rows
from gate.verdict.rows import settle
from gate.verdict.values import JudgedCode, Reason, ReasonCode, Verdict


def judge(
    suite: Suite,
    candidates: tuple[Run, ...],
    selection: Selection,
    tool: str,
    taught: Taught | None = None,
    acceptances: Sequence[Acceptance] = (),
) -> Verdict:
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
    taught : Taught, optional
        What stored duets of the same code say of deployments and hosts; without it that is assumed.
    acceptances : sequence of Acceptance
        Regressions that people accepted for this commit.

    Returns
    -------
    Verdict
        Approved only if every run was measured, something could be judged, and nothing blocks.
    """
    suite, candidates = without_steps(suite), in_order(candidates)
    broken = [notice for run in candidates for notice in run.not_measured]
    if broken or not candidates or not all(run.complete for run in candidates):
        message = "; ".join(dict.fromkeys(notice.message for notice in broken)) or "the run is incomplete"
        cure = next((notice.cure for notice in broken if notice.cure), "")
        return not_measured(suite, tool, message, cure, candidates=candidates)
    unlike = _unlike(candidates)
    if unlike is not None:
        return not_measured(suite, tool, unlike.message, unlike.cure, candidates=candidates)
    evidence = gather(suite, candidates, in_order(selection.runs), beliefs_of(suite, candidates, taught))
    lost = _lost(candidates, evidence)
    if lost is not None:
        return not_measured(suite, tool, lost.message, lost.cure, candidates=candidates)
    rows = [*settle(suite, evidence, candidates[0].created[:10], acceptances), *probe_rows(suite, candidates)]
    reasons = combine(suite, evidence, rows)
    details = details_of(suite, candidates, evidence.baselines)
    verdict = _verdict(suite, tool, candidates, evidence, reasons).model_copy(
        update={
            "rows": with_other_base(rows, candidates),
            "notices": [
                *selection.notices,
                *(taught.notices if taught is not None and evidence.way == "duet" else ()),
                *(notice for run in candidates for notice in run.notices),
                *connection_notices(candidates),
            ],
            "details": details,
            "assessment": assess(suite, candidates, rows, details, evidence.way),
        }
    )
    return Verdict.model_validate(_rounded(verdict.model_dump(mode="json", by_alias=True)))


def in_order(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Oldest first: files in another order are the same files, and give the same bytes."""
    return tuple(sorted(runs, key=lambda run: (run.created, run.run_id)))


def beliefs_of(suite: Suite, candidates: tuple[Run, ...], taught: Taught | None) -> Beliefs:
    """What is taken for granted of deployments and hosts: as when it was measured, else as learnt, else assumed."""
    names = compared(suite)
    records = [run.plan.beliefs if run.plan is not None else None for run in candidates]
    first = records[0]
    if first is not None and all(record == first for record in records) and set(names) <= set(first.endpoints):
        return recorded_beliefs(first, names)
    if taught is not None:
        return taught.beliefs
    return assumed(len(names), one_host=all(run.one_host for run in candidates))


def _unlike(candidates: tuple[Run, ...]) -> Notice | None:
    """What keeps runs from being draws of one thing."""
    commits = {run.commit for run in candidates}
    if len(commits) > 1:
        served = " and ".join(sorted(commit[:12] if commit else "an unknown one" for commit in commits))
        return Notice(
            code="commits",
            message=f"the previews serve different commits: {served}",
            cure="deploy one commit to all of them before the gate runs",
        )
    gone_on_from = {run_id for run in candidates if run.plan is not None for run_id in run.plan.after}
    missing = sorted(gone_on_from - {run.run_id for run in candidates})
    if missing:
        return Notice(
            code="first-run-missing",
            message=f"another run goes on from {' and '.join(missing)}, and it is not given",
            cure="give the run that made something suspect together with those that measured it again",
        )
    if len({run.environment for run in candidates}) > 1:
        return Notice(
            code="environments",
            message="the candidate runs were measured in different environments, which no baseline fits alike",
            cure="measure all of them from runners of one kind, at hosts of one pattern",
        )
    return None


def _lost(candidates: tuple[Run, ...], evidence: Evidence) -> Notice | None:
    """Endpoints that an earlier run made suspect and that nothing stored can be compared with any more."""
    suspects = {name for run in candidates if run.plan is not None for name in run.plan.suspects}
    measured = [change for change in evidence.changes.rows if change.candidate_s is not None]
    lost = sorted(suspects & evidence.gated & {change.endpoint for change in measured if change.shift is None})
    if not lost:
        return None
    return Notice(
        code="suspects-lost",
        message=f"{', '.join(lost)} was suspected beside stored runs that are no longer there to compare with",
        cure="judge with the stored runs that the first run was compared with, or check again from the beginning",
    )


def _rounded(value: object) -> object:
    """Nine digits: the same bytes whatever the processor does with the sixteenth, and far below any noise."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return {name: _rounded(item) for name, item in value.items()} if isinstance(value, dict) else value


def _verdict(
    suite: Suite, tool: str, candidates: tuple[Run, ...], evidence: Evidence, reasons: list[Reason]
) -> Verdict:
    blocked = any(reason.code in BLOCKING for reason in reasons)
    code: JudgedCode = 0 if not reasons else 1 if blocked else 3
    return Verdict(
        tool=tool,
        suite=suite.name,
        profile=suite.profile,
        commit=candidates[0].commit,
        verdict="BLOCKED" if reasons else "APPROVED",
        measured=blocked or not reasons,
        exit_code=code,
        reasons=reasons,
        way=evidence.way,
        candidates=[run.run_id for run in candidates],
        baselines=[run.run_id for run in evidence.baselines],
        level=evidence.level,
        family=evidence.latencies + len(evidence.others()),
        rows=[],
    )


def not_measured(
    suite: Suite,
    tool: str,
    message: str,
    cure: str = "",
    *,
    candidates: tuple[Run, ...] = (),
    exit_code: JudgedCode = 3,
    code: ReasonCode = "not-measured",
) -> Verdict:
    """Nothing is claimed about the preview: blocked, with the reason and what can be done.

    What its runs measured nevertheless is told in figures that judge nothing.
    """
    verdict = Verdict(
        tool=tool,
        suite=suite.name,
        profile=suite.profile,
        commit=candidates[0].commit if candidates else None,
        verdict="BLOCKED",
        measured=False,
        exit_code=exit_code,
        reasons=[Reason(code=code, message=message, cure=cure)],
        way="none",
        candidates=[run.run_id for run in candidates],
        baselines=[],
        level=suite.policy.false_block_rate,
        family=0,
        rows=[],
        notices=[notice for run in candidates for notice in run.notices if notice.code == LEFT_BEHIND],
        assessment=unjudged(suite, candidates, message),
    )
    return Verdict.model_validate(_rounded(verdict.model_dump(mode="json", by_alias=True)))


def not_affected(suite: Suite, tool: str, commit: str | None) -> Verdict:
    """The verdict on a pull request that touches nothing which the suite is about: approved, and nothing measured."""
    return Verdict(
        tool=tool,
        suite=suite.name,
        profile=suite.profile,
        commit=commit,
        verdict="APPROVED",
        measured=False,
        exit_code=0,
        reasons=[],
        way="none",
        candidates=[],
        baselines=[],
        level=suite.policy.false_block_rate,
        family=0,
        rows=[],
        unaffected_paths=list(suite.paths),
    )
