"""What only GitHub can tell about a plan, and the suite it names; both before anything is measured."""

from __future__ import annotations

import errno
import posixpath
from dataclasses import replace

from gate.config.files import ReadFile
from gate.errors import UsageError
from gate.gh.client import Client
from gate.gh.event import ActionPlan, Pending
from gate.gh.failures import ApiError, while_reading_policy
from gate.gh.shapes import PullRequest


def resolve(plan: ActionPlan, client: Client) -> ActionPlan:
    """Fill in the commits that the event did not know; afterwards nothing is pending.

    Raises
    ------
    UsageError
        If the pull request is closed, or the token may not read it.
    NotMeasured
        If GitHub is away.
    """
    try:
        if plan.pending is Pending.PULL_REQUEST and plan.pull_request is not None:
            plan = with_pull_request(plan, client.pull_request(plan.pull_request))
        if plan.pending is Pending.DEFAULT_BRANCH:
            policy_sha = client.branch_sha(plan.default_branch)
            plan = replace(plan, policy_sha=policy_sha, pending=Pending.NOTHING)
    except ApiError as error:
        raise while_reading_policy(error) from error
    return plan


def with_pull_request(plan: ActionPlan, pull: PullRequest) -> ActionPlan:
    """Plan for a pull request that a person chose. Only the default branch as its base has a say in the policy."""
    if pull.state != "open":
        raise UsageError(f"pull request #{pull.number} is {pull.state}")
    source = pull.head.repo.full_name if pull.head.repo else ""
    trusted = pull.base.ref == plan.default_branch
    return replace(
        plan,
        head_sha=pull.head.sha,
        policy_sha=pull.base.sha if trusted else "",
        fork=source.casefold() != plan.repository.casefold(),
        pending=Pending.NOTHING if trusted else Pending.DEFAULT_BRANCH,
    )


def read_suite(plan: ActionPlan, client: Client) -> bytes | None:
    """Read the suite at the policy's commit; None where it is absent and may be.

    Raises
    ------
    UsageError
        If it is absent and may not be, or the token may not read it.
    NotMeasured
        If GitHub is away.
    """
    try:
        content = client.read_file(plan.suite_path, plan.policy_sha)
    except ApiError as error:
        raise while_reading_policy(error) from error
    if content is None and not plan.suite_may_be_absent:
        raise UsageError(
            f"there is no {plan.suite_path} in {plan.repository} at {plan.policy_sha[:12]}",
            "commit the suite there, or name another with input suite",
        )
    return content


def files_beside(suite_path: str, commit: str, client: Client) -> ReadFile:
    """Reads files from the folder of the suite and below, at the commit that the suite was read at.

    What it gives raises OSError where there is no such file, and otherwise what ``read_suite`` does.
    """

    def read(name: str) -> bytes:
        try:
            content = client.read_file(posixpath.join(posixpath.dirname(suite_path), name), commit)
        except ApiError as error:
            raise while_reading_policy(error) from error
        if content is None:
            raise FileNotFoundError(errno.ENOENT, f"it is not in the repository at {commit[:12]}", name)
        return content

    return read
