"""`gate action` on other runners after a check: measure again what it suspects, and judge all of it as one.

The jobs of one run of a workflow are joined by the check's own record, which names its run files by their hashes, and
by the artifacts of that run. What goes on from those files says so itself, and is judged together with nothing else.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from gate.commands import run
from gate.commands.action_accept import artifacts_of, newest_ledger
from gate.commands.action_check import Judged, failed, part_of, with_notices
from gate.commands.action_job import Job, Part
from gate.commands.judging import NothingSuspected, judge_runs, read_baselines, unusable_baselines
from gate.commands.outputs import write_whole
from gate.config.suite import Suite
from gate.errors import BaselineError, Cancelled, GateError, NotMeasured
from gate.gh.events.suites import SuiteAt
from gate.gh.rest.failures import ApiError
from gate.gh.telling.results import nothing_judged
from gate.gh.telling.stored_runs import AGAIN, StoredRuns, stored_runs
from gate.gh.telling.workflow import results_folder
from gate.record.codec import RecordError, decode_run
from gate.record.run import Run
from gate.verdict.acceptance import Acceptance
from gate.verdict.values import Verdict

_RUN_FILE = re.compile(r"run-[0-9A-Za-z._-]{1,64}\.json")


def confirm_suite(job: Job, at: SuiteAt) -> Part:
    """Measure again what the check of this workflow run suspects by one suite; nothing is judged and nothing told.

    Raises
    ------
    NotMeasured
        If there is no such check, what it measured is gone, or the preview cannot be measured now.
    """
    if at.unaffected or not at.in_effect:
        return _nothing(job, at)
    measured = _first(job, at.suite)
    first = tuple(_written(measured, results_folder(job.out(at), "first")))
    suite, targets = job.find(at.suite)
    try:
        with job.log.group(f"confirm {at.suite.name}"):
            after = run.After(first, job.open_to_read(suite))
            code = run.run(suite, targets, job.out(at), job.effects, after)
    except NothingSuspected:
        return _nothing(job, at)
    return Part(nothing_judged(int(code), job.from_workspace(sorted(job.out(at).glob("run-*.json")))))


def judge_suite(job: Job, at: SuiteAt) -> Part:
    """One verdict from the check of this workflow run and from all runs that go on from it.

    Raises
    ------
    Cancelled
        If a signal ended it.
    """
    if at.unaffected or not at.in_effect:
        return _nothing(job, at)
    try:
        return part_of(job, at, _judged(job, at))
    except Cancelled:
        raise
    except GateError as error:
        return failed(job, at.suite.name, error)


def _judged(job: Job, at: SuiteAt) -> Judged:
    measured = _first(job, at.suite)
    first = [decode_run(content) for content in measured.files.values()]
    later = _going_on(job, at.suite, {run.run_id for run in first})
    runs = (*first, *(decode_run(content) for content in later.values()))
    files = _written(StoredRuns(measured.sha, {**measured.files, **later}, ()), job.out(at))
    verdict = _verdict(job, at.suite, runs, measured.acceptances)
    return Judged(with_notices(verdict, at.notices), tuple(files), measured.acceptances)


def _verdict(job: Job, suite: Suite, runs: tuple[Run, ...], acceptances: tuple[Acceptance, ...]) -> Verdict:
    try:
        stored = read_baselines(suite, job.open_to_read(suite), job.effects)
        return judge_runs(suite, runs, stored, job.effects, acceptances)
    except BaselineError as error:
        return unusable_baselines(suite, error, job.effects)


def _first(job: Job, suite: Suite) -> StoredRuns:
    """What the check of this run of the workflow measured, as it recorded it."""
    ledger = newest_ledger(job, suite.name)
    if ledger is not None and ledger.run_id != job.context.run_id:
        raise NotMeasured(
            f"the newest check of {job.plan.head_sha[:12]} is of workflow run {ledger.run_id}, not of this one",
            "leave the answer to that one, or run all jobs of this workflow again",
        )
    measured = stored_runs(job.plan.head_sha, ledger, artifacts_of(job))
    # Judged before, the record names the runs that go on from those of the check as well.
    files = {name: content for name, content in measured.files.items() if not _after(decode_run(content))}
    return replace(measured, files=files)


def _after(run: Run) -> set[str]:
    """Ids of the runs that one goes on from."""
    return set(run.plan.after) if run.plan is not None else set()


def _going_on(job: Job, suite: Suite, first: set[str]) -> dict[str, bytes]:
    """Run files of this workflow run that go on from the first ones, by name."""
    try:
        contents = artifacts_of(job).every(job.context.run_id, lambda name: _RUN_FILE.fullmatch(name) is not None)
        found = {content: decode_run(content) for content in contents}
    except ApiError as error:
        raise NotMeasured(error.message, error.cure or AGAIN) from error
    except RecordError as error:
        raise NotMeasured(f"a run file of this workflow run {error}", AGAIN) from None
    return {
        f"run-{run.run_id}.json": content
        for content, run in found.items()
        if run.suite == suite.name and run.commit in (None, job.plan.head_sha) and _after(run) == first
    }


def _written(measured: StoredRuns, folder: Path) -> list[Path]:
    paths = []
    for name in sorted(measured.files):
        write_whole(folder / name, measured.files[name])
        paths.append(folder / name)
    return paths


def _nothing(job: Job, at: SuiteAt) -> Part:
    job.log.annotate("notice", at.suite.name, "nothing is suspected, so there is nothing to confirm")
    return Part(nothing_judged(0))
