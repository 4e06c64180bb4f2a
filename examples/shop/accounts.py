"""The demo account's password and the tokens that prove it was given."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3

from itsdangerous import BadSignature, URLSafeTimedSerializer

from seed import DEMO_USER

HASH_ROUNDS = 43_000
TOKEN_SECONDS = 24 * 3600


class Accounts:
    """Checks passwords and signs tokens.

    Tokens carry the user and a signature and nothing is stored, so every worker accepts the tokens
    of every other.

    Parameters
    ----------
    password
        Password of the demo account; it lives in the environment, so only its hash is kept here.
    signing_key
        Shared by all workers of one server.
    extra_rounds
        Rounds of hashing on top of the usual ones.
    """

    def __init__(self, password: str, signing_key: bytes, extra_rounds: int = 0) -> None:
        self._rounds = HASH_ROUNDS + extra_rounds
        self._salt = os.urandom(16)
        self._hash = self._hashed(password)
        self._serializer = URLSafeTimedSerializer(signing_key, salt="shop-token")

    def login(self, connection: sqlite3.Connection, username: str, password: str) -> str | None:
        """Return a token, or None when the user or the password is wrong."""
        # Hashing before looking at the name: a wrong name must not be told from a wrong password by time.
        matches = hmac.compare_digest(self._hashed(password), self._hash)
        user = connection.execute("SELECT id FROM users WHERE name = ?", (username,)).fetchone()
        if user is None or username != DEMO_USER or not matches:
            return None
        return str(self._serializer.dumps(user["id"]))

    def user_of(self, token: str) -> int | None:
        """Return the user a token was signed for, or None when it is forged or too old."""
        try:
            user_id = self._serializer.loads(token, max_age=TOKEN_SECONDS)
        except BadSignature:
            return None
        return int(user_id)

    def _hashed(self, password: str) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), self._salt, self._rounds)
