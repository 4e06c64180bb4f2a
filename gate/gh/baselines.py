"""Baselines that live in the repository, read at the base commit: a pull request cannot bring its own."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from gate.baseline.directory import LAYOUT
from gate.errors import BaselineError
from gate.gh.client import Client
from gate.gh.failures import ApiError, while_reading_baselines

SUFFIXES = (".json", ".json.gz")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class BaseCommitBaselines:
    """A directory of runs at one commit, laid out as :class:`gate.baseline.directory.DirectoryStore` does, read-only.

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
        self._client, self._directory, self._commit = client, PurePosixPath(directory), commit

    @property
    def place(self) -> str:
        """Where this is, for messages."""
        return f"{self._directory} of {self._client.repository} at {self._commit[:12]}"

    def names(self, suite: str) -> list[str]:
        """File names of all runs of a suite, oldest first; none if the directory is surely absent."""
        try:
            entries = self._client.list_directory(self._path(suite), self._commit)
        except ApiError as error:
            raise while_reading_baselines(error) from error
        runs = [entry for entry in entries if entry.name.endswith(SUFFIXES)]
        for entry in runs:
            if entry.kind != "file" or not _NAME.fullmatch(entry.name):
                raise BaselineError(f"{entry.name!r} in {self._path(suite)} of {self.place} is no stored run")
        return sorted(entry.name for entry in runs)

    def read(self, suite: str, name: str) -> bytes:
        """Content of one run as stored."""
        path = f"{self._path(suite)}/{_checked(name)}"
        try:
            content = self._client.read_file(path, self._commit)
        except ApiError as error:
            raise while_reading_baselines(error) from error
        if content is None:
            raise BaselineError(f"{path} is not in {self._client.repository} at {self._commit[:12]}")
        return content

    def append(self, suite: str, name: str, content: bytes) -> str:
        """Refuse: nothing that judges a pull request writes baselines."""
        raise BaselineError(
            f"{self.place} cannot take {suite}/{name} ({len(content)} bytes): a check never writes baselines",
            "use mode refresh on the default branch",
        )

    def _path(self, suite: str) -> str:
        return str(self._directory / LAYOUT / _checked(suite))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BaselineError(f"{name!r} is not the name of a suite or of a stored run")
    return name
