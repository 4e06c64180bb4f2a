"""Telling GitHub of a verdict: job summary, check, comment, in this order.

What comes later never changes what came before. The check is what a branch can require, so a verdict that reached
neither a check run nor a commit status counts as undelivered; everything else that fails costs a warning.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gate.errors import Cancelled, DeliveryError, ExitCode, GateError
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.pulls import Pulls
from gate.gh.telling.annotations import Annotation
from gate.gh.telling.checks import Check, CheckRun, Checks
from gate.gh.telling.comment import Delivery, upsert
from gate.gh.telling.log import Log
from gate.gh.telling.report import Job, Report, check_of, check_of_error, comment_texts, remarks
from gate.gh.telling.workflow import append_summary
from gate.report import render
from gate.report.escape import MAX_SENTENCE, markdown

HASTE_S = 4.0
"""Time for telling that a job was cancelled: the runner's second signal, 7.5 s after the first, ends the gate.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
"""
_NOT_PERMITTED = frozenset({Reason.FORBIDDEN, Reason.ABSENT})
_READ_ONLY = (
    "the token of this run can only read, so there is no check and no comment: the verdict is in the job summary and in"
    " the exit code, and what a branch requires stays as it was. A workflow on `workflow_run` on the default branch can"
    " write both (examples/workflows/fork.yml), and a regression is accepted there by a comment, not by a label"
)


@dataclass(frozen=True)
class Told:
    """What became of it."""

    exit_code: ExitCode
    """Of the verdict; NOT_DELIVERED if no check and no status could be made."""
    check_url: str = ""
    comment_urls: tuple[str, ...] = ()


def tell(report: Report, job: Job, client: Client, summary_path: Path | None, log: Log) -> Told:
    """Tell of one suite. Raises nothing that GitHub causes: what could not be told is in the log.

    Parameters
    ----------
    summary_path : Path, optional
        The job's summary, which holds all suites; None where the runner offers none.
    """
    verdict = report.verdict
    judged = Told(ExitCode(verdict.exit_code))
    with log.group(f"tell {report.name}"):
        if verdict.reasons:
            log.annotate("error", report.name, render.first_line(verdict, MAX_SENTENCE))
        _summarise(report, summary_path, log)
        if not report.may_write:
            _say_read_only(report, summary_path, log)
            return judged
        if not report.sha:
            log.print("no commit is known to be measured, so there is no check and no comment")
            return judged
        client.renew_budget()
        check_url = _deliver_report(report, job, client, log)
        comments = [_comment(report, number, client, summary_path, log) for number in report.pull_requests]
    told = replace(judged, check_url=check_url or "", comment_urls=tuple(url for url in comments if url))
    return told if check_url is not None else replace(told, exit_code=ExitCode.NOT_DELIVERED)


def tell_error(error: GateError, suite: str, sha: str, job: Job, client: Client, log: Log) -> None:
    """Make a failed check of a suite for which there is no verdict; the comment of an earlier run stays."""
    client.renew_budget(HASTE_S if isinstance(error, Cancelled) else math.inf)
    _deliver(check_of_error(error, suite, sha, job), "", job.app, client, log)


def _summarise(report: Report, path: Path | None, log: Log) -> None:
    if path is None:
        return
    try:
        append_summary(path, render.summary(report.verdict))
    except DeliveryError as error:
        log.annotate("warning", report.name, f"the job summary is short: {error.message}")
        with suppress(DeliveryError):
            append_summary(path, render.brief(report.verdict))


def _say_read_only(report: Report, summary_path: Path | None, log: Log) -> None:
    log.annotate("notice", report.name, _READ_ONLY)
    _note(summary_path, f"Nothing else was told: {_READ_ONLY}.")
    for remark in remarks(report):
        log.annotate(_level(remark), remark.title, remark.message)


def _level(remark: Annotation) -> Literal["error", "warning"]:
    return "error" if remark.level == "failure" else "warning"


def _deliver_report(report: Report, job: Job, client: Client, log: Log) -> str | None:
    try:
        check = check_of(report, job)
    except DeliveryError as error:
        _say_undelivered(report.name, error, log)
        return None
    return _deliver(check, render.brief(report.verdict), job.app, client, log)


def _deliver(check: Check, brief: str, app: str, client: Client, log: Log) -> str | None:
    """URL of the check run; empty where a commit status stands for it; None where GitHub took neither."""
    checks = Checks(client.api, client.repository)
    try:
        made, sent = _create(checks, check, brief)
    except ApiError as error:
        return _status(checks, check, error, log)
    if made.app_slug and made.app_slug != app:
        told = f"the check run is of the app {made.app_slug}, and an acceptance or a refresh reads those of {app} only"
        log.annotate("warning", check.name, f"{told}: give `app: {made.app_slug}` to the gate in every workflow")
    try:
        checks.annotate(made, sent)
    except ApiError as error:
        log.annotate("warning", check.name, f"annotations are missing: {error.message}")
    return made.html_url or ""


def _create(checks: Checks, check: Check, brief: str) -> tuple[CheckRun, Check]:
    """The check run, and what it says: the short form where GitHub refuses the long one."""
    try:
        return checks.create(check), check
    except ApiError as error:
        if error.reason is not Reason.REFUSED or not brief:
            raise
        short = replace(check, summary=brief, annotations=())
        return checks.create(short), short


def _status(checks: Checks, check: Check, refused: ApiError, log: Log) -> str | None:
    if refused.reason not in _NOT_PERMITTED:
        _say_undelivered(check.name, refused, log)
        return None
    try:
        checks.set_status(check)
    except ApiError:
        _say_undelivered(check.name, refused, log)
        return None
    log.annotate(
        "warning",
        check.name,
        f"a commit status stands for the check, without table, and nothing of it can be accepted: {refused}",
    )
    return ""


def _say_undelivered(name: str, error: GateError, log: Log) -> None:
    log.annotate("error", name, f"the verdict could not be delivered to GitHub: {error}")


def _comment(report: Report, number: int, client: Client, summary_path: Path | None, log: Log) -> str:
    """URL of the comment; empty where there is none of this run."""
    try:
        head = Pulls(client.api, client.repository).get(number).head.sha
        if head != report.sha:
            told = f"pull request #{number} moved to {head[:12]} while {report.sha[:12]} was measured"
            log.annotate("notice", report.name, f"{told}: the result is on the check of that commit only")
            return ""
        suite, run = report.verdict.suite, report.measured_in
        delivered = upsert(client, number, suite, run, lambda before: comment_texts(report, before))
    except Cancelled:
        raise
    except GateError as error:
        log.annotate("warning", report.name, f"the comment could not be written: {error}")
        _note(summary_path, f"The comment could not be written: {error.message}")
        return ""
    if delivered.delivery is Delivery.SUPERSEDED:
        log.print("a newer run has written the comment; it stays")
        return ""
    return delivered.url


def _note(path: Path | None, text: str) -> None:
    if path is not None:
        with suppress(DeliveryError):
            append_summary(path, markdown(text, MAX_SENTENCE) + "\n")
