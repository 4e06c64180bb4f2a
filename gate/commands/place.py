"""The repository one stands in, as git knows it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from gate.errors import UsageError


@dataclass(frozen=True)
class Place:
    """The repository one stands in."""

    root: Path
    branch: str
    """Its default branch, as far as it is known here."""
    remote: str = field(default="")
    """Owner and name, if it has a remote; else empty."""


def find_place(folder: Path) -> Place:
    """The repository that a folder is in.

    Raises
    ------
    UsageError
        If it is in none.
    """
    root = _git(folder, "rev-parse", "--show-toplevel")
    if not root:
        raise UsageError(f"{folder} is not in a git repository", "change into the repository of the application")
    head = _git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    unborn = "" if _git(folder, "rev-parse", "--verify", "HEAD") else _git(folder, "symbolic-ref", "--short", "HEAD")
    found = re.search(r"[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", _git(folder, "remote", "get-url", "origin"), re.ASCII)
    return Place(Path(root), head or unborn or "main", found[1] if found else "")


def _git(folder: Path, *arguments: str) -> str:
    """What git says; empty where it says nothing or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments that are all written here
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git, as they would start it
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
