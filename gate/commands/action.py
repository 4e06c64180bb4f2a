"""`gate action`: the same check, measure and refresh, told by an event what to do; GitHub hears what came of it."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gate.baseline.directory import LAYOUT, DirectoryStore
from gate.baseline.store import Store
from gate.commands import refresh, run
from gate.commands.check import Checked, check
from gate.commands.effects import Effects
from gate.commands.judging import deliver
from gate.commands.measuring import Targets
from gate.commands.outputs import COMMENT_FILE, VERDICT_FILE
from gate.config.read import read_suite as parse_suite
from gate.config.suite import Suite
from gate.errors import Cancelled, ExitCode, GateError, UsageError
from gate.gh.annotations import lines_of
from gate.gh.api import Effects as ApiEffects
from gate.gh.baselines import BaseCommitBaselines
from gate.gh.client import Client
from gate.gh.comment import Run
from gate.gh.context import Context
from gate.gh.event import plan
from gate.gh.failures import ApiError, while_reading_policy
from gate.gh.inputs import Inputs
from gate.gh.ledger import measured_file
from gate.gh.log import Log
from gate.gh.plan import ActionPlan, Use
from gate.gh.report import Job as ThisJob
from gate.gh.report import Report
from gate.gh.resolve import files_beside, read_suite, resolve
from gate.gh.results import nothing_judged, of_verdict
from gate.gh.tell import tell, tell_error
from gate.gh.workflow import read_event, results_folder, write_outputs
from gate.verdict.values import Verdict


@dataclass(frozen=True)
class _Job:
    """One run of the action, everything decided."""

    plan: ActionPlan
    inputs: Inputs
    context: Context
    client: Client
    suite: Suite
    in_effect: bool
    """False: the base commit has no suite yet, so the head's own was measured and nothing is judged."""
    suite_lines: Mapping[str, int]
    """Line of each endpoint and scenario in the suite file."""
    out: Path


def act(effects: Effects) -> ExitCode:
    """Run as the container does.

    Raises
    ------
    GateError
        For everything that ends it without a verdict; the output ``exit-code`` is written all the same.
    """
    context = Context.from_environment(effects.environ)
    log = Log(sys.stdout)
    try:
        inputs = Inputs.from_environment(effects.environ)
        log.mask(inputs.token)
        job = _prepare(inputs, context)
        if isinstance(job, ActionPlan):
            write_outputs(context.output_path, nothing_judged(ExitCode.APPROVED))
            log.annotate("notice", "gate", f"nothing to do: {job.because}")
            return ExitCode.APPROVED
        return _do(job, replace(effects, hosts_required=True), log)
    except GateError as error:
        write_outputs(context.output_path, nothing_judged(error.exit_code))
        log.annotate("error", "gate", str(error))
        raise


def _prepare(inputs: Inputs, context: Context) -> _Job | ActionPlan:
    """Decide from the event, then read the suite at the base commit; the workspace is not looked at."""
    what = plan(context.event_name, read_event(context.event_path), inputs, context)
    if len(what.suite_paths) > 1 or what.use is Use.ACCEPT:
        raise UsageError("several suites, and accepting a regression, are not in this version")
    api = ApiEffects(time.sleep, time.monotonic, random.random)
    client = Client(context.repository, inputs.token, inputs.api_url, api)
    what = resolve(what, client)
    if what.use is Use.NOTHING:
        return what
    (path,) = what.suite_paths
    content = read_suite(what, path, client)
    in_effect = content is not None
    commit = what.policy_sha if in_effect else what.head_sha
    if content is None:
        content = _suite_of_head(what, path, client)
    out = results_folder(context.workspace, inputs.out)
    suite = parse_suite(content, path, files_beside(path, commit, client))
    return _Job(what, inputs, context, client, suite, in_effect, lines_of(content), out)


def _suite_of_head(what: ActionPlan, path: str, client: Client) -> bytes:
    """The suite that this pull request adds. From a fork it would let a stranger name the target of the load."""
    cure = "merge the suite first; from then on it is in effect"
    if what.fork:
        raise UsageError(f"the base commit has no {path}, and a fork's own is never used", cure)
    try:
        content = client.read_file(path, what.head_sha)
    except ApiError as error:
        raise while_reading_policy(error) from error
    if content is None:
        raise UsageError(f"neither the base commit nor the pull request has {path}", "see input suite")
    return content


def _do(job: _Job, effects: Effects, log: Log) -> ExitCode:
    targets = Targets(job.plan.preview_urls, job.plan.base_urls, job.plan.head_sha or None)
    if job.plan.use is Use.CHECK:
        return _check(job, targets, effects, log)
    if job.plan.use is Use.REFRESH:
        folder = _directory(job)
        results_folder(job.context.workspace, f"{folder}/{LAYOUT}/{job.suite.name}")
        code = refresh.run(job.suite, DirectoryStore(job.context.workspace / folder), targets, job.out, effects)
    else:
        code = run.run(job.suite, targets, job.out, effects)
    write_outputs(job.context.output_path, nothing_judged(code, _run_files(job)))
    return code


def _directory(job: _Job) -> str:
    return (job.inputs.baselines or job.suite.baselines.store).removeprefix("dir:")


def _run_files(job: _Job) -> list[str]:
    return sorted(str(path.relative_to(job.context.workspace)) for path in job.out.glob("run-*.json"))


def _check(job: _Job, targets: Targets, effects: Effects, log: Log) -> ExitCode:
    store: Store = BaseCommitBaselines(job.client, _directory(job), job.plan.policy_sha)
    try:
        with log.group("measure"):
            checked = check(job.suite, store, targets, job.out, effects)
    except Cancelled:
        raise  # there are seconds left, and a newer run is on its way
    except GateError as error:
        if job.plan.head_sha and not job.plan.reads_only:
            tell_error(error, job.suite.name, job.plan.head_sha, _this_job(job.context), job.client, log)
        raise
    if not job.in_effect:
        checked = replace(checked, verdict=not_in_effect(checked.verdict))
    deliver(checked.verdict, job.out, effects, as_json=False)  # not folded: the table is what people look for in a log
    return _tell(job, checked, log)


def not_in_effect(verdict: Verdict) -> Verdict:
    """The verdict on the pull request that adds the gate: told, without consequence if it could be measured."""
    code = int(ExitCode.APPROVED) if verdict.measured else verdict.exit_code
    return verdict.model_copy(update={"in_effect": False, "exit_code": code})


def _tell(job: _Job, checked: Checked, log: Log) -> ExitCode:
    """Outputs, then summary, check and comment; a later failure never changes the verdict."""
    out = job.out.relative_to(job.context.workspace)
    values = of_verdict(checked.verdict, str(out / COMMENT_FILE), str(out / VERDICT_FILE), _run_files(job))
    write_outputs(job.context.output_path, values)
    this_job = _this_job(job.context)
    report = Report(
        verdict=checked.verdict,
        sha=job.plan.head_sha,
        policy_sha=job.plan.policy_sha,
        suite_path=job.plan.suite_paths[0],
        measured_in=this_job.run,
        pull_requests=() if job.plan.is_queued else job.plan.pull_requests,
        may_write=not job.plan.reads_only,
        run_files=tuple(measured_file(path) for path in checked.run_files),
        suite_lines=job.suite_lines,
    )
    told = tell(report, this_job, job.client, job.context.summary_path, log)
    if told.exit_code is ExitCode.NOT_DELIVERED:
        write_outputs(job.context.output_path, {**values, "exit-code": told.exit_code})
    return told.exit_code


def _this_job(context: Context) -> ThisJob:
    return ThisJob(Run(context.run_id, context.run_attempt), context.run_url)
