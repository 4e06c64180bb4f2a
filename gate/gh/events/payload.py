"""Typed members of an event's payload; a member that is missing or of another kind is named. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gate.errors import UsageError

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def field(payload: Mapping[str, object], path: str) -> object:
    """Member at a dotted path."""
    value: object = payload
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise UsageError(f"the event lacks {path}")
        value = value[name]
    return value


def text(payload: Mapping[str, object], path: str) -> str:
    """Text that is not empty."""
    value = field(payload, path)
    if not isinstance(value, str) or not value:
        raise UsageError(f"the event holds no text in {path}")
    return value


def sha(payload: Mapping[str, object], path: str) -> str:
    """Full id of a commit that exists: a branch that was deleted has zeros."""
    value = text(payload, path)
    if not _SHA.fullmatch(value) or not value.strip("0"):
        raise UsageError(f"the event holds no commit in {path}")
    return value


def number(payload: Mapping[str, object], path: str) -> int:
    """Whole number from 1."""
    value = field(payload, path)
    if type(value) is not int or value < 1:
        raise UsageError(f"the event holds no number in {path}")
    return value
