"""Whether this run may add to the baselines: only main is their measure, and only what main holds."""

from __future__ import annotations

from gate.errors import UsageError
from gate.gh.rest.ancestry import Ancestry
from gate.gh.rest.api import Api
from gate.gh.rest.failures import ApiError, while_reading_policy

EVENTS = ("push", "schedule", "workflow_dispatch")
_HELD = frozenset({"identical", "behind"})
_STALE_LOOKS, _STALE_LEAST_S, _STALE_MOST_S = 4, 5.0, 15.0


def refuse_refresh(event_name: str, ref: str, default_branch: str) -> None:
    """Refuse a refresh that somebody could start on a commit of their own. Pure.

    Parameters
    ----------
    event_name : str
        Name of the event.
    ref : str
        What it ran on, whole: ``refs/heads/main``.

    Raises
    ------
    UsageError
        If the event is no reason to refresh, or it ran on anything but the default branch.
    """
    if event_name not in EVENTS:
        raise UsageError(f"event {event_name} cannot refresh the baselines", f"refresh on {', '.join(EVENTS)}")
    if not default_branch or ref != f"refs/heads/{default_branch}":
        raise UsageError(
            f"a refresh was started on {ref}, not on the default branch {default_branch}",
            f"start it on {default_branch}",
        )


def require_on_default_branch(api: Api, repository: str, sha: str, default_branch: str) -> None:
    """Make sure that a commit is part of the default branch.

    Parameters
    ----------
    sha : str
        Full id of the commit that is to be measured.

    Raises
    ------
    UsageError
        If it is not, or the token may not read it.
    NotMeasured
        If GitHub is away.
    """
    try:
        status = _settled(api, repository, sha, default_branch)
    except ApiError as error:
        raise while_reading_policy(error) from error
    if status not in _HELD:
        raise UsageError(
            f"commit {sha[:12]} is not part of {default_branch}: GitHub calls the two {status}",
            f"a refresh measures what {default_branch} holds",
        )


def _settled(api: Api, repository: str, sha: str, default_branch: str) -> str:
    """How a commit stands to the branch; what was just pushed is ahead of a branch that is read half a minute old."""
    ancestry = Ancestry(api, repository)
    status = ancestry.status(default_branch, sha)
    for _ in range(_STALE_LOOKS):
        if status != "ahead" or not api.pause(_STALE_LEAST_S, _STALE_MOST_S):
            break
        status = ancestry.status(default_branch, sha)
    return status
