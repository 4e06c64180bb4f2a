"""What a run of the action does, as one frozen value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.gh.events.acceptance import Asked


class Use(StrEnum):
    """What a run of the action does."""

    CHECK = "check"
    MEASURE = "measure"
    REFRESH = "refresh"
    CONFIRM = "confirm"
    """Measure again, on another runner, what the check of the same workflow run suspects."""
    JUDGE = "judge"
    """One verdict from that check and the runs that confirm."""
    ACCEPT = "accept"
    """Judge again what was measured already, with a regression that somebody accepts."""
    NOTHING = "nothing"
    """The event is none of the gate's; :attr:`ActionPlan.because` says why."""


class Pending(StrEnum):
    """What only the API can tell about a plan."""

    NOTHING = ""
    PULL_REQUEST = "pull request"
    """Head and base of the pull request whose number is known."""
    HEAD = "head"
    """The open pull requests whose head is the commit that is known."""
    DEFAULT_BRANCH = "default branch"
    """The commit the default branch points at."""


@dataclass(frozen=True)
class ActionPlan:
    """What this run of the action does."""

    use: Use
    repository: str
    default_branch: str
    suite_paths: tuple[str, ...]
    preview_urls: tuple[str, ...] = ()
    base_urls: tuple[str, ...] = ()
    policy_sha: str = ""
    """Commit from which suite and baselines are read; empty while something is pending."""
    head_sha: str = ""
    """Commit under test; empty where only a URL is known."""
    pull_requests: tuple[int, ...] = ()
    """Numbers; more than one where several open pull requests have the same head."""
    head_repository: str = ""
    """Where the head lives; empty where it is not known or gone."""
    head_branch: str = ""
    fork: bool = False
    """Whether the head comes from another repository: a stranger may have written it."""
    reads_only: bool = False
    """Whether the token of this run can write nothing: neither check nor comment is tried."""
    suite_may_be_absent: bool = False
    """Whether a base commit without suite is the normal case: the pull request that adds the gate."""
    is_queued: bool = False
    """Whether the head is the commit of a merge queue, which nobody deploys where previews are made by pull request."""
    asked: Asked | None = None
    pending: Pending = Pending.NOTHING
    because: str = ""
    """Why there is nothing to do."""
