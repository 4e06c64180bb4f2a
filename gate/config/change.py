"""What URLs of the suite may hold of the change under test, such as ``{number}``, ``{sha}`` and ``{branch}``. Pure."""

from __future__ import annotations

import re

OF_HEAD = ("number", "sha", "short_sha", "branch")
"""Names that may stand in ``preview.url``."""
OF_BASE = (*OF_HEAD, "base_sha", "base_short_sha", "base_branch")
"""Names that may stand in ``preview.base``."""

SHORT_SHA_LENGTH = 7
LABEL_LENGTH = 63
"""Longest label of a host name (RFC 1035, section 2.3.4)."""


def slug(branch: str) -> str:
    """The name of a branch as a label of a host name; empty where nothing of it can stand in one.

    Small letters; every character besides ``a-z``, ``0-9`` and ``-`` becomes one ``-``; cut to 63 characters; no ``-``
    at either end. That is GitLab's CI_COMMIT_REF_SLUG
    (https://docs.gitlab.com/ee/ci/variables/predefined_variables.html). Other hosts cut or join in ways of their own:
    Vercel leaves underscores out and puts a hash at the end of long names.
    """
    return re.sub("[^a-z0-9-]", "-", branch.lower()).strip("-")[:LABEL_LENGTH].rstrip("-")


def values_of(number: int | None, sha: str | None, branch: str | None, *, before: str = "") -> dict[str, str]:
    """Values by the names that stand for them, of what is known.

    Parameters
    ----------
    number : int, optional
        Of the pull request.
    sha, branch : str, optional
        Of the commit; None or empty where it is not known.
    before : str
        What the names begin with: ``base_`` for those of the base.
    """
    known = {
        "number": None if number is None else str(number),
        f"{before}sha": sha,
        f"{before}short_sha": sha[:SHORT_SHA_LENGTH] if sha else None,
        f"{before}branch": slug(branch) if branch else None,
    }
    return {name: value for name, value in known.items() if value}
