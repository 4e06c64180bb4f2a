"""A directory of runs: ``DIRECTORY/v1/SUITE/TIME-SHA-RUN.json``, one file each, never rewritten."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gate.errors import BaselineError

LAYOUT = "v1"


@dataclass(frozen=True)
class DirectoryStore:
    """Stored runs as files."""

    root: Path

    @property
    def place(self) -> str:
        """The directory."""
        return str(self.root)

    def _folder(self, suite: str) -> Path:
        return self.root / LAYOUT / suite

    def names(self, suite: str) -> list[str]:
        """Names of all records, oldest first: they begin with the UTC time of the run."""
        folder = self._folder(suite)
        try:
            return sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".json")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BaselineError(f"baselines in {folder} cannot be listed: {error.strerror}") from error

    def read(self, suite: str, name: str) -> bytes:
        """Content of one record."""
        path = self._folder(suite) / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise BaselineError(f"baseline {path} cannot be read: {error.strerror}") from error

    def append(self, suite: str, name: str, content: bytes) -> str:
        """Write a new record: temporary file, fsync, then a link that fails if the name is taken."""
        folder = self._folder(suite)
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".writing-") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.link(file.name, path)
            _sync_directory(folder)
        except FileExistsError:
            raise BaselineError(f"baseline {path} exists already; a stored run is never overwritten") from None
        except OSError as error:
            raise BaselineError(f"baseline {path} cannot be written: {error.strerror}; nothing was changed") from error
        return str(path)


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
