"""Names of branches that the suite may give: those git takes that need no quoting in a URL, a shell or a workflow."""

from __future__ import annotations

import re

_PART = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"
BRANCH = rf"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*(/{_PART})*"
"""Pattern without anchors; what git also forbids and a pattern cannot well say, :func:`checked_branch` does."""
_MOST_CHARACTERS = 200


def checked_branch(name: str) -> str:
    """The name, if a branch may be called so.

    The rules are those of https://git-scm.com/docs/git-check-ref-format, and narrower: letters, digits, ``_``, ``-``,
    ``.`` and ``/`` only.

    Raises
    ------
    ValueError
        Saying what is wrong and what to write.
    """
    if name.startswith("refs/"):
        raise ValueError("names a branch by its whole reference; leave out refs/heads/")
    if name == "HEAD" or re.fullmatch("[0-9a-f]{40}([0-9a-f]{24})?", name):
        raise ValueError("names a branch as git names commits; choose another name, such as perf-baselines")
    is_locked = any(part.endswith(".lock") for part in name.split("/"))
    if is_locked or len(name) > _MOST_CHARACTERS or not re.fullmatch(BRANCH, name):
        raise ValueError(
            "is no name of a branch; a branch has letters, digits, '_', '-', single '.' and '/', for example"
            " perf-baselines"
        )
    return name
