"""`gate action` on a pull request: measure what it deployed, judge it by the rules of its base, tell GitHub."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gate.commands.action_job import Job, Part
from gate.commands.check import Checked, check
from gate.commands.judging import deliver, unusable_baselines
from gate.commands.outputs import COMMENT_FILE, VERDICT_FILE
from gate.errors import BaselineError, Cancelled, ExitCode, GateError
from gate.gh.events.dispatch import as_chosen, named_by_hand
from gate.gh.events.suites import SuiteAt
from gate.gh.telling.comment import Run
from gate.gh.telling.ledger import find_ledgers, measured_file
from gate.gh.telling.report import Job as TellingJob
from gate.gh.telling.report import Report, with_accepting
from gate.gh.telling.results import nothing_judged, of_verdict
from gate.gh.telling.tell import tell, tell_error
from gate.record.value import Notice
from gate.verdict.acceptance import Acceptance
from gate.verdict.rules import not_affected
from gate.verdict.values import Verdict


@dataclass(frozen=True)
class Judged:
    """A verdict, the files it rests on, and what was accepted for it."""

    verdict: Verdict
    run_files: tuple[Path, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    measured_in: Run | None = None
    """Run of the workflow that measured; None where it is this one."""


def check_suite(job: Job, at: SuiteAt) -> Part:
    """Measure and judge one suite. An error is this suite's alone: the others are judged all the same.

    Raises
    ------
    Cancelled
        If a signal ended it; a failed check says so.
    """
    try:
        with job.log.group(f"measure {at.suite.name}"):
            judged = _not_affected(job, at) if at.unaffected else _checked(job, at)
        return part_of(job, at, judged)
    except Cancelled as cancelled:
        # Without a check a required one would be waited for; and a green one of an earlier run would stand.
        _tell_error(job, at.suite.name, cancelled)
        raise
    except GateError as error:
        return failed(job, at.suite.name, error)


def part_of(job: Job, at: SuiteAt, judged: Judged) -> Part:
    """Write the report to disk, and say how it will be told."""
    out = job.out(at)
    verdict = with_accepting(judged.verdict) if _is_accepted_by_comment(job, at) else judged.verdict
    with suppress(BrokenPipeError):  # it was written before it was shown, and a log that nobody reads is no fault
        deliver(verdict, out, job.effects, as_json=False)
    files = job.from_workspace([out / COMMENT_FILE, out / VERDICT_FILE])
    outputs = of_verdict(verdict, files[0], files[1], job.from_workspace(judged.run_files))
    report = Report(
        verdict=verdict,
        sha=job.plan.head_sha,
        policy_sha=job.plan.policy_sha,
        suite_path=at.path,
        measured_in=judged.measured_in or this_run(job),
        pull_requests=() if job.plan.is_queued else job.plan.pull_requests,
        may_write=not job.plan.reads_only,
        run_files=tuple(measured_file(path) for path in judged.run_files),
        acceptances=judged.acceptances,
        suite_lines=at.lines,
    )
    return Part(outputs, partial(_tell, job, report))


def _is_accepted_by_comment(job: Job, at: SuiteAt) -> bool:
    """Whether a comment could accept what this run finds: that needs the record in the check of a pull request."""
    what = job.plan
    return bool(what.pull_requests and what.head_sha) and at.in_effect and not (what.is_queued or what.reads_only)


def failed(job: Job, suite: str, error: GateError) -> Part:
    """What a suite comes to that could not be judged: a failed check says so, where there is a commit to say it of."""
    job.log.annotate("error", suite, str(error))
    job.effects.console.warn(f"gate: {suite}: {error}")
    return Part(nothing_judged(int(error.exit_code)), partial(_tell_error, job, suite, error))


def _checked(job: Job, at: SuiteAt) -> Judged:
    suite, targets = job.find(as_chosen(at.suite, job.inputs, job.plan.use, job.context.event_name))
    if suite.preview.base and at.alone is not None:
        at = at.beside_base()
        own = as_chosen(at.suite, job.inputs, job.plan.use, job.context.event_name)
        suite = own.model_copy(update={"preview": suite.preview})
    acceptances = _accepted_before(job, suite.name)
    try:
        store = job.open_to_read(suite)
    except BaselineError as error:
        checked = Checked(unusable_baselines(suite, error, job.effects), ())
    else:
        checked = check(suite, store, targets, job.out(at), job.effects, acceptances)
    by_hand = named_by_hand(suite, job.inputs, job.context.event_name)
    verdict = with_notices(checked.verdict, (*at.notices, *by_hand))
    return Judged(verdict if at.in_effect else not_in_effect(verdict), checked.run_files, acceptances)


def _accepted_before(job: Job, suite: str) -> tuple[Acceptance, ...]:
    """What was accepted when this commit was measured before; what cannot be read counts as never accepted."""
    if not job.plan.head_sha:
        return ()
    try:
        found = find_ledgers(job.client.api, job.plan.repository, job.plan.head_sha, suite, job.inputs.app)
    except Cancelled:
        raise
    except GateError as error:
        job.log.annotate("warning", suite, f"what was accepted of this commit before is not known: {error.message}")
        return ()
    return tuple(found[0].acceptances) if found else ()


def _not_affected(job: Job, at: SuiteAt) -> Judged:
    return Judged(not_affected(at.suite, job.effects.tool, job.plan.head_sha or None))


def with_notices(verdict: Verdict, notices: tuple[Notice, ...]) -> Verdict:
    """The verdict with what the reader has to know besides."""
    return verdict.model_copy(update={"notices": [*verdict.notices, *notices]})


def not_in_effect(verdict: Verdict) -> Verdict:
    """The verdict on the pull request that adds the gate: told, without consequence if it could be measured."""
    code = int(ExitCode.APPROVED) if verdict.measured else verdict.exit_code
    return verdict.model_copy(update={"in_effect": False, "exit_code": code})


def this_run(job: Job) -> Run:
    """Run of the workflow that this is."""
    return Run(job.context.run_id, job.context.run_attempt)


def _tell(job: Job, report: Report) -> ExitCode:
    telling = TellingJob(this_run(job), job.context.run_url, job.inputs.app)
    return tell(report, telling, job.client, job.context.summary_path, job.log).exit_code


def _tell_error(job: Job, suite: str, error: GateError) -> ExitCode:
    if job.plan.head_sha and not job.plan.reads_only:
        telling = TellingJob(this_run(job), job.context.run_url, job.inputs.app)
        tell_error(error, suite, job.plan.head_sha, telling, job.client, job.log)
    return ExitCode(error.exit_code)
