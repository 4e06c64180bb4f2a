"""How long what a login gave is good for, as far as it says so itself. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from typing import TypeGuard

_JWT = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_MAX_CHARS = 20_000
_LATEST_S = 1e15
"""Of claims: thirty million years."""


def lifetime_s(values: Iterable[str]) -> float | None:
    """The shortest life of all values that are JSON web tokens with ``exp`` and ``iat``; None if none is.

    The difference of the two claims needs no agreement between the clocks of the gate and of the preview.

    References
    ----------
    RFC 7519, sections 4.1.4 (``exp``) and 4.1.6 (``iat``).
    """
    lives = [life for value in values if (life := _life_of(value)) is not None]
    return min(lives, default=None)


def _life_of(token: str) -> float | None:
    match = _JWT.fullmatch(token) if len(token) <= _MAX_CHARS else None
    if match is None:
        return None
    payload = match[1] + "=" * (-len(match[1]) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(claims, dict):
        return None
    issued, expires = claims.get("iat"), claims.get("exp")
    if not (_is_instant(issued) and _is_instant(expires)):
        return None
    return max(0.0, float(expires) - float(issued))


def _is_instant(claim: object) -> TypeGuard[int | float]:
    """Python's JSON has NaN and Infinity, and whole numbers that no float holds: of such there is no difference."""
    return isinstance(claim, int | float) and not isinstance(claim, bool) and abs(claim) < _LATEST_S
