"""JSON web tokens, signed with HMAC-SHA256: who asks, and until when.

References
----------
https://www.rfc-editor.org/rfc/rfc7519 (claims), https://www.rfc-editor.org/rfc/rfc7515 (signature)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable

_HEADER = {"alg": "HS256", "typ": "JWT"}


class Tokens:
    """Gives tokens, and says whose they are.

    Nothing is stored: every worker takes what another one signed, until its time is over.

    Parameters
    ----------
    key : bytes
        Signs.
    good_s : int
        How long a token is good.
    clock : callable
        Seconds since 1970.
    """

    def __init__(self, key: bytes, good_s: int, clock: Callable[[], float] = time.time) -> None:
        self._key, self._good_s, self._clock = key, good_s, clock

    def give(self, admin: int) -> str:
        """Return a token of an admin."""
        now_s = int(self._clock())
        claims = {"sub": str(admin), "iat": now_s, "exp": now_s + self._good_s}
        signed = f"{_encoded(json.dumps(_HEADER).encode())}.{_encoded(json.dumps(claims).encode())}"
        return f"{signed}.{self._signature(signed)}"

    def admin_of(self, authorization: str) -> int | None:
        """Return whose token stands in the header ``Authorization``; None where it is none, forged or over."""
        scheme, _, token = authorization.partition(" ")
        signed, _, signature = token.strip().rpartition(".")
        # The algorithm is ours and never the token's word.
        if scheme != "Bearer" or not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return None
        try:
            claims = json.loads(_decoded(signed.partition(".")[2]))
            return int(claims["sub"]) if self._clock() < claims["exp"] else None
        except (ValueError, KeyError, TypeError, binascii.Error):
            return None

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self._key, signed.encode(), hashlib.sha256))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
