"""Runs added to the baseline branch: one commit, however many others write at once and whatever breaks on the way.

The branch itself is what is compared and set: GitHub moves it, without force, only to a commit that comes after the one
it points at, and every commit made here comes after the tip that its tree was made from. So no run of anybody is lost,
and none is there twice, however old the tip that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gate.errors import BaselineError
from gate.gh.rest.api import Api
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.objects import Objects, Snapshot
from gate.gh.store.records import KEEP, README_PATH, Record, leaving, message, missing, readme

TRIES = 8
"""Enough for eight writers who begin at once: each try that fails means that one of the others is done."""
LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 30.0
_PASSING = frozenset({Reason.REFUSED, Reason.UNREACHABLE, Reason.ABSENT})
"""Refused: somebody else was faster, or the tip was read too old. Absent: where it was read does not know it yet."""


@dataclass(frozen=True)
class Appended:
    """The commit of the branch in which all records were seen, and the paths of all its files."""

    commit: str
    files: frozenset[str]


class Appending:
    """One attempt to add some runs, over all its tries.

    Parameters
    ----------
    api : Api
        Calls to the API; pauses come out of its budget.
    repository : str
        Owner and name.
    branch : str
        Made if it is not there, with a history of its own.
    records : sequence of Record
        All of them are stored, or none.
    keep : int
        Runs of a suite that stay in the tree.
    """

    def __init__(self, api: Api, repository: str, branch: str, records: Sequence[Record], keep: int = KEEP) -> None:
        self._api, self._objects = api, Objects(api, repository)
        self._branch, self._records, self._keep = branch, records, keep
        self._blobs: dict[bytes, str] = {}
        self._in_doubt = False
        """Whether an answer was lost that might have said that the branch moved."""

    def run(self) -> Appended:
        """Add them.

        Raises
        ------
        BaselineError
            If another content has the name of one of them, or they could not be added; it says whether that is sure.
        """
        try:
            return self._insist()
        except ApiError as error:
            raise self._failed(error) from error

    def _insist(self) -> Appended:
        attempt = 0
        while True:
            try:
                return self._try()
            except ApiError as error:
                attempt += 1
                if error.reason not in _PASSING:
                    raise
                if attempt == TRIES or not self._pause(attempt):
                    return self._last_look(error)

    def _pause(self, attempt: int) -> bool:
        return self._api.pause(LEAST_PAUSE_S, min(MOST_PAUSE_S, 2.0**attempt))

    def _last_look(self, error: ApiError) -> Appended:
        """What an answer that was lost would have said; the error if it cannot be seen that it was a success."""
        if self._in_doubt and self._pause(TRIES):
            found = self._look()
            if not missing(self._records, found.files):
                return Appended(found.commit, frozenset(found.files))
        raise error

    def _try(self) -> Appended:
        before = self._look()
        added = missing(self._records, before.files)
        if not added:
            return Appended(before.commit, frozenset(before.files))
        changes = self._changes(added, before)
        tree = self._objects.make_tree(before.tree or None, changes)
        commit = self._objects.make_commit(message(added), tree, [before.commit] if before.commit else [])
        self._publish(before, commit)
        gone = {path for path, blob in changes.items() if blob is None}
        return Appended(commit, frozenset((before.files.keys() | changes.keys()) - gone))

    def _look(self) -> Snapshot:
        """The branch as it is; an empty one where there is none."""
        tip = self._objects.tip(self._branch)
        return self._objects.snapshot(tip) if tip is not None else Snapshot("", "", {})

    def _changes(self, added: Sequence[Record], before: Snapshot) -> Mapping[str, str | None]:
        changes: dict[str, str | None] = {}
        if not before.commit:
            changes[README_PATH] = self._blob(readme(self._branch))
        changes |= {record.path: self._blob(record.content) for record in added}
        return changes | dict.fromkeys(leaving(added, before.files.keys(), self._keep))

    def _blob(self, content: bytes) -> str:
        """Store a file's content once over all tries."""
        if content not in self._blobs:
            self._blobs[content] = self._objects.make_blob(content)
        return self._blobs[content]

    def _publish(self, before: Snapshot, commit: str) -> None:
        def landed() -> bool:
            self._in_doubt = True
            return self._objects.tip(self._branch) == commit

        write = self._objects.move_branch if before.commit else self._objects.make_branch
        try:
            write(self._branch, commit, landed)
        except ApiError as error:
            self._in_doubt |= error.reason is Reason.MISMATCH
            raise

    def _failed(self, error: ApiError) -> BaselineError:
        paths = ", ".join(record.path for record in self._records)
        if self._in_doubt:
            told = f"whether {paths} was stored cannot be known"
            return BaselineError(
                f"{error.message}; {told}", f"look on branch {self._branch}; a refresh adds another run"
            )
        cure = error.cure
        if error.reason is Reason.REFUSED:
            cure = (
                f"if others write to {self._branch}, refresh again; if a ruleset forbids pushes to it, except the gate"
            )
        return BaselineError(f"{error.message}; nothing was stored", cure)
