"""The body of an answer as text, unpacked within bounds. Pure."""

from __future__ import annotations

import json
import zlib

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Of zlib (RFC 1952 and 1950), by content coding."""


class UnreadableError(ValueError):
    """A body whose text cannot be had."""


def unpacked(body: bytes, coding: str, most_bytes: int) -> bytes:
    """The body without its content coding.

    Raises
    ------
    UnreadableError
        If the coding is another, the body is broken or ends too soon, or it unpacks to more than ``most_bytes``.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity") or not body:
        return body
    if coding not in _WINDOWS:
        raise UnreadableError("its body comes in a coding that is not read: ask for gzip")
    reader = zlib.decompressobj(_WINDOWS[coding])
    try:
        text = reader.decompress(body, most_bytes)
    except zlib.error:
        raise UnreadableError(f"its body is no {coding}, though it says so") from None
    if reader.unconsumed_tail:
        raise UnreadableError("its body unpacks to more than is read")
    if not reader.eof or reader.unused_data:  # what is not in the text could hold what must not be there
        raise UnreadableError(f"its body is not one whole {coding}")
    return text


def json_of(text: bytes) -> list[object]:
    """The JSON value of a text as the only item; no item if it is none."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return []
