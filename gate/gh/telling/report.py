"""One suite's verdict in the forms that GitHub shows: as a check and as a comment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.errors import GateError
from gate.gh.telling.annotations import Annotation, annotated
from gate.gh.telling.checks import ACTIONS_APP, MAX_DESCRIPTION, Check, Conclusion, check_name
from gate.gh.telling.comment import Run
from gate.gh.telling.ledger import Ledger, MeasuredFile, written
from gate.report import render
from gate.report.escape import MAX_SENTENCE, markdown, plain
from gate.report.since import hidden_line, read_line, since, snapshot
from gate.verdict.acceptance import Acceptance, is_acceptable
from gate.verdict.values import Reason, Verdict

_ACCEPT = (
    "if this is meant, accept it for this commit by a comment that begins with /gate accept {row} REASON; to let it"
    " pass for a time, use policy.waivers on main"
)


@dataclass(frozen=True)
class Job:
    """The run of the workflow that tells."""

    run: Run
    url: str
    """Page of the run."""
    app: str = ACTIONS_APP
    """Slug of the app that the token is said to be of."""


@dataclass(frozen=True)
class Report:
    """A verdict, and what it is about."""

    verdict: Verdict
    sha: str
    """Commit that was measured; empty where only a URL is known: then there is nothing a check could stand on."""
    policy_sha: str
    """Commit whose suite judged."""
    suite_path: str
    measured_in: Run
    """Run of the workflow that measured. The comment speaks for it, and its artifacts hold the run files, also where
    another run judges them again because somebody accepted a regression."""
    pull_requests: tuple[int, ...] = ()
    """Every open one that has this commit as its head gets a comment."""
    may_write: bool = True
    """False where the token can only read, as in a pull request from a fork: then no write is tried."""
    run_files: tuple[MeasuredFile, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    suite_lines: Mapping[str, int] = field(default_factory=dict)
    """Line of each endpoint and scenario in the suite file, for annotations."""

    @property
    def name(self) -> str:
        """Name of the check."""
        return check_name(self.verdict.suite)


def conclusion(verdict: Verdict) -> Conclusion:
    """Success for what was measured and approved, or is none of the suite's business, and for nothing else.

    Also where the suite is not in effect yet: the step passes then either way, the check says what would come of it.
    """
    is_sound = (verdict.measured or bool(verdict.unaffected_paths)) and verdict.exit_code == 0
    return "success" if is_sound and verdict.verdict == "APPROVED" else "failure"


def with_accepting(verdict: Verdict) -> Verdict:
    """The verdict where somebody who may write can accept by a comment: what slowed down names the command to copy."""
    acceptable = {row.id for row in verdict.rows if is_acceptable(row)}
    reasons = [_acceptable(reason, acceptable) for reason in verdict.reasons]
    return verdict.model_copy(update={"reasons": reasons})


def _acceptable(reason: Reason, acceptable: set[str]) -> Reason:
    row = next(filter(acceptable.__contains__, reason.rows), None)
    if reason.code != "regressed" or row is None:
        return reason
    return reason.model_copy(update={"cure": _ACCEPT.format(row=row)})


def remarks(report: Report) -> tuple[Annotation, ...]:
    """The rows that matter, as annotations of the suite file."""
    return annotated(report.verdict, report.suite_path, report.suite_lines)


def check_of(report: Report, job: Job) -> Check:
    """The verdict as a check run, with the ledger at the end of its text.

    Raises
    ------
    DeliveryError
        If the ledger is longer than what GitHub takes.
    """
    return Check(
        name=report.name,
        sha=report.sha,
        external_id=_external_id(job, report.sha),
        details_url=job.url,
        conclusion=conclusion(report.verdict),
        title=render.first_line(report.verdict, MAX_DESCRIPTION),
        summary=render.comment(report.verdict),
        text="What was measured and who accepted what, for the gate to read again:\n\n" + written(_ledger(report)),
        annotations=remarks(report),
    )


def check_of_error(error: GateError, suite: str, sha: str, job: Job) -> Check:
    """A check that failed because there is no verdict: a required check that stays away says nothing to anybody."""
    cure = f"\n\n> {markdown(error.cure, MAX_SENTENCE)}" if error.cure else ""
    return Check(
        name=check_name(suite),
        sha=sha,
        external_id=_external_id(job, sha),
        details_url=job.url,
        conclusion="failure",
        title=plain(f"BLOCKED - not measured: {error.message}", MAX_DESCRIPTION),
        summary=f"**BLOCKED - not measured**: {markdown(error.message, MAX_SENTENCE)}{cure}",
        text="",
    )


def comment_texts(report: Report, before: str) -> list[str]:
    """The comment, from its whole text to the shortest one.

    Parameters
    ----------
    before : str
        The comment that is there; empty if none is.
    """
    now = snapshot(report.verdict, report.sha)
    last = read_line(before.rstrip().rpartition("\n")[2])
    body = render.comment(report.verdict, since(last, now) if last else "")
    line = hidden_line(now)
    kept = [f"{body}\n{line}\n"] if line else []
    return [*kept, body, render.brief(report.verdict)]


def _external_id(job: Job, sha: str) -> str:
    return f"{job.run.run_id}.{job.run.attempt}.{sha}"


def _ledger(report: Report) -> Ledger:
    return Ledger(
        suite=report.verdict.suite,
        sha=report.sha,
        run_id=report.measured_in.run_id,
        attempt=report.measured_in.attempt,
        verdict=report.verdict.verdict,
        exit_code=report.verdict.exit_code,
        policy_sha=report.policy_sha,
        run_files=list(report.run_files),
        acceptances=list(report.acceptances),
    )
