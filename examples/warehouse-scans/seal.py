"""The seal of an answer, which the customs office checks: slow by its rule, so that nobody makes one by trying."""

from __future__ import annotations

import hashlib

ROUNDS = 5_000


def sealed(body: bytes, key: bytes) -> str:
    """Return the seal of a body."""
    return hashlib.pbkdf2_hmac("sha256", hashlib.sha256(body).digest(), key, ROUNDS).hex()
