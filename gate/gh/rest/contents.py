"""Files and directories of the repository at one commit, read through the API and checked against their hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from pydantic import Field, TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.failures import ApiError, Reason, permission_cure
from gate.gh.rest.shapes import OBJECT_ID, Shape

PERMISSION = "contents: read"
MAX_FILE_BYTES = 16 * 2**20
_CONTENTS_LIMIT = 1000
"""The contents API lists no more entries of a directory than this, and does not say that there are more."""


class _File(Shape):
    type: str
    sha: str = Field(pattern=OBJECT_ID)
    size: int
    encoding: str | None = None
    content: str | None = None


class _Entry(Shape):
    type: str
    name: str
    sha: str = Field(pattern=OBJECT_ID)


class _Blob(Shape):
    encoding: Literal["base64"]
    content: str


class _TreeEntry(Shape):
    type: str
    mode: str
    path: str
    sha: str = Field(pattern=OBJECT_ID)


class _Tree(Shape):
    tree: list[_TreeEntry]
    truncated: bool


_CONTENTS: TypeAdapter[list[_Entry] | _File] = TypeAdapter(list[_Entry] | _File)
_BLOB: TypeAdapter[_Blob] = TypeAdapter(_Blob)
_TREE: TypeAdapter[_Tree] = TypeAdapter(_Tree)


@dataclass(frozen=True)
class Entry:
    """One name in a directory."""

    name: str
    kind: str
    """``file``, ``dir``, ``symlink`` or ``submodule``."""
    sha: str


class Contents:
    """Reads files and directories of one repository.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def read_file(self, path: str, ref: str) -> bytes | None:
        """Content of a file at a commit; None only if it is surely absent there."""
        found = self._look(path, ref)
        if found is None:
            return None
        if not isinstance(found, _File) or found.type != "file":
            raise ApiError(Reason.REFUSED, f"{path} at {ref[:12]} is not a file")
        if found.size > MAX_FILE_BYTES:
            raise ApiError(Reason.REFUSED, f"{path} at {ref[:12]} has {found.size} bytes, more than {MAX_FILE_BYTES}")
        # From 1 MB on the contents API leaves the content out: encoding "none", an empty text.
        whole = found.encoding == "base64" and (found.content or found.size == 0)
        encoded = found.content or "" if whole else self._blob(path, found.sha)
        try:
            content = base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ApiError(Reason.MISMATCH, f"{path} at {ref[:12]} is not the base64 text it should be") from None
        if object_id(content, len(found.sha)) != found.sha:
            raise ApiError(Reason.MISMATCH, f"{path} at {ref[:12]} is not the content its git hash {found.sha} names")
        return content

    def list_directory(self, path: str, ref: str) -> list[Entry]:
        """Entries of a directory at a commit, by name; none only if it is surely absent there."""
        found = self._look(path, ref)
        if found is None:
            return []
        if isinstance(found, _File):
            raise ApiError(Reason.REFUSED, f"{path} at {ref[:12]} is not a directory")
        return self._entries(found, path, ref)

    def _look(self, path: str, ref: str) -> list[_Entry] | _File | None:
        found = self._get(path, ref)
        if found is None and not self._surely_absent(path, ref):
            raise ApiError(Reason.UNREACHABLE, f"{path} is listed at {ref[:12]} but GitHub does not serve it")
        return found

    def _get(self, path: str, ref: str) -> list[_Entry] | _File | None:
        _check(path, ref)
        call = Call(
            "GET",
            f"/repos/{self._repository}/contents/{quote(path)}",
            f"reading {path or 'the top directory'} of {self._repository} at {ref[:12]}",
            PERMISSION,
            {"ref": ref},
        )
        try:
            return self._api.get(call, _CONTENTS)[0]
        except ApiError as error:
            if error.reason is Reason.ABSENT:
                return None
            raise

    def _surely_absent(self, path: str, ref: str) -> bool:
        """Whether the nearest directory that can be read proves that there is no such path.

        A 404 by itself may also mean that the token cannot see the repository or that the commit does not exist.
        """
        if not path:
            cure = permission_cure(PERMISSION)
            raise ApiError(Reason.FORBIDDEN, f"{self._repository} at {ref[:12]} cannot be read with this token", cure)
        parent, _, name = path.rpartition("/")
        found = self._get(parent, ref)
        if found is None:
            return self._surely_absent(parent, ref)
        return isinstance(found, _File) or all(entry.name != name for entry in self._entries(found, parent, ref))

    def _entries(self, found: list[_Entry], path: str, ref: str) -> list[Entry]:
        if len(found) < _CONTENTS_LIMIT:
            entries = [Entry(entry.name, entry.type, entry.sha) for entry in found]
        else:
            entries = self._tree(path, ref)
        return sorted(entries, key=lambda entry: entry.name)

    def _tree(self, path: str, ref: str) -> list[Entry]:
        """Entries by the Git trees API, which lists a hundred times as many and says when it does not."""
        what = f"listing {path or 'the top directory'} of {self._repository} at {ref[:12]}"
        entries = self._tree_entries(ref, what)
        for part in path.split("/") if path else []:
            below = [entry.sha for entry in entries if entry.path == part and entry.type == "tree"]
            if not below:
                raise ApiError(Reason.UNREACHABLE, f"{what}: GitHub's two listings of {part} do not agree")
            entries = self._tree_entries(below[0], what)
        return [Entry(entry.path, _kind(entry), entry.sha) for entry in entries]

    def _tree_entries(self, tree_id: str, what: str) -> list[_TreeEntry]:
        call = Call("GET", f"/repos/{self._repository}/git/trees/{tree_id}", what, PERMISSION)
        tree, _ = self._api.get(call, _TREE)
        if tree.truncated:
            raise ApiError(Reason.REFUSED, f"{what}: too many entries for GitHub to list")
        return tree.tree

    def _blob(self, path: str, sha: str) -> str:
        call = Call("GET", f"/repos/{self._repository}/git/blobs/{sha}", f"reading {path} as blob {sha}", PERMISSION)
        return self._api.get(call, _BLOB)[0].content


def _kind(entry: _TreeEntry) -> str:
    if entry.mode == "120000":
        return "symlink"
    return {"blob": "file", "tree": "dir", "commit": "submodule"}.get(entry.type, entry.type)


def object_id(content: bytes, digits: int = 40) -> str:
    """Id that git gives a file of this content: SHA-1, or SHA-256 where ids have 64 digits."""
    algorithm = "sha256" if digits == 64 else "sha1"
    return hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _check(path: str, ref: str) -> None:
    # An empty ref would silently mean the default branch, and `..` another place of the API.
    if not re.fullmatch(OBJECT_ID[1:-1], ref):
        raise ApiError(Reason.REFUSED, f"{ref!r} is not the full id of a commit")
    if (path and any(part in ("", ".", "..") for part in path.split("/"))) or re.search(r"[\x00-\x1f\x7f\\]", path):
        raise ApiError(Reason.REFUSED, f"{path!r} is not a path inside the repository")
