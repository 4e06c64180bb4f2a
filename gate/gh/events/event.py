"""What an event asks of the gate. Pure: decided from values alone, before anything is sent anywhere.

Policy and baselines never come from a commit that the author of a pull request chose: they come from the commit the
event gives for the default branch, or where the event does not know it, from one that GitHub's API will name.
Who started the run (``actor``) is never asked: it names the last to act, not the author.

References
----------
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gate.errors import UsageError
from gate.gh.events.context import Context
from gate.gh.events.inputs import Inputs, Mode
from gate.gh.events.payload import sha, text
from gate.gh.events.plan import ActionPlan, Pending, Use
from gate.gh.events.pull_events import (
    begun,
    deployment_status,
    issue_comment,
    merge_group,
    pull_request,
    use_for_main,
    workflow_run,
)

Payload = Mapping[str, object]


def plan(event_name: str, payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
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
        If the gate does nothing on the event, the event and the inputs contradict each other, or the event lacks a
        field, which is named.
    NotMeasured
        If the event says that there is no preview: the workflow or deployment that should have made it failed.
    """
    if event_name == "pull_request_target":
        raise UsageError(
            "event pull_request_target is refused: it gives the author of a fork's pull request a job that can write",
            "use workflow_run for forks; examples/workflows shows how",
        )
    if event_name not in _PLANS:
        raise UsageError(f"the gate does nothing on event {event_name}", f"use one of {', '.join(_PLANS)}")
    return _PLANS[event_name](payload, inputs, context)


def _push(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    default_branch = text(payload, "repository.default_branch")
    ref = text(payload, "ref")
    if ref != f"refs/heads/{default_branch}":
        raise UsageError(
            f"the push is to {ref}, not to the default branch {default_branch}", f"`branches: [{default_branch}]`"
        )
    if payload.get("deleted") is True:
        raise UsageError(f"the push deleted {ref}: there is nothing to measure")
    return _on_default_branch(sha(payload, "after"), default_branch, inputs, context)


def _schedule(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    # GitHub documents no payload for this event, and that it always runs on the default branch.
    ran_on = context.ref.removeprefix("refs/heads/")
    default_branch = text(payload, "repository.default_branch") if "repository" in payload else ran_on
    if context.ref != f"refs/heads/{default_branch}":
        raise UsageError(f"the schedule ran on {context.ref}, not on the default branch {default_branch}")
    return _on_default_branch(context.sha, default_branch, inputs, context)


def _on_default_branch(commit: str, default_branch: str, inputs: Inputs, context: Context) -> ActionPlan:
    return replace(
        begun(use_for_main(inputs.mode), default_branch, inputs, context), policy_sha=commit, head_sha=commit
    )


def _dispatch(payload: Payload, inputs: Inputs, context: Context) -> ActionPlan:
    default_branch = text(payload, "repository.default_branch")
    use, number = _dispatched_use(inputs), inputs.pull_request
    # Whoever may write can dispatch on a branch of their own. A measurement judges nothing; all else is policy.
    if number is None and use is not Use.MEASURE and context.ref != f"refs/heads/{default_branch}":
        raise UsageError(
            f"mode {use} was started on {context.ref}", f"start it on {default_branch}, or give a pull request"
        )
    return replace(
        begun(use, default_branch, inputs, context),
        policy_sha=context.sha if number is None else "",
        head_sha=context.sha if use is Use.REFRESH else "",
        pull_requests=() if number is None else (number,),
        suite_may_be_absent=number is not None,
        pending=Pending.NOTHING if number is None else Pending.PULL_REQUEST,
    )


def _dispatched_use(inputs: Inputs) -> Use:
    if inputs.mode is Mode.REFRESH and inputs.pull_request is not None:
        raise UsageError(
            "a pull request cannot refresh the baselines", "leave out input pull-request, or use mode check"
        )
    if inputs.mode in (Mode.CONFIRM, Mode.JUDGE) and inputs.pull_request is None:
        raise UsageError(f"mode {inputs.mode} goes on from the check of a pull request", "give input pull-request")
    if inputs.mode is not Mode.AUTO:
        return Use(inputs.mode)
    if inputs.pull_request is not None:
        return Use.CHECK
    if inputs.preview_url:
        return Use.MEASURE
    raise UsageError("nothing says what to do", "give input pull-request, preview-url, or mode refresh")


_PLANS: dict[str, Callable[[Payload, Inputs, Context], ActionPlan]] = {
    "pull_request": pull_request,
    "workflow_run": workflow_run,
    "deployment_status": deployment_status,
    "merge_group": merge_group,
    "issue_comment": issue_comment,
    "workflow_dispatch": _dispatch,
    "push": _push,
    "schedule": _schedule,
}
