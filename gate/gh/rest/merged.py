"""Which pull requests came to the default branch since main was last measured.

A refresh may stand for many merges: it runs by the clock, or others before it were cancelled. So it asks about every
commit of the branch since the newest stored run, and a refresh that failed loses nothing that the next one cannot find.

References
----------
https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from gate.gh.rest.ancestry import Ancestry
from gate.gh.rest.api import Api
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.pulls import Pulls

MOST_COMMITS = 100
"""Of the branch itself, the newest; those that a merge brought with it are not counted."""
_MOST_LISTED = 2000
_COMMIT_ID = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class MergedPull:
    """A pull request that is part of the default branch."""

    number: int
    head_sha: str
    """Commit that was judged."""


class Merged:
    """Merged pull requests of one repository. Every method raises :class:`ApiError`.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    branch : str
        The default branch.
    """

    def __init__(self, api: Api, repository: str, branch: str) -> None:
        self._api, self._repository, self._branch = api, repository, branch

    def since(self, stored: str | None, sha: str) -> list[MergedPull]:
        """Pull requests that came to the branch after a commit and up to another, the newest first.

        Parameters
        ----------
        stored : str, optional
            Commit of the newest stored run. If it is not known, or the branch does not have it any more, only ``sha``
            itself is asked about.
        sha : str
            Commit that is measured now.
        """
        # A preview names its commit itself, so it may be anything.
        known = stored if stored is not None and _COMMIT_ID.fullmatch(stored) else None
        commits = [sha] if known is None else self._since(known, sha)
        found = {pull.number: pull for commit in commits for pull in self._pulls(commit)}
        return list(found.values())

    def _since(self, stored: str, sha: str) -> list[str]:
        """The branch's own commits, the newest first: merges, squashed pull requests, direct pushes."""
        if stored == sha:
            return []
        listed = Ancestry(self._api, self._repository).commits(stored, sha)
        try:
            first_parents = {c.sha: c.parents[0].sha if c.parents else "" for c in islice(listed, _MOST_LISTED)}
        except ApiError as error:
            if error.reason is not Reason.ABSENT:
                raise
            return [sha]
        if first_parents and sha not in first_parents:
            return [sha]  # more commits than were listed
        return list(islice(_chain(first_parents, sha), MOST_COMMITS))

    def _pulls(self, commit: str) -> Iterator[MergedPull]:
        for pull in Pulls(self._api, self._repository).of_commit(commit):
            if pull.merged_at is not None and pull.base.ref == self._branch:
                yield MergedPull(pull.number, pull.head.sha)


def _chain(first_parents: dict[str, str], sha: str) -> Iterator[str]:
    while sha in first_parents:
        yield sha
        sha = first_parents.pop(sha)
