"""What the study has done so far: one JSON line for each check or refresh, safe against being killed at any instant."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class JournalError(Exception):
    """The folder belongs to another study, to another process, or is no study's."""


class Journal:
    """Appends lines to a file that it alone writes."""

    def __init__(self, path: Path, lines: list[Line]) -> None:
        self._path = path
        self.lines = lines
        """All that were written, oldest first."""

    def append(self, line: Line) -> None:
        """Write one line through to the disk."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.lines.append(line)


@contextmanager
def opened(folder: Path, settings: Mapping[str, object]) -> Iterator[Journal]:
    """The journal in a folder, begun or gone on with.

    Raises
    ------
    JournalError
        If it was begun with other settings, or another process is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalError(f"{folder}: another process is at this study; let it end first") from None
        _settle(folder / "study.json", settings)
        path = folder / "checks.jsonl"
        yield Journal(path, _mended(path))


def read(folder: Path) -> tuple[Line, list[Line]]:
    """Settings and lines of a study, only to look at.

    Raises
    ------
    JournalError
        If there is none.
    """
    try:
        settings = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        path = folder / "checks.jsonl"
        whole = path.read_bytes().rpartition(b"\n")[0]
    except OSError as error:
        raise JournalError(f"{folder} holds no study yet: {error}; begin one with --checks or --minutes") from None
    return settings, _parsed(whole, path)


def _settle(path: Path, settings: Mapping[str, object]) -> None:
    """Note the settings of a new study, or see that an old one has the same."""
    text = json.dumps(settings, indent=2, sort_keys=True) + "\n"
    if not path.exists():
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        raise JournalError(
            f"{path} says that the study was begun otherwise; give the same options again, or another --state"
        )


def _mended(path: Path) -> list[Line]:
    """The lines of a file, whose last one is taken away if it was not finished."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return _parsed(whole, path)


def _parsed(content: bytes, path: Path) -> list[Line]:
    lines = []
    for number, text in enumerate(content.splitlines(), 1):
        try:
            lines.append(json.loads(text))
        except ValueError as error:
            raise JournalError(f"{path}, line {number} is no JSON: {error}; take the line out, or begin anew") from None
    return lines
