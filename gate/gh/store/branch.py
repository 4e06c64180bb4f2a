"""Baselines on a branch of their own: read at one commit, appended to by one commit each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from gate.errors import BaselineError
from gate.gh.rest.api import Api
from gate.gh.rest.contents import Contents
from gate.gh.rest.failures import ApiError, Reason, permission_cure, while_reading_baselines, while_reading_policy
from gate.gh.rest.objects import READ, Objects
from gate.gh.store.appending import Appending
from gate.gh.store.baselines import RunsAtCommit, never_written
from gate.gh.store.branch_rules import BranchRules, refuse_name
from gate.gh.store.records import KEEP, Record, readme, stored_names


class BranchStore:
    """Stored runs on a branch, laid out as :class:`gate.baseline.directory.DirectoryStore` does. Made by :meth:`open`.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    branch : str
        Name of the branch, without ``refs/heads/``.
    tip : str or None
        Commit that is read; None where there is no branch yet.
    writable : bool
        Whether runs may be added; a check never does.
    keep : int
        Runs of a suite that stay in the branch's tree.
    """

    def __init__(
        self, api: Api, repository: str, branch: str, tip: str | None, *, writable: bool = False, keep: int = KEEP
    ) -> None:
        self._api, self._repository, self._branch = api, repository, branch
        self._writable, self._keep = writable, keep
        self._tip = tip
        self._files: frozenset[str] | None = None
        """Paths of all files at the tip, where an own write has told them: reading may lag behind."""

    @classmethod
    def open(
        cls, api: Api, repository: str, branch: str, default_branch: str, *, writable: bool = False, keep: int = KEEP
    ) -> Self:
        """Look where the branch is now, and refuse it if it is not one for baselines; nothing that shows is written.

        Parameters
        ----------
        default_branch : str
            Never used for baselines; also what a token that can read the repository can read.
        writable : bool
            Whether to add runs. Then a file that nothing leads to is stored, for GitHub tells in no other way whether
            the token may write: better now than after minutes of load.

        Raises
        ------
        UsageError
            If the branch is not one for baselines, or the token may not look or write.
        BaselineError
            If it cannot be read, which is not the same as not being there.
        NotMeasured
            If GitHub is away.
        """
        refuse_name(branch, default_branch)
        objects = Objects(api, repository)
        try:
            tip = _surely(objects, repository, branch, default_branch)
        except ApiError as error:
            raise while_reading_baselines(error) from error
        try:
            if tip is not None:
                BranchRules(api, repository).refuse(branch, tip)
            if writable:
                objects.make_blob(readme(branch))
        except ApiError as error:
            raise while_reading_policy(error) from error
        return cls(api, repository, branch, tip, writable=writable, keep=keep)

    @property
    def place(self) -> str:
        """Where this is, for messages."""
        where = f"branch {self._branch} of {self._repository}"
        return f"{where}, which is not there yet" if self._tip is None else f"{where} at {self._tip[:12]}"

    def names(self, suite: str) -> list[str]:
        """Names of all runs of a suite, oldest first; none where there is no branch yet."""
        if self._files is not None:
            return stored_names(self._files, suite)
        runs = self._runs()
        return [] if runs is None else runs.names(suite)

    def read(self, suite: str, name: str) -> bytes:
        """Content of one run as stored."""
        runs = self._runs()
        if runs is None:
            raise BaselineError(f"there is no {suite}/{name} in {self.place}")
        return runs.read(suite, name)

    def append(self, suite: str, name: str, content: bytes) -> str:
        """Store one more run in a commit of its own, and say where."""
        return self.append_all([(suite, name, content)])

    def append_all(self, runs: Iterable[tuple[str, str, bytes]]) -> str:
        """Store several runs in one commit, all or none, and say where; afterwards the store is read at that commit.

        Parameters
        ----------
        runs : iterable of (str, str, bytes)
            Suite, name and content of each.

        Raises
        ------
        BaselineError
            If another run has one of the names, or the branch could not be written; it says whether that is sure.
        """
        records = [Record(*run) for run in runs]
        paths = ", ".join(record.path for record in records)
        if not self._writable:
            raise never_written(self.place, paths)
        if not records:
            return self.place
        self._api.renew()  # what reading took must not be missing when minutes of measuring are to be kept
        done = Appending(self._api, self._repository, self._branch, records, self._keep).run()
        self._tip, self._files = done.commit, done.files
        return f"{paths} on {self.place}"

    def _runs(self) -> RunsAtCommit | None:
        if self._tip is None:
            return None
        return RunsAtCommit(Contents(self._api, self._repository), ".", self._tip, self.place)


def _surely(objects: Objects, repository: str, branch: str, default_branch: str) -> str | None:
    """Tip of a branch; None only where the same token reads the default branch, so that 404 does mean absent."""
    tip = objects.tip(branch)
    if tip is None and objects.tip(default_branch) is None:
        raise ApiError(Reason.FORBIDDEN, f"{repository} cannot be read with this token", permission_cure(READ))
    return tip
