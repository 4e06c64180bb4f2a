"""`gate action`: the same check, measure and refresh, told by an event what to do; GitHub hears what came of it."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from gate.baseline.directory import LAYOUT, DirectoryStore
from gate.baseline.store import Store
from gate.commands import refresh, run
from gate.commands.check import Checked, check
from gate.commands.effects import Effects
from gate.commands.judging import deliver
from gate.commands.measuring import Targets
from gate.commands.outputs import COMMENT_FILE, SUMMARY_FILE, VERDICT_FILE
from gate.config.read import read_suite as parse_suite
from gate.config.suite import Suite
from gate.errors import DeliveryError, ExitCode, GateError, UsageError
from gate.gh import comment
from gate.gh.api import Effects as ApiEffects
from gate.gh.baselines import BaseCommitBaselines
from gate.gh.client import Client
from gate.gh.context import Context
from gate.gh.event import plan
from gate.gh.failures import ApiError, while_reading_policy
from gate.gh.inputs import Inputs
from gate.gh.log import Log
from gate.gh.plan import ActionPlan, Use
from gate.gh.resolve import files_beside, read_suite, resolve
from gate.gh.workflow import append_summary, read_event, results_folder, write_outputs
from gate.verdict.values import Verdict

_COUNTS = {
    "regressed": "regressed",
    "improved": "improved",
    "unchanged": "unchanged",
    "inconclusive": "inconclusive",
    "not-measured": "not_measured",
}
_NOTHING_JUDGED: dict[str, str | int] = {
    **dict.fromkeys(_COUNTS, 0),
    **dict.fromkeys(("report", "verdict-file", "run-files", "verdict"), ""),
}


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
            write_outputs(context.output_path, _NOTHING_JUDGED | {"exit-code": 0})
            log.annotate("notice", "gate", f"nothing to do: {job.because}")
            return ExitCode.APPROVED
        return _do(job, replace(effects, hosts_required=True), log)
    except GateError as error:
        write_outputs(context.output_path, _NOTHING_JUDGED | {"exit-code": int(error.exit_code)})
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
    return _Job(what, inputs, context, client, suite, in_effect, out)


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
    write_outputs(job.context.output_path, _NOTHING_JUDGED | {"exit-code": int(code), "run-files": _run_files(job)})
    return code


def _directory(job: _Job) -> str:
    return (job.inputs.baselines or job.suite.baselines.store).removeprefix("dir:")


def _run_files(job: _Job) -> str:
    names = sorted(path.relative_to(job.context.workspace) for path in job.out.glob("run-*.json"))
    return "\n".join(str(name) for name in names)


def _check(job: _Job, targets: Targets, effects: Effects, log: Log) -> ExitCode:
    store: Store = BaseCommitBaselines(job.client, _directory(job), job.plan.policy_sha)
    with log.group("measure"):
        checked = check(job.suite, store, targets, job.out, effects)
    if not job.in_effect:
        checked = replace(checked, verdict=not_in_effect(checked.verdict))
    code = deliver(checked.verdict, job.out, effects, as_json=False)
    _tell(job, checked, log)
    return code


def not_in_effect(verdict: Verdict) -> Verdict:
    """The verdict on the pull request that adds the gate: told, without consequence if it could be measured."""
    code = int(ExitCode.APPROVED) if verdict.measured else verdict.exit_code
    return verdict.model_copy(update={"in_effect": False, "exit_code": code})


def _tell(job: _Job, checked: Checked, log: Log) -> None:
    """Outputs, summary, comment, in this order; a later failure never changes the verdict."""
    verdict, out = checked.verdict, job.out.relative_to(job.context.workspace)
    write_outputs(
        job.context.output_path,
        output_values(verdict)
        | {
            "report": str(out / COMMENT_FILE),
            "verdict-file": str(out / VERDICT_FILE),
            "run-files": _run_files(job),
            "verdict": verdict.verdict if verdict.in_effect else "",
        },
    )
    if job.context.summary_path is not None:
        append_summary(job.context.summary_path, (job.out / SUMMARY_FILE).read_text(encoding="utf-8"))
    if not job.plan.pull_requests:
        return
    if job.plan.reads_only:
        log.annotate("notice", "gate", "the token of this run cannot write a comment; see the job summary")
        return
    job.client.renew_budget()
    body = (job.out / COMMENT_FILE).read_text(encoding="utf-8")
    this_run = comment.Run(job.context.run_id, job.context.run_attempt)
    try:
        for number in job.plan.pull_requests:
            comment.upsert(job.client, number, job.suite.name, this_run, body)
    except DeliveryError as error:
        raise DeliveryError(
            f"the verdict is {verdict.verdict}, but the comment could not be written: {error.message}", error.cure
        ) from error


def output_values(verdict: Verdict) -> dict[str, str | int]:
    """Counts of outcomes and the exit code, under the names of the action's outputs."""
    values: dict[str, str | int] = {"exit-code": verdict.exit_code}
    return values | {name: sum(row.outcome == outcome for row in verdict.rows) for name, outcome in _COUNTS.items()}
