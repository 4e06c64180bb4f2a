"""`gate action` on main: measure without judging, or append one run to the baselines."""

from __future__ import annotations

from collections.abc import Sequence

from gate.baseline.directory import LAYOUT, DirectoryStore
from gate.baseline.store import Store
from gate.commands import refresh, run
from gate.commands.action_job import Job, Part
from gate.config.suite import Suite
from gate.gh.events.dispatch import as_chosen
from gate.gh.events.suites import SuiteAt
from gate.gh.rest.merged import Merged
from gate.gh.store.branch import BranchStore
from gate.gh.store.lasting import accepted_since
from gate.gh.store.refreshing import refuse_refresh, require_on_default_branch
from gate.gh.telling.ledger import find_ledgers
from gate.gh.telling.results import nothing_judged
from gate.gh.telling.workflow import results_folder
from gate.verdict.acceptance import Acceptance


def refresh_suite(job: Job, at: SuiteAt) -> Part:
    """Measure main by one suite, and store the run.

    Raises
    ------
    GateError
        If it may not be, cannot be measured, or cannot be stored; nothing is stored then.
    """
    what = job.plan
    refuse_refresh(job.context.event_name, job.context.ref, what.default_branch)
    require_on_default_branch(job.client.api, what.repository, what.head_sha, what.default_branch)
    suite = as_chosen(at.suite, job.inputs, what.use, job.context.event_name)
    store = _open_to_write(job, suite)
    suite, targets = job.find(suite)
    merged = Merged(job.client.api, what.repository, what.default_branch)

    def acceptances_of(sha: str) -> Sequence[Acceptance]:
        ledgers = find_ledgers(job.client.api, what.repository, sha, suite.name, job.inputs.app)
        return ledgers[0].acceptances if ledgers else ()

    accepted = accepted_since(
        merged, what.head_sha, acceptances_of, lambda text: job.log.annotate("warning", suite.name, text)
    )
    with job.log.group(f"measure {suite.name}"):
        code = refresh.run(suite, store, targets, job.out(at), job.effects, accepted=accepted)
    return Part(nothing_judged(int(code), _run_files(job, at)))


def measure_suite(job: Job, at: SuiteAt) -> Part:
    """Measure by one suite; nothing is judged and nothing stored."""
    suite = as_chosen(at.suite, job.inputs, job.plan.use, job.context.event_name)
    suite, targets = job.find(suite)
    with job.log.group(f"measure {suite.name}"):
        code = run.run(suite, targets, job.out(at), job.effects)
    return Part(nothing_judged(int(code), _run_files(job, at)))


def _open_to_write(job: Job, suite: Suite) -> Store:
    kind, name = job.place_of(suite)
    if kind == "branch":
        what = job.plan
        return BranchStore.open(job.client.api, what.repository, name, what.default_branch, writable=True)
    results_folder(job.context.workspace, f"{name}/{LAYOUT}/{suite.name}")
    return DirectoryStore(job.context.workspace / name)


def _run_files(job: Job, at: SuiteAt) -> list[str]:
    return job.from_workspace(sorted(job.out(at).glob("run-*.json")))
