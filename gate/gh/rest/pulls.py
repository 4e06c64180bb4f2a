"""Pull requests of a repository: by number, by head, and what they change."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.paging import every
from gate.gh.rest.shapes import ChangedFile, PullRequest

PERMISSION = "pull-requests: read"
MOST_FILES = 3000
"""GitHub lists no more files of a pull request, and does not say that there are more.

https://docs.github.com/rest/pulls/pulls#list-pull-requests-files
"""
_PULL: TypeAdapter[PullRequest] = TypeAdapter(PullRequest)
_PULLS: TypeAdapter[list[PullRequest]] = TypeAdapter(list[PullRequest])
_FILES: TypeAdapter[list[ChangedFile]] = TypeAdapter(list[ChangedFile])


class Pulls:
    """Reads the pull requests of one repository. Every method raises :class:`ApiError`.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def get(self, number: int) -> PullRequest:
        """State, head and base of a pull request."""
        return self._api.get(self._call(f"pulls/{number}", f"reading pull request #{number}"), _PULL)[0]

    def open_with_head(self, sha: str, repository: str = "", branch: str = "") -> list[PullRequest]:
        """Open pull requests whose head is this very commit, by number.

        Parameters
        ----------
        repository, branch : str
            Where the head lives, if that is known: GitHub does not list the pull requests of a fork's commit.
        """
        what = f"looking for the pull request of {sha[:12]}"
        if repository and branch:
            owner = repository.partition("/")[0]
            call = self._call("pulls", what, {"state": "open", "head": f"{owner}:{branch}"})
            listed = list(every(self._api, call, _PULLS, lambda page: page))
        else:
            listed = self.of_commit(sha)
        found = [pull for pull in listed if _is_open_at(pull, sha)]
        if repository:
            found = [pull for pull in found if pull.head_repository.casefold() == repository.casefold()]
        return sorted(found, key=lambda pull: pull.number)

    def open_from(self, branch: str) -> list[PullRequest]:
        """Open pull requests whose head is a branch of this repository, by number."""
        owner = self._repository.partition("/")[0]
        filters = {"state": "open", "head": f"{owner}:{branch}"}
        call = self._call("pulls", f"looking for pull requests from {branch}", filters)
        # GitHub lists all where it cannot make sense of a filter, so each is looked at.
        found = [pull for pull in every(self._api, call, _PULLS, lambda page: page) if self._is_from(pull, branch)]
        return sorted(found, key=lambda pull: pull.number)

    def _is_from(self, pull: PullRequest, branch: str) -> bool:
        is_here = pull.head_repository.casefold() == self._repository.casefold()
        return is_here and pull.state == "open" and pull.head.ref == branch

    def of_commit(self, sha: str) -> list[PullRequest]:
        """Pull requests that a commit of this repository belongs to, open and merged.

        https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit
        """
        call = self._call(f"commits/{quote(sha)}/pulls", f"looking for the pull request of {sha[:12]}")
        return list(every(self._api, call, _PULLS, lambda page: page))

    def files(self, number: int) -> list[ChangedFile]:
        """What a pull request changes; never more than :data:`MOST_FILES`."""
        call = self._call(f"pulls/{number}/files", f"listing the files of #{number}")
        return list(every(self._api, call, _FILES, lambda page: page))

    def _call(self, path: str, what: str, parameters: dict[str, str] | None = None) -> Call:
        return Call("GET", f"/repos/{self._repository}/{path}", what, PERMISSION, parameters or {})


def _is_open_at(pull: PullRequest, sha: str) -> bool:
    return pull.state == "open" and pull.head.sha == sha
