"""Runs that live in the repository, read at one commit: a pull request cannot bring its own."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from gate.baseline.directory import LAYOUT
from gate.errors import BaselineError
from gate.gh.rest.client import Client
from gate.gh.rest.contents import Contents
from gate.gh.rest.failures import ApiError, while_reading_baselines

SUFFIXES = (".json", ".json.gz")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class RunsAtCommit:
    """Runs in a directory at one commit, laid out as :class:`gate.baseline.directory.DirectoryStore` does.

    Parameters
    ----------
    contents : Contents
        Files of the repository.
    directory : str
        Directory of the baselines inside the repository.
    commit : str
        Full id of the commit they are read at.
    place : str
        Where this is, for messages.
    """

    def __init__(self, contents: Contents, directory: str, commit: str, place: str) -> None:
        self._contents, self._directory, self._commit = contents, PurePosixPath(directory), commit
        self._place = place

    def names(self, suite: str) -> list[str]:
        """File names of all runs of a suite, oldest first; none if the directory is surely absent."""
        path = self._path(suite)
        try:
            entries = self._contents.list_directory(path, self._commit)
        except ApiError as error:
            raise while_reading_baselines(error) from error
        runs = [entry for entry in entries if entry.name.endswith(SUFFIXES)]
        for entry in runs:
            if entry.kind != "file" or not _NAME.fullmatch(entry.name):
                raise BaselineError(f"{entry.name!r} in {path} of {self._place} is no stored run")
        return sorted(entry.name for entry in runs)

    def read(self, suite: str, name: str) -> bytes:
        """Content of one run as stored."""
        path = f"{self._path(suite)}/{checked_name(name)}"
        try:
            content = self._contents.read_file(path, self._commit)
        except ApiError as error:
            raise while_reading_baselines(error) from error
        if content is None:
            raise BaselineError(f"{path} is not in {self._place}")
        return content

    def _path(self, suite: str) -> str:
        return str(self._directory / LAYOUT / checked_name(suite))


class BaseCommitBaselines:
    """A directory of runs at the base commit of a pull request, read-only.

    Parameters
    ----------
    client : Client
        The repository.
    directory : str
        Directory of the baselines inside the repository.
    commit : str
        Full id of the commit they are read at.
    """

    def __init__(self, client: Client, directory: str, commit: str) -> None:
        self._place = f"{PurePosixPath(directory)} of {client.repository} at {commit[:12]}"
        contents = Contents(client.api, client.repository)
        self._runs = RunsAtCommit(contents, directory, commit, self._place)

    @property
    def place(self) -> str:
        """Where this is, for messages."""
        return self._place

    def names(self, suite: str) -> list[str]:
        """File names of all runs of a suite, oldest first; none if the directory is surely absent."""
        return self._runs.names(suite)

    def read(self, suite: str, name: str) -> bytes:
        """Content of one run as stored."""
        return self._runs.read(suite, name)

    def append(self, suite: str, name: str, content: bytes) -> str:
        """Refuse: nothing that judges a pull request writes baselines."""
        raise never_written(self._place, f"{suite}/{name} ({len(content)} bytes)")


def never_written(place: str, what: str) -> BaselineError:
    """Error for a check that would write."""
    return BaselineError(
        f"{place} cannot take {what}: a check never writes baselines",
        "use mode refresh on the default branch",
    )


def checked_name(name: str) -> str:
    """The name of a suite or of a stored run, which is one part of a path and no more.

    Raises
    ------
    BaselineError
        If it could be another place.
    """
    if not _NAME.fullmatch(name):
        raise BaselineError(f"{name!r} is not the name of a suite or of a stored run")
    return name
