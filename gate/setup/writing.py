"""Files written together: all of them or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from gate.errors import UsageError

_STAGED = ".gate-new"


def conflicts(root: Path, files: Mapping[str, str]) -> list[str]:
    """Paths at which something else is already.

    Raises
    ------
    UsageError
        If a path leads out of the folder, or what is there cannot be read.
    """
    found = []
    for name, text in files.items():
        path = root / name
        if not path.resolve().is_relative_to(root.resolve()):
            raise UsageError(f"{name} leads out of {root}", "replace the link by a folder")
        try:
            if path.is_symlink() or (path.exists() and path.read_bytes() != text.encode()):
                found.append(name)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    return found


def write_all(root: Path, files: Mapping[str, str]) -> None:
    """Write every file; where one cannot be written, all are as they were before.

    Raises
    ------
    UsageError
        If one cannot be written.
    """
    staged: list[Path] = []
    before: list[tuple[Path, bytes | None]] = []
    try:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(path.name + _STAGED)
            staged.append(new)
            new.write_bytes(text.encode())
        for name in files:
            path = root / name
            before.append((path, path.read_bytes() if path.is_file() else None))
            os.replace(path.with_name(path.name + _STAGED), path)
    except OSError as error:
        _undo(before)
        raise UsageError(f"{error.filename or root} cannot be written: {error.strerror}; nothing was changed") from None
    finally:
        for path in staged:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _undo(before: list[tuple[Path, bytes | None]]) -> None:
    for path, content in before:
        with contextlib.suppress(OSError):
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
