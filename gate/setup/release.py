"""Which release of the gate the workflows use: always a full commit, since a tag can be moved. Pure."""

from __future__ import annotations

import json
import re

from gate.errors import UsageError

_PINNED = re.compile(r"([A-Za-z0-9-]+/[A-Za-z0-9._-]+)@([0-9a-f]{40})(?: # (v[0-9][0-9A-Za-z.+-]{0,40}))?")
_REMOTE = re.compile(r"(?:git\+)?(?:https://|ssh://git@)github\.com/([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?")


def checked_action(value: str) -> str:
    """``OWNER/REPOSITORY@COMMIT``, and if it is given the version in words.

    Raises
    ------
    UsageError
        If it is not pinned to a full commit.
    """
    if not _PINNED.fullmatch(value):
        raise UsageError(f"--action is {value!r}", "write OWNER/gate@ and the 40 signs of a release's commit")
    return value


def of_installation(direct_url: str | None, version: str) -> str | None:
    """The action that this very gate was installed from; None where that is not known.

    Parameters
    ----------
    direct_url : str or None
        The file ``direct_url.json`` of the installed package: pip and pipx leave it there if they took the package
        from a repository (https://packaging.python.org/specifications/direct-url/).
    """
    try:
        told = json.loads(direct_url or "null")
        commit, remote = told["vcs_info"]["commit_id"], _REMOTE.fullmatch(told["url"])
    except (ValueError, TypeError, KeyError):
        return None
    if remote is None:
        return None
    comment = f" # v{version}" if re.fullmatch(r"\d+\.\d+\.\d+", version) else ""
    pinned = f"{remote[1]}@{commit}{comment}"
    return pinned if _PINNED.fullmatch(pinned) else None
