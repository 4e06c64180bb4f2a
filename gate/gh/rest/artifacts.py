"""Run files that a run of a workflow left as artifacts: found again, and taken only if they are the very same.

What is looked for is known beforehand by its hash, so neither the name of an artifact nor what else it holds matters,
nor does it need to be trusted.

References
----------
https://docs.github.com/rest/actions/artifacts
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Protocol

from pydantic import Field, TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.archive import ArchiveError, members_named
from gate.gh.rest.failures import ApiError, Reason, WireError
from gate.gh.rest.paging import every
from gate.gh.rest.retry import backoff_s
from gate.gh.rest.shapes import Shape

READ_ACTIONS = "actions: read"
PREFIX = "gate-"
"""With which the name of an artifact begins; others are not downloaded."""
MAX_ARCHIVE_BYTES = 32 * 2**20
MAX_CONTENT_BYTES = 64 * 2**20
DOWNLOAD_LIMIT_S = 60.0
_MOST_ARCHIVES = 20
_TRIES = 3

Download = Callable[[str, int, float], bytes]
"""Content behind a URL, given the most bytes and seconds; raises :class:`WireError` and nothing else."""


class Recorded(Protocol):
    """A file as it was when its verdict was told."""

    @property
    def name(self) -> str:
        """Without folders."""

    @property
    def sha256(self) -> str:
        """Of its bytes, hexadecimal."""

    @property
    def size_bytes(self) -> int: ...


class _Artifact(Shape):
    id: int = Field(ge=1)
    name: str
    size_in_bytes: int
    expired: bool


class _Artifacts(Shape):
    artifacts: list[_Artifact]


_LIST: TypeAdapter[_Artifacts] = TypeAdapter(_Artifacts)
_LOCATION: TypeAdapter[str] = TypeAdapter(str)


class Artifacts:
    """Artifacts of the workflow runs of one repository.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    download : callable
        Fetches from the storage behind the API; it gets no token.
    sleep : callable
        Waits so many seconds before another try.
    """

    def __init__(self, api: Api, repository: str, download: Download, sleep: Callable[[float], None]) -> None:
        self._api, self._repository, self._download, self._sleep = api, repository, download, sleep

    def read(self, workflow_run: int, files: Sequence[Recorded]) -> dict[str, bytes]:
        """Contents of these files, by name, each as long and with the hash that was recorded.

        Raises
        ------
        ApiError
            If any of them is not there any more, differs, or cannot be fetched.
        """
        missing = {file.name: file for file in files}
        found: dict[str, bytes] = {}
        expired = 0
        for artifact in islice(self._listed(workflow_run), _MOST_ARCHIVES):
            if not missing:
                break
            content = None if artifact.expired else self._archive(artifact)
            if content is None:
                expired += 1
                continue
            taken = _same(content, artifact.name, missing)
            found |= taken
            missing = {name: file for name, file in missing.items() if name not in taken}
        if missing:
            raise ApiError(Reason.MISMATCH, _told(workflow_run, list(missing), expired))
        return found

    def every(self, workflow_run: int, is_wanted: Callable[[str], bool]) -> list[bytes]:
        """Contents of all files of such names, of which nothing is known: believe them as far as that run's jobs.

        Raises
        ------
        ApiError
            If there are more artifacts than are looked at, or one of them cannot be read.
        """
        listed = list(islice(self._listed(workflow_run), _MOST_ARCHIVES + 1))
        if len(listed) > _MOST_ARCHIVES:
            raise ApiError(Reason.REFUSED, f"run {workflow_run} has more than {_MOST_ARCHIVES} artifacts of the gate")
        archives = [(a.name, self._archive(a)) for a in listed if not a.expired]
        return [
            found
            for name, content in archives
            if content is not None
            for candidates in _members(content, name, is_wanted).values()
            for found in candidates
        ]

    def _listed(self, workflow_run: int) -> Iterator[_Artifact]:
        call = Call(
            "GET",
            f"/repos/{self._repository}/actions/runs/{workflow_run}/artifacts",
            f"listing the artifacts of run {workflow_run}",
            READ_ACTIONS,
        )
        listed = every(self._api, call, _LIST, lambda page: page.artifacts)
        return (artifact for artifact in listed if artifact.name.startswith(PREFIX))

    def _archive(self, artifact: _Artifact) -> bytes | None:
        """The whole artifact; None if it expired meanwhile."""
        what = f"downloading artifact {artifact.id}"
        if not artifact.size_in_bytes <= MAX_ARCHIVE_BYTES:
            raise ApiError(Reason.REFUSED, f"{what}: it has more than {MAX_ARCHIVE_BYTES} bytes")
        path = f"/repos/{self._repository}/actions/artifacts/{artifact.id}/zip"
        call = Call("GET", path, what, READ_ACTIONS, is_redirected=True)
        for attempt in count():
            try:
                # Asked anew each time: where it leads is good for a minute.
                location, _ = self._api.get(call, _LOCATION)
                return self._download(location, MAX_ARCHIVE_BYTES, DOWNLOAD_LIMIT_S)
            except WireError as fault:
                if attempt + 1 == _TRIES:
                    raise ApiError(Reason.UNREACHABLE, f"{what}: {fault} (tried {_TRIES} times)") from None
                self._sleep(backoff_s(attempt))
            except ApiError as error:
                if error.reason is Reason.ABSENT:
                    return None
                raise
        raise AssertionError


def _same(content: bytes, artifact: str, files: dict[str, Recorded]) -> dict[str, bytes]:
    """What of an archive has the recorded name, length and hash."""
    return {
        name: candidate
        for name, candidates in _members(content, artifact, files.__contains__).items()
        for candidate in candidates
        if len(candidate) == files[name].size_bytes and hashlib.sha256(candidate).hexdigest() == files[name].sha256
    }


def _members(content: bytes, artifact: str, is_wanted: Callable[[str], bool]) -> dict[str, list[bytes]]:
    try:
        return members_named(content, is_wanted, MAX_CONTENT_BYTES)
    except ArchiveError as error:
        raise ApiError(Reason.MISMATCH, f"artifact {artifact!r} cannot be read: {error}") from None


def _told(workflow_run: int, missing: list[str], expired: int) -> str:
    why = f", {expired} of them expired" if expired else ""
    return (
        f"{', '.join(missing[:3])}: no artifact of run {workflow_run} whose name begins with {PREFIX}{why} holds it"
        " as it was when it was judged"
    )
