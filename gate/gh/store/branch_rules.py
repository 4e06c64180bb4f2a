"""Which branch may hold baselines: none on which a pull request could bring its own, none of somebody else's work."""

from __future__ import annotations

from pydantic import TypeAdapter

from gate.baseline.directory import LAYOUT
from gate.config.branches import checked_branch
from gate.errors import UsageError
from gate.gh.rest.api import Api, Call
from gate.gh.rest.contents import Contents
from gate.gh.rest.pulls import Pulls
from gate.gh.rest.shapes import Shape
from gate.gh.store.records import README_MARKER, README_PATH

_READ = "contents: read"
_CURE = "write baselines.store: branch:perf-baselines, or another name that nobody uses; it is made on first use"


class _Branch(Shape):
    name: str
    protected: bool


_BRANCH: TypeAdapter[_Branch] = TypeAdapter(_Branch)


def refuse_name(branch: str, default_branch: str) -> None:
    """Refuse what no request should be sent for. Pure.

    Raises
    ------
    UsageError
        If it is no name of a branch, or the default branch.
    """
    try:
        checked_branch(branch)
    except ValueError as error:
        what, _, cure = str(error).partition("; ")
        raise UsageError(f"the branch of the baselines, {branch!r}, {what}", cure) from None
    if branch == default_branch:
        raise UsageError(f"the baselines cannot be on the default branch {branch}", _CURE)


class BranchRules:
    """What GitHub says of a branch that is there.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def refuse(self, branch: str, tip: str) -> None:
        """Refuse a branch of somebody else's: under review, or protected and not made by the gate.

        Raises
        ------
        UsageError
            Naming what it is.
        ApiError
            If GitHub does not say.
        """
        pulls = Pulls(self._api, self._repository).open_from(branch)
        if pulls:
            raise UsageError(
                f"the branch {branch} of the baselines is the head of pull request #{pulls[0].number}", _CURE
            )
        # A ruleset of any kind makes a branch `protected`, also the one that forbids its deletion only and that every
        # baseline branch should have: https://github.com/crs-k/stale-branches/issues/1061
        if self._is_protected(branch) and not self._is_ours(tip):
            raise UsageError(f"the branch {branch} is protected and was not made for baselines", _CURE)

    def _is_protected(self, branch: str) -> bool:
        call = Call("GET", f"/repos/{self._repository}/branches/{branch}", f"reading branch {branch}", _READ)
        return self._api.get(call, _BRANCH)[0].protected

    def _is_ours(self, tip: str) -> bool:
        contents = Contents(self._api, self._repository)
        if {entry.name for entry in contents.list_directory("", tip)} - {README_PATH, LAYOUT}:
            return False
        return (contents.read_file(README_PATH, tip) or b"").startswith(README_MARKER)
