"""Git objects and branches of a repository, read and made through the Git data API.

An object is named by its content, and nobody sees one that no branch leads to. So a blob, a tree or a commit whose
answer was lost is simply made again; only a branch is looked at before it is written a second time.
https://docs.github.com/rest/guides/using-the-rest-api-to-interact-with-your-git-database
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from pydantic import Field, TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.contents import object_id
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.shapes import OBJECT_ID, GitObject, Ref, Shape

READ = "contents: read"
WRITE = "contents: write"
_FILE_MODE = "100644"
T = TypeVar("T")


class _Commit(Shape):
    sha: str = Field(pattern=OBJECT_ID)
    tree: GitObject
    parents: list[GitObject]


class _Entry(Shape):
    path: str
    type: str
    sha: str = Field(pattern=OBJECT_ID)


class _Tree(Shape):
    tree: list[_Entry]
    truncated: bool


_REF: TypeAdapter[Ref] = TypeAdapter(Ref)
_OBJECT: TypeAdapter[GitObject] = TypeAdapter(GitObject)
_COMMIT: TypeAdapter[_Commit] = TypeAdapter(_Commit)
_TREE: TypeAdapter[_Tree] = TypeAdapter(_Tree)


@dataclass(frozen=True)
class Snapshot:
    """A commit with the files in it."""

    commit: str
    tree: str
    files: Mapping[str, str]
    """Id of the content by path; folders and what else is no file are left out."""


class Objects:
    """Git objects and branches of one repository.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def tip(self, branch: str) -> str | None:
        """Commit a branch points at; None where GitHub says there is none, which alone proves nothing.

        It can be as old as half a minute: https://github.com/rust-lang/homu/issues/75
        """
        try:
            ref, _ = self._api.get(self._read(f"git/ref/heads/{quote(branch)}", f"reading branch {branch}"), _REF)
        except ApiError as error:
            if error.reason is Reason.ABSENT:
                return None
            raise
        return ref.object.sha

    def snapshot(self, commit: str) -> Snapshot:
        """Every file of a commit.

        Raises
        ------
        ApiError
            Refused, if there are too many for GitHub to list.
        """
        what = f"listing all files at {commit[:12]}"
        found, _ = self._api.get(self._read(f"git/commits/{commit}", what), _COMMIT)
        call = self._read(f"git/trees/{found.tree.sha}", what, {"recursive": "1"})
        tree, _ = self._api.get(call, _TREE)
        if tree.truncated:
            raise ApiError(Reason.REFUSED, f"{what}: too many for GitHub to list", "use a branch for baselines only")
        return Snapshot(commit, found.tree.sha, {entry.path: entry.sha for entry in tree.tree if entry.type == "blob"})

    def make_blob(self, content: bytes) -> str:
        """Id of a file's content, which GitHub has from now on."""
        body = {"content": base64.b64encode(content).decode("ascii"), "encoding": "base64"}
        made = self._make("blobs", f"storing {len(content)} bytes", body, _OBJECT)
        if made.sha != object_id(content, len(made.sha)):
            raise ApiError(
                Reason.MISMATCH, f"GitHub names {len(content)} bytes {made.sha}, which is not their git hash"
            )
        return made.sha

    def make_tree(self, base: str | None, changes: Mapping[str, str | None]) -> str:
        """Id of a tree like another but for some files.

        Parameters
        ----------
        base : str or None
            The other tree; None for an empty one.
        changes : mapping
            Id of the content by path; None for a file that leaves, which the other tree must have.
        """
        entries = [{"path": path, "mode": _FILE_MODE, "type": "blob", "sha": blob} for path, blob in changes.items()]
        body = {"tree": entries} | ({} if base is None else {"base_tree": base})
        return self._make("trees", f"making a tree of {len(entries)} changed files", body, _OBJECT).sha

    def make_commit(self, message: str, tree: str, parents: Iterable[str]) -> str:
        """Id of a commit. Author and date are left to GitHub, which signs only what bots commit without naming any."""
        wanted = list(parents)
        body = {"message": message, "tree": tree, "parents": wanted}
        made = self._make("commits", "making a commit", body, _COMMIT)
        if made.tree.sha != tree or [parent.sha for parent in made.parents] != wanted:
            raise ApiError(Reason.MISMATCH, f"commit {made.sha[:12]} is not of the tree and parents asked for")
        return made.sha

    def make_branch(self, branch: str, commit: str, landed: Callable[[], bool]) -> None:
        """Make a branch that is not there.

        Parameters
        ----------
        landed : callable
            Looks whether the branch points at the commit, after an answer was lost.
        """
        body = {"ref": f"refs/heads/{branch}", "sha": commit}
        self._point("POST", "git/refs", f"making branch {branch}", body, landed)

    def move_branch(self, branch: str, commit: str, landed: Callable[[], bool]) -> None:
        """Let a branch point at a commit that comes after the one it points at; any other is refused, never forced."""
        body = {"sha": commit, "force": False}
        self._point("PATCH", f"git/refs/heads/{quote(branch)}", f"moving branch {branch}", body, landed)

    def _point(self, verb: str, path: str, what: str, body: Mapping[str, object], landed: Callable[[], bool]) -> None:
        commit = str(body["sha"])
        ours = Ref(object=GitObject(sha=commit))
        call = Call(verb, f"/repos/{self._repository}/{path}", what, WRITE, body=body)
        made = self._api.send(call, _REF, lambda: ours if landed() else None)
        if made.object.sha != commit:
            raise ApiError(Reason.MISMATCH, f"{what}: GitHub answers with {made.object.sha[:12]}, not {commit[:12]}")

    def _make(self, kind: str, what: str, body: Mapping[str, object], shape: TypeAdapter[T]) -> T:
        call = Call("POST", f"/repos/{self._repository}/git/{kind}", what, WRITE, body=body)
        return self._api.send(call, shape, lambda: None)

    def _read(self, path: str, what: str, parameters: Mapping[str, str] | None = None) -> Call:
        return Call("GET", f"/repos/{self._repository}/{path}", what, READ, parameters or {})
