"""`gate action` where somebody accepts a regression: what was measured is judged again, without new load."""

from __future__ import annotations

from gate.commands.accept import accept
from gate.commands.action_check import Judged, part_of, with_notices
from gate.commands.action_job import Job, Part
from gate.errors import UsageError
from gate.gh.events.acceptance import Asked, for_suite
from gate.gh.events.added import ADDED
from gate.gh.events.collaborators import refuse_who_may_not_write
from gate.gh.events.suites import SuiteAt
from gate.gh.rest.artifacts import Artifacts
from gate.gh.rest.failures import ApiError, while_reading_policy
from gate.gh.telling.comment import Run, shown_run
from gate.gh.telling.ledger import Ledger, last_ledger
from gate.gh.telling.stored_runs import AGAIN, stored_runs


def asked_of(job: Job, suites: tuple[SuiteAt, ...]) -> dict[str, Asked]:
    """What is asked of each suite, by its name; empty where nothing is.

    Raises
    ------
    UsageError
        If what is asked cannot be understood.
    """
    if job.plan.asked is None:
        return {}
    return for_suite(job.plan.asked, {at.suite.name: at.suite for at in suites if at.in_effect})


def accept_suites(job: Job, suites: tuple[SuiteAt, ...], wanted: dict[str, Asked]) -> list[Part]:
    """Judge again what is asked about; other suites stay as they are.

    Raises
    ------
    UsageError
        If whoever asks may not, or asks for what cannot be accepted; nothing is changed then.
    NotMeasured
        If what was measured cannot be had any more.
    """
    parts = []
    for at in suites:
        if at.suite.name not in wanted:
            continue
        asked = wanted[at.suite.name]
        refuse_who_may_not_write(job.client.api, job.plan.repository, asked)
        newest = newest_ledger(job, at.suite.name)
        if newest is not None and not asked.label:
            _refuse_unseen(job, newest)
        # A label is meant for every suite that blocks; the others have nothing to be judged again.
        if not (asked.label and newest is not None and newest.verdict == "APPROVED"):
            # What a pull request adds to the suite has no part in a judgement; beside a base it was not measured.
            parts.append(part_of(job, at, _accepted(job, at.beside_base(), asked, newest)))
    return parts


def newest_ledger(job: Job, suite: str) -> Ledger | None:
    """Record of the newest verdict on the commit; None if there is none.

    Raises
    ------
    GateError
        If GitHub cannot be read.
    """
    try:
        return last_ledger(job.client.api, job.plan.repository, job.plan.head_sha, suite, job.inputs.app)
    except ApiError as error:
        raise while_reading_policy(error) from error


def _refuse_unseen(job: Job, newest: Ledger) -> None:
    """Whoever writes a command has looked at the comment.

    A head that is moved back to a commit measured before has a check older than the command, and a comment that still
    shows what came after it.
    """
    try:
        shown = shown_run(job.client, job.plan.pull_requests[0], newest.suite)
    except ApiError as error:
        raise while_reading_policy(error) from error
    if shown not in (None, Run(newest.run_id, newest.attempt)):
        raise UsageError(
            f"the check of the head is of another run than its comment shows: {newest.run_id}.{newest.attempt} measured"
            f" {newest.sha[:12]}",
            f"{AGAIN}, look at what it shows, and accept that with a new comment",
        )


def _accepted(job: Job, at: SuiteAt, asked: Asked, newest: Ledger | None) -> Judged:
    measured = stored_runs(job.plan.head_sha, newest, artifacts_of(job))
    done = accept(at.suite, job.open_to_read(at.suite), asked, measured, job.out(at), job.effects)
    measured_in = None if newest is None else Run(newest.run_id, newest.attempt)
    notices = tuple(notice for notice in at.notices if notice.code != ADDED)
    return Judged(with_notices(done.verdict, notices), done.run_files, done.acceptances, measured_in)


def artifacts_of(job: Job) -> Artifacts:
    """Artifacts of the repository's workflow runs."""

    def fetch(url: str, most_bytes: int, limit_s: float) -> bytes:
        from gate.gh.rest.download import download  # the requests library is slow to load, and few runs need it

        return download(url, job.inputs.api_url, most_bytes, limit_s)

    return Artifacts(job.client.api, job.plan.repository, fetch, job.api_effects.sleep)
