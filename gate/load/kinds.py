"""Kinds of errors as people say them. Pure."""

from __future__ import annotations

_WORDS = {
    "connect": "connection refused",
    "dns": "host name not found",
    "timeout": "no answer in time",
    "empty_reply": "closed without an answer",
    "reset": "connection reset",
    "too_large": "more than is read",
    "short_body": "cut off",
}


def in_words(kind: str) -> str:
    """A kind of error as people say it."""
    return _WORDS.get(kind, kind.replace("status_", "status "))
