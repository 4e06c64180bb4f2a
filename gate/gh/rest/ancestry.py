"""Which commits come from which, asked of GitHub: https://docs.github.com/rest/commits/commits#compare-two-commits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from pydantic import TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.contents import PERMISSION as READ_CONTENTS
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.paging import every
from gate.gh.rest.shapes import GitObject, Shape


class Commit(GitObject):
    """A commit, and what it was made on."""

    parents: list[GitObject]
    """The first is the branch it was merged into, or committed to."""


class _Comparison(Shape):
    status: Literal["diverged", "ahead", "behind", "identical"]
    merge_base_commit: GitObject
    commits: list[Commit]


_COMPARISON: TypeAdapter[_Comparison] = TypeAdapter(_Comparison)


class Ancestry:
    """Compares commits of one repository. Every method raises :class:`ApiError` and nothing else.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def merge_base(self, base: str, head: str) -> str:
        """The newest commit that both come from.

        Parameters
        ----------
        base, head : str
            Commits, or branches.
        """
        return self._compare(base, head).merge_base_commit.sha

    def status(self, base: str, head: str) -> str:
        """How a commit stands to a branch: ``behind`` if the branch holds it and more, ``ahead`` if it is newer."""
        return self._compare(base, head).status

    def commits(self, base: str, head: str) -> Iterator[Commit]:
        """Commits that the head has and the base has not, the oldest first, page by page as they are asked for."""
        return every(self._api, self._call(base, head), _COMPARISON, lambda page: page.commits)

    def _compare(self, base: str, head: str) -> _Comparison:
        call = replace(self._call(base, head), parameters={"per_page": "1"})  # the list of commits is not looked at
        return self._api.get(call, _COMPARISON)[0]

    def _call(self, base: str, head: str) -> Call:
        path = f"/repos/{self._repository}/compare/{quote(base)}...{quote(head)}"
        return Call("GET", path, f"comparing {base[:12]} with {head[:12]}", READ_CONTENTS)

    def is_on(self, commit: str, branch: str) -> bool:
        """Whether a branch holds a commit; one that is gone, or has nothing in common with it, it does not hold."""
        try:
            return self.merge_base(branch, commit) == commit
        except ApiError as error:
            if error.reason is not Reason.ABSENT:
                raise
            return False
