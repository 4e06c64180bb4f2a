"""Whether the workflows of the default branch start the gate when they should, with the rights it needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.config.suite import Suite
from gate.gh.doctor.facts import Facts, Unseen
from gate.gh.doctor.findings import Finding, advice, missing, ok, unknown
from gate.gh.doctor.purposes import ACCEPT, CHECK, QUEUE, REFRESH, Purpose, lacking, serves
from gate.gh.doctor.workflow_files import GateJob


def of_workflows(facts: Facts) -> Iterator[Finding]:
    """What starts the gate."""
    if isinstance(facts.workflows, Unseen):
        yield unknown("workflows", facts.workflows)
        yield from _of_default_rights(facts, [])
        return
    for file in facts.workflows:
        if file.problem:
            yield advice(
                "workflows", f"{file.name}: {file.problem}", "correct or remove it; GitHub starts nothing of it"
            )
    jobs = [job for file in facts.workflows for job in file.jobs if _is_of(job, facts.suite_path)]
    called = sorted({uses for file in facts.workflows for uses in file.calls})
    has_queue = not isinstance(facts.rules, Unseen) and any(rule.type == "merge_queue" for rule in facts.rules)
    needed = [CHECK, REFRESH, *([QUEUE] if has_queue else [])]
    for purpose in needed:
        yield from _of_purpose(purpose, jobs, called, facts)
    if not [job for job in jobs if serves(job, ACCEPT, facts.default_branch)]:
        yield advice("acceptance", "no workflow accepts a regression", "gate init --workflows accept, if you want one")
    else:
        yield from _of_purpose(ACCEPT, jobs, called, facts)
    yield from _of_default_rights(facts, jobs)


def _of_purpose(purpose: Purpose, jobs: list[GateJob], called: list[str], facts: Facts) -> Iterator[Finding]:
    found = [job for job in jobs if serves(job, purpose, facts.default_branch)]
    if not found:
        if called:
            yield unknown(
                purpose.name, Unseen(f"what the workflows {', '.join(called)} do is in them", "look there yourself")
            )
            return
        template = purpose.template.removesuffix(".yml")
        told = f"no workflow on {facts.default_branch} starts the gate on {facts.suite_path} for it"
        yield missing(purpose.name, told, f"gate init --workflows {template}, and merge what it writes")
        return
    for job in found:
        yield _of_rights(purpose, job, facts)
        yield from _of_habits(purpose, job, facts)


def _of_rights(purpose: Purpose, job: GateJob, facts: Facts) -> Finding:
    lacks = lacking(job, purpose, facts.suite, facts.default_rights)
    if lacks is None:
        why = f"{job.file} says no permissions, and the default of the repository is not known"
        return unknown(purpose.name, Unseen(why, "write `permissions:` to the job"))
    if lacks:
        line = ", ".join(f"{name}: {right}" for name, right in lacks.items())
        return missing(purpose.name, f"job {job.name!r} of {job.file} lacks {line}", f"permissions: {{{line}}}")
    return ok(purpose.name, f"{job.file} on {', '.join(job.events)}, with the rights it needs")


def _of_habits(purpose: Purpose, job: GateJob, facts: Facts) -> Iterator[Finding]:
    """What costs or misleads, though it works."""
    if "FULL_SHA" in job.version:
        yield missing(purpose.name, f"{job.file} names no release of the gate", "write its owner and commit")
    elif not job.is_pinned:
        yield advice(
            purpose.name,
            f"{job.file} uses {job.version!r}, which can be moved",
            "write the commit: uses: OWNER/gate@SHA",
        )
    if not job.has_timeout:
        yield advice(purpose.name, f"{job.file} has no timeout: six hours", "timeout-minutes: 30")
    if not job.has_concurrency:
        cure = "concurrency: {group: perf-baseline, cancel-in-progress: false, queue: max}"
        if purpose is not REFRESH:
            cure = "concurrency: {group: 'gate-${{ github.event.pull_request.number }}', cancel-in-progress: true}"
        yield advice(purpose.name, f"{job.file} has no concurrency: runs measure beside each other", cure)
    elif purpose is REFRESH and job.is_cancelled:
        yield advice(purpose.name, f"{job.file} cancels a refresh under way", "cancel-in-progress: false")
    if purpose is CHECK and job.events.get("pull_request", {}).keys() & {"paths", "paths-ignore"}:
        yield advice(
            purpose.name,
            f"{job.file} does not start for some paths: a required check then waits for ever",
            "take paths out; say paths in the suite",
        )
    if not _knows_preview(purpose, job, facts.suite):
        what = f"where {facts.default_branch} is deployed" if purpose is REFRESH else "where the preview is"
        yield missing(
            purpose.name,
            f"neither {facts.suite_path} nor {job.file} says {what}",
            "with: {preview-url: URL}, or preview.find in the suite",
        )


def _knows_preview(purpose: Purpose, job: GateJob, suite: Suite | None) -> bool:
    if suite is None or purpose is ACCEPT or "preview-url" in job.inputs:
        return True
    preview = suite.preview
    if purpose is not REFRESH:
        return bool(preview.url or preview.find)
    # A push has no number of a pull request.
    is_of_pulls = any("{number}" in url for url in preview.url or ())
    return bool(preview.base or (preview.url and not is_of_pulls) or (preview.find and not preview.url))


def _of_default_rights(facts: Facts, jobs: list[GateJob]) -> Iterator[Finding]:
    """The repository's default; the gate's own workflows do not depend on it where they say theirs."""
    name = "default rights"
    if isinstance(facts.default_rights, Unseen):
        yield unknown(name, facts.default_rights, is_needed=any(job.permissions is None for job in jobs))
    elif facts.default_rights == "write":
        cure = (
            f"gh api -X PUT repos/{facts.repository}/actions/permissions/workflow -f default_workflow_permissions=read"
        )
        yield advice(name, "every workflow that says nothing of permissions may write", cure)
    else:
        yield ok(name, "a workflow that says nothing of permissions may only read")


def _is_of(job: GateJob, suite_path: str) -> bool:
    return any("${{" in path or path.removeprefix("./") == suite_path for path in job.suites())
