"""What keeps the preview apart: main measured in its place, or itself measured beside it, would be no exam. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from gate.config.change import slug
from gate.config.preview import Preview
from gate.config.templates import placeholders
from gate.errors import UsageError

_SURE = frozenset({"number", "sha", "short_sha"})
"""What only this pull request has."""
_USUAL_PORTS = (None, 80, 443)


def refuse_shared_name(preview: Preview, branch: str, default_branch: str, *, is_fork: bool) -> None:
    """Refuse a URL that is made of the branch alone where another branch makes the same one.

    A fork's branch has whatever name its author gives it, ``main`` too, and the URL may be that of main itself or of
    somebody else's pull request. Where the application tells its commit, the wrong one is seen.

    Raises
    ------
    UsageError
        With what tells them apart.
    """
    if preview.commit is not None or not (is_fork or slug(branch) == slug(default_branch)):
        return
    for names in map(placeholders, preview.url or ()):
        if "branch" in names and not names & _SURE:
            raise UsageError(
                f"preview.url tells the branch {branch!r} by {{branch}} alone, and another branch may have the same"
                " name there",
                "write {number} or {sha}, or say in preview.commit where the application tells its commit",
            )


def refuse_beside_itself(previews: Sequence[str], bases: Sequence[str]) -> None:
    """Refuse a base that is the preview too: beside itself whatever it does is unchanged.

    Raises
    ------
    UsageError
        Without the URL, which may hold a secret.
    """
    if {_place(url) for url in previews} & {_place(url) for url in bases}:
        raise UsageError(
            "the base is the preview itself: beside itself nothing is slower",
            "give the base a deployment of its own; without one, stored runs of main are what counts",
        )


def _place(url: str) -> tuple[object, ...]:
    """Where a URL leads, the same for all ways to write it; one that cannot be read is refused elsewhere."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return (url,)
    if host is None or "$" in url:
        return (url.rstrip("/"),)
    return host, None if port in _USUAL_PORTS else port, parts.path.rstrip("/")
