"""URLs of the suite made whole with what a command line knows; on GitHub they come whole."""

from __future__ import annotations

from collections.abc import Mapping

from gate.config.change import values_of
from gate.config.preview import Preview
from gate.config.templates import fill
from gate.errors import UsageError


def filled(preview: Preview, commit: str | None) -> Preview:
    """The preview with its URLs whole: of the names in braces, a command line knows those of the commit.

    Raises
    ------
    UsageError
        If a URL holds a name that only GitHub knows; it names the option to give.
    """
    values = values_of(None, commit, None)
    url = [_filled(text, values, "preview.url", "--preview") for text in preview.url or []]
    base = [_filled(text, values, "preview.base", "--base") for text in preview.base or []]
    return preview.model_copy(update={"url": url or None, "base": base or None})


def _filled(text: str, values: Mapping[str, str], key: str, option: str) -> str:
    try:
        return fill(text, data=values)
    except KeyError as missing:
        name = missing.args[0]
        also = ", or --commit SHA" if name in ("sha", "short_sha") else ""
        raise UsageError(f"{key} holds {{{name}}}, which is not known here", f"give {option} URL{also}") from None
