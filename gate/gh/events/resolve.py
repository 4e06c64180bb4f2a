"""What only GitHub can tell about a plan, and the suites it names; both before anything is measured."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Sequence
from dataclasses import replace

from gate.config.files import ReadFile
from gate.errors import UsageError
from gate.gh.events.plan import ActionPlan, Pending, Use
from gate.gh.events.pull_events import READS_ONLY
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, while_reading_policy
from gate.gh.rest.pulls import Pulls
from gate.gh.rest.shapes import PullRequest


def resolve(plan: ActionPlan, client: Client) -> ActionPlan:
    """Fill in the commits and pull requests that the event did not know; afterwards nothing is pending.

    Raises
    ------
    UsageError
        If the pull request is closed, or the token may not read it.
    NotMeasured
        If GitHub is away.
    """
    pulls = Pulls(client.api, client.repository)
    try:
        if plan.pending is Pending.PULL_REQUEST:
            plan = with_pull_request(plan, pulls.get(plan.pull_requests[0]))
        if plan.pending is Pending.HEAD:
            found = pulls.open_with_head(plan.head_sha, plan.head_repository, plan.head_branch)
            plan = with_pull_requests(plan, found)
        if plan.pending is Pending.DEFAULT_BRANCH:
            policy_sha = client.branch_sha(plan.default_branch)
            plan = replace(plan, policy_sha=policy_sha, pending=Pending.NOTHING)
        if plan.suite_may_be_absent and plan.use is not Use.NOTHING:
            plan = _with_suites_of_now(plan, client)
    except ApiError as error:
        raise while_reading_policy(error) from error
    return plan


def _with_suites_of_now(plan: ActionPlan, client: Client) -> ActionPlan:
    """The plan with the default branch's own commit as policy, where that has a suite which the base commit lacks.

    GitHub gives a pull request the base commit of when it was opened or last pushed to
    (https://github.com/github/docs/issues/431). Where that is older than the gate, its author would write the suite.
    """
    absent = [path for path in plan.suite_paths if client.read_file(path, plan.policy_sha) is None]
    if not absent:
        return plan
    now = client.branch_sha(plan.default_branch)
    is_there = any(client.read_file(path, now) is not None for path in absent)
    return replace(plan, policy_sha=now) if is_there else plan


def with_pull_request(plan: ActionPlan, pull: PullRequest) -> ActionPlan:
    """Plan for one pull request. Only the default branch as its base has a say in the policy.

    Raises
    ------
    UsageError
        If it is not open.
    """
    if pull.state != "open":
        raise UsageError(f"pull request #{pull.number} is {pull.state}")
    trusted = pull.base.ref == plan.default_branch
    return replace(
        plan,
        pull_requests=(pull.number,),
        head_sha=pull.head.sha,
        head_repository=pull.head_repository,
        head_branch=pull.head.ref,
        policy_sha=pull.base.sha if trusted else "",
        fork=pull.head_repository.casefold() != plan.repository.casefold(),
        pending=Pending.NOTHING if trusted else Pending.DEFAULT_BRANCH,
    )


def with_pull_requests(plan: ActionPlan, found: Sequence[PullRequest]) -> ActionPlan:
    """Plan for all open pull requests of one head; with none there is nothing to do.

    Where they do not all go into the default branch at one commit, the policy is what that branch holds now.
    """
    if not found:
        why = f"no open pull request has the head {plan.head_sha[:12]}: it was merged, closed or pushed to"
        return replace(plan, use=Use.NOTHING, pending=Pending.NOTHING, because=why)
    plans = [with_pull_request(plan, pull) for pull in found]
    author = found[0].user.login if found[0].user else ""
    one_policy = len({planned.policy_sha for planned in plans}) == 1
    return replace(
        plans[0],
        pull_requests=tuple(pull.number for pull in found),
        fork=any(planned.fork for planned in plans),
        # The job of a deployment is started by who deployed; that of a workflow's end is the repository's own.
        reads_only=plan.reads_only or (not plan.head_branch and author in READS_ONLY),
        policy_sha=plans[0].policy_sha if one_policy else "",
        pending=plans[0].pending if one_policy else Pending.DEFAULT_BRANCH,
    )


def read_suite(plan: ActionPlan, path: str, client: Client) -> bytes | None:
    """Read a suite at the policy's commit; None where it is absent and may be.

    Raises
    ------
    UsageError
        If it is absent and may not be, or the token may not read it.
    NotMeasured
        If GitHub is away.
    """
    try:
        content = client.read_file(path, plan.policy_sha)
    except ApiError as error:
        raise while_reading_policy(error) from error
    if content is None and not plan.suite_may_be_absent:
        raise UsageError(
            f"there is no {path} in {plan.repository} at {plan.policy_sha[:12]}",
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
