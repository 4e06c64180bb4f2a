"""What an event asks of the gate. Pure: decided from values alone, before anything is sent anywhere.

Policy and baselines never come from a commit that the author of a pull request chose: they come from the commit the
event gives for the default branch, or where the event does not know it, from one that GitHub's API will name.
Who started the run (``actor``) is never asked: it names the last to act, not the author.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gate.errors import UsageError
from gate.gh.context import Context
from gate.gh.inputs import Inputs, Mode
from gate.gh.payload import field, number, sha, text

PULL_REQUEST_ACTIONS = ("opened", "synchronize", "reopened", "labeled")


class Pending(StrEnum):
    """What only the API can tell about a plan."""

    NOTHING = ""
    PULL_REQUEST = "pull request"
    """Head and base of the pull request."""
    DEFAULT_BRANCH = "default branch"
    """The commit the default branch points at."""


@dataclass(frozen=True)
class ActionPlan:
    """What this run of the action does."""

    mode: Mode
    """Check, measure or refresh."""
    repository: str
    default_branch: str
    policy_sha: str
    """Commit from which suite and baselines are read; empty while something is pending."""
    head_sha: str
    """Commit under test; empty where only a URL is known."""
    pull_request: int | None
    fork: bool
    """Whether the pull request comes from another repository: its token can only read."""
    preview_urls: tuple[str, ...]
    base_urls: tuple[str, ...]
    suite_path: str
    suite_may_be_absent: bool
    """Whether a base commit without suite is the normal case: the pull request that adds the gate."""
    pending: Pending = Pending.NOTHING


def plan(event_name: str, payload: Mapping[str, object], inputs: Inputs, context: Context) -> ActionPlan:
    """Decide what to do.

    Parameters
    ----------
    event_name : str
        Name of the event: ``pull_request``.
    payload : mapping
        The event as GitHub delivered it.

    Raises
    ------
    UsageError
        If this version does nothing on the event, the event and the inputs contradict each other, or the event lacks
        a field, which is named.
    """
    plans = {"pull_request": _pull_request, "push": _push, "schedule": _schedule, "workflow_dispatch": _dispatch}
    if event_name not in plans:
        raise UsageError(f"event {event_name} is not in this version", f"use one of {', '.join(plans)}")
    return plans[event_name](payload, inputs, context)


def _pull_request(payload: Mapping[str, object], inputs: Inputs, context: Context) -> ActionPlan:
    action = text(payload, "action")
    if action not in PULL_REQUEST_ACTIONS:
        raise UsageError(
            f"the gate does nothing when a pull request is {action}",
            f"`types: [{', '.join(PULL_REQUEST_ACTIONS)}]` starts it where it has something to do",
        )
    if inputs.mode is Mode.REFRESH:
        raise UsageError(
            "a pull request cannot refresh the baselines", "use mode refresh on push to the default branch"
        )
    if not _same(text(payload, "pull_request.base.repo.full_name"), context.repository):
        raise UsageError("the pull request does not go into the repository this workflow runs in")
    default_branch = text(payload, "repository.default_branch")
    # Anybody who can push can make a branch with a softer suite, open the pull request against it, and point the
    # pull request at the default branch once the check is green. So another base than that has no say.
    trusted = text(payload, "pull_request.base.ref") == default_branch
    base_sha = sha(payload, "pull_request.base.sha")
    return _plan(
        inputs,
        context,
        mode=Mode.MEASURE if inputs.mode is Mode.MEASURE else Mode.CHECK,
        default_branch=default_branch,
        policy_sha=base_sha if trusted else "",
        head_sha=sha(payload, "pull_request.head.sha"),
        pull_request=number(payload, "pull_request.number"),
        fork=_is_fork(payload, context.repository),
        pending=Pending.NOTHING if trusted else Pending.DEFAULT_BRANCH,
    )


def _push(payload: Mapping[str, object], inputs: Inputs, context: Context) -> ActionPlan:
    default_branch = text(payload, "repository.default_branch")
    ref = text(payload, "ref")
    if ref != f"refs/heads/{default_branch}":
        raise UsageError(
            f"the push is to {ref}, not to the default branch {default_branch}", f"`branches: [{default_branch}]`"
        )
    if payload.get("deleted") is True:
        raise UsageError(f"the push deleted {ref}: there is nothing to measure")
    return _on_default_branch(sha(payload, "after"), default_branch, inputs, context)


def _schedule(payload: Mapping[str, object], inputs: Inputs, context: Context) -> ActionPlan:
    # GitHub documents no payload for this event, and that it always runs on the default branch.
    ran_on = context.ref.removeprefix("refs/heads/")
    default_branch = text(payload, "repository.default_branch") if "repository" in payload else ran_on
    if context.ref != f"refs/heads/{default_branch}":
        raise UsageError(f"the schedule ran on {context.ref}, not on the default branch {default_branch}")
    return _on_default_branch(context.sha, default_branch, inputs, context)


def _on_default_branch(commit: str, default_branch: str, inputs: Inputs, context: Context) -> ActionPlan:
    if inputs.mode is Mode.CHECK:
        raise UsageError("mode check needs a pull request or workflow_dispatch", "leave mode out, or use refresh")
    mode = Mode.MEASURE if inputs.mode is Mode.MEASURE else Mode.REFRESH
    return _plan(inputs, context, mode=mode, default_branch=default_branch, policy_sha=commit, head_sha=commit)


def _dispatch(payload: Mapping[str, object], inputs: Inputs, context: Context) -> ActionPlan:
    default_branch = text(payload, "repository.default_branch")
    mode = _dispatched_mode(inputs)
    if inputs.pull_request is not None:
        return _plan(
            inputs,
            context,
            mode=mode,
            default_branch=default_branch,
            pull_request=inputs.pull_request,
            pending=Pending.PULL_REQUEST,
        )
    # Whoever may write can dispatch on a branch of their own. A measurement judges nothing; all else is policy.
    if mode is not Mode.MEASURE and context.ref != f"refs/heads/{default_branch}":
        raise UsageError(
            f"mode {mode} was started on {context.ref}", f"start it on {default_branch}, or give a pull request"
        )
    head_sha = context.sha if mode is Mode.REFRESH else ""
    return _plan(inputs, context, mode=mode, default_branch=default_branch, policy_sha=context.sha, head_sha=head_sha)


def _dispatched_mode(inputs: Inputs) -> Mode:
    if inputs.mode is Mode.REFRESH and inputs.pull_request is not None:
        raise UsageError(
            "a pull request cannot refresh the baselines", "leave out input pull-request, or use mode check"
        )
    if inputs.mode is not Mode.AUTO:
        return inputs.mode
    if inputs.pull_request is not None:
        return Mode.CHECK
    if inputs.preview_url:
        return Mode.MEASURE
    raise UsageError("nothing says what to do", "give input pull-request, preview-url, or mode refresh")


def _plan(
    inputs: Inputs,
    context: Context,
    *,
    mode: Mode,
    default_branch: str,
    policy_sha: str = "",
    head_sha: str = "",
    pull_request: int | None = None,
    fork: bool = False,
    pending: Pending = Pending.NOTHING,
) -> ActionPlan:
    return ActionPlan(
        mode=mode,
        repository=context.repository,
        default_branch=default_branch,
        policy_sha=policy_sha,
        head_sha=head_sha,
        pull_request=pull_request,
        fork=fork,
        preview_urls=inputs.preview_url,
        base_urls=inputs.base_url,
        suite_path=inputs.suite,
        suite_may_be_absent=pull_request is not None,
        pending=pending,
    )


def _is_fork(payload: Mapping[str, object], repository: str) -> bool:
    head = field(payload, "pull_request.head")
    if isinstance(head, Mapping) and head.get("repo") is None and "repo" in head:
        return True  # the fork is gone; what came from it is still not ours
    return not _same(text(payload, "pull_request.head.repo.full_name"), repository)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
