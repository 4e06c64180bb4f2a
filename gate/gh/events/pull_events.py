"""Events that are about a pull request, or about a commit that may be the head of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gate.errors import NotMeasured, UsageError
from gate.gh.events.acceptance import asked_by_label, asked_in_comment
from gate.gh.events.context import Context
from gate.gh.events.inputs import Inputs, Mode
from gate.gh.events.payload import field, number, sha, text
from gate.gh.events.plan import ActionPlan, Pending, Use

PULL_REQUEST_ACTIONS = ("opened", "synchronize", "reopened", "ready_for_review", "labeled")
READS_ONLY = ("dependabot[bot]",)
"""Who starts runs with a token that can only read, whatever the repository. What somebody else starts on a pull request
of theirs, for example by a label, has a token like any other.

"By default", GitHub says: the key ``permissions`` may give such a run more, but not the secrets that a preview needs.

https://docs.github.com/code-security/reference/supply-chain-security/dependabot-on-actions
"""
_QUEUED = re.compile(r"refs/heads/gh-readonly-queue/.+/pr-([1-9][0-9]{0,9})-[0-9a-f]{40}(?:[0-9a-f]{24})?")
Payload = Mapping[str, object]


def pull_request(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    """A pull request was opened, pushed to or labelled."""
    action = text(payload, "action")
    if action not in PULL_REQUEST_ACTIONS:
        raise UsageError(
            f"the gate does nothing when a pull request is {action}",
            f"`types: [{', '.join(PULL_REQUEST_ACTIONS)}]` starts it where it has something to do",
        )
    use = _use_for_a_pull_request(inputs.mode)
    if not _same(text(payload, "pull_request.base.repo.full_name"), context.repository):
        raise UsageError("the pull request does not go into the repository this workflow runs in")
    default_branch = text(payload, "repository.default_branch")
    # Anybody who can push can make a branch with a softer suite, open the pull request against it, and point the
    # pull request at the default branch once the check is green. So another base than that has no say.
    trusted = text(payload, "pull_request.base.ref") == default_branch
    base_sha = sha(payload, "pull_request.base.sha")
    source = _head_repository(payload)
    fork = not _same(source, context.repository)
    return replace(
        begun(use, default_branch, inputs, context),
        policy_sha=base_sha if trusted else "",
        head_sha=sha(payload, "pull_request.head.sha"),
        pull_requests=(number(payload, "pull_request.number"),),
        head_repository=source,
        head_branch=text(payload, "pull_request.head.ref"),
        fork=fork,
        reads_only=fork or _starter(payload) in READS_ONLY,
        suite_may_be_absent=True,
        asked=asked_by_label(payload) if action == "labeled" else None,
        pending=Pending.NOTHING if trusted else Pending.DEFAULT_BRANCH,
    )


def workflow_run(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    """The workflow that deploys previews has ended; this one runs on the default branch and trusts nothing of it.

    Only the commit and where it lives are taken; ``workflow_run.pull_requests`` is empty for forks.
    """
    nothing = _nothing(payload, inputs, context)
    if text(payload, "action") != "completed":
        return replace(nothing, because="the workflow has not ended yet")
    event, conclusion = text(payload, "workflow_run.event"), text(payload, "workflow_run.conclusion")
    if event != "pull_request":
        return replace(nothing, because=f"the workflow ran for {event}, not for a pull request")
    if conclusion in ("cancelled", "skipped"):
        return replace(nothing, because=f"the workflow was {conclusion}")
    if conclusion != "success":
        raise NotMeasured(
            f"the workflow that makes the preview ended with {conclusion}: there is nothing to measure",
            "mend it and run it again",
        )
    source = text(payload, "workflow_run.head_repository.full_name")
    return replace(
        nothing,
        use=_use_for_a_pull_request(inputs.mode),
        head_sha=sha(payload, "workflow_run.head_sha"),
        head_repository=source,
        head_branch=text(payload, "workflow_run.head_branch"),
        fork=not _same(source, context.repository),
        suite_may_be_absent=True,
        pending=Pending.HEAD,
    )


def deployment_status(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    """A host says how a deployment goes. Anybody with ``deployments: write`` can: the API is asked for its address."""
    state = text(payload, "deployment_status.state")
    head_sha = sha(payload, "deployment.sha")
    nothing = _nothing(payload, inputs, context)
    if state in ("failure", "error"):
        raise NotMeasured(
            f"the deployment of {head_sha[:12]} ended with {state}: there is nothing to measure", "deploy it again"
        )
    if state != "success":
        return replace(nothing, because=f"the deployment is {state}")
    use = _use_for_a_pull_request(inputs.mode)
    return replace(nothing, use=use, head_sha=head_sha, suite_may_be_absent=True, pending=Pending.HEAD)


def merge_group(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    """A merge queue asks about a commit of its own.

    Its base may be the commit of another group that has not been merged, so the policy is the default branch's.
    """
    nothing = _nothing(payload, inputs, context)
    if text(payload, "action") != "checks_requested":
        return replace(nothing, because="the merge queue asks for no checks")
    base_ref = text(payload, "merge_group.base_ref")
    if base_ref != f"refs/heads/{nothing.default_branch}":
        raise UsageError(f"the merge queue is of {base_ref}, not of the default branch {nothing.default_branch}")
    queued = _QUEUED.fullmatch(text(payload, "merge_group.head_ref"))
    return replace(
        nothing,
        use=_use_for_a_pull_request(inputs.mode),
        head_sha=sha(payload, "merge_group.head_sha"),
        pull_requests=(int(queued[1]),) if queued else (),
        suite_may_be_absent=True,
        is_queued=True,
        pending=Pending.DEFAULT_BRANCH,
    )


def issue_comment(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    """Somebody said something; who may is decided later."""
    nothing = _nothing(payload, inputs, context)
    issue = field(payload, "issue")
    if not isinstance(issue, Mapping) or not issue.get("pull_request"):
        return replace(nothing, because="the comment is not on a pull request")
    if text(payload, "action") != "created":
        return replace(nothing, because="only a new comment is read, not one that was changed later")
    asked = asked_in_comment(payload)
    if asked is None:
        return replace(nothing, because="the comment does not begin with a command to the gate")
    if inputs.mode not in (Mode.AUTO, Mode.CHECK):
        raise UsageError(f"a comment cannot start mode {inputs.mode}", "leave mode out")
    return replace(
        nothing,
        use=Use.ACCEPT,
        pull_requests=(number(payload, "issue.number"),),
        asked=asked,
        pending=Pending.PULL_REQUEST,
    )


def use_for_main(mode: Mode) -> Use:
    """What is done with a commit of the default branch."""
    if mode in (Mode.CHECK, Mode.CONFIRM, Mode.JUDGE):
        raise UsageError(f"mode {mode} needs a pull request or workflow_dispatch", "leave mode out, or use refresh")
    return Use.MEASURE if mode is Mode.MEASURE else Use.REFRESH


def _use_for_a_pull_request(mode: Mode) -> Use:
    if mode is Mode.REFRESH:
        raise UsageError(
            "a pull request cannot refresh the baselines", "use mode refresh on push to the default branch"
        )
    return Use.CHECK if mode is Mode.AUTO else Use(mode)


def begun(use: Use, default_branch: str, inputs: Inputs, context: Context) -> ActionPlan:
    """What every plan has of the inputs and of where it runs."""
    return ActionPlan(use, context.repository, default_branch, inputs.suite, inputs.preview_url, inputs.base_url)


def _nothing(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    return begun(Use.NOTHING, text(payload, "repository.default_branch"), inputs, context)


def _head_repository(payload: Payload) -> str:
    head = field(payload, "pull_request.head")
    if isinstance(head, Mapping) and head.get("repo") is None and "repo" in head:
        return ""  # the fork is gone; what came from it is still not ours
    return text(payload, "pull_request.head.repo.full_name")


def _starter(payload: Payload) -> str:
    """Login of who started the run; empty where the event does not say. Only whether a write is tried hangs on it."""
    sender = payload.get("sender")
    login = sender.get("login") if isinstance(sender, Mapping) else None
    return login if isinstance(login, str) else ""


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
