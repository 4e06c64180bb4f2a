"""Who asks: one account, and tokens that live as long as the server."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

USER = "operator"
HASH_ROUNDS = 30_000


class Accounts:
    """Checks the password, and knows the tokens it gave for it."""

    def __init__(self, password: str) -> None:
        self._salt = os.urandom(16)
        self._hash = self._hashed(password)
        self._users: dict[str, str] = {}

    def log_in(self, username: str, password: str) -> str | None:
        """Return a new token, or None where name or password are wrong. Takes milliseconds, on purpose."""
        # Hashed before the name is looked at: a wrong name must not be told from a wrong password by time.
        is_right = hmac.compare_digest(self._hashed(password), self._hash)
        if not is_right or username != USER:
            return None
        token = secrets.token_urlsafe(24)
        self._users[token] = username
        return token

    def user_of(self, authorization: str) -> str | None:
        """Return who asks, or None when nothing valid proves it."""
        scheme, _, token = authorization.partition(" ")
        return self._users.get(token.strip()) if scheme == "Bearer" else None

    def _hashed(self, password: str) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), self._salt, HASH_ROUNDS)
