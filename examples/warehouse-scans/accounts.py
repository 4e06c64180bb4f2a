"""Who asks: one account, sessions of browsers, tokens of hand scanners, and tokens against forged forms."""

from __future__ import annotations

import hashlib
import hmac
import os

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from settings import Settings

COOKIE = "warehouse_session"
USER = "clerk"
HASH_ROUNDS = 30_000


class Accounts:
    """Checks the password, and signs what proves later that it was given.

    Nothing is stored: every worker accepts what another one signed. A session is over when its time is, whatever the
    browser does with the cookie.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._salt = os.urandom(16)
        self._hash = self._hashed(settings.password)
        self._signed = {
            use: URLSafeTimedSerializer(settings.signing_key, salt=f"warehouse-{use}")
            for use in ("session", "token", "csrf")
        }

    def knows(self, username: object, password: object) -> bool:
        """Whether there is such a user with such a password."""
        # Hashed before the name is looked at: a wrong name must not be told from a wrong password by time.
        given = self._hashed(password if isinstance(password, str) else "")
        return hmac.compare_digest(given, self._hash) and username == USER

    def token(self, user: str) -> str:
        """Return what a hand scanner sends as ``Authorization: Bearer``."""
        return str(self._signed["token"].dumps(user))

    def csrf(self, session: str) -> str:
        """Return what forms of this session carry."""
        return str(self._signed["csrf"].dumps(hashlib.sha256(session.encode()).hexdigest()))

    def begin_session(self, response: Response, user: str) -> str:
        """Give the browser the cookie of a new session, and return its value."""
        session, flags = str(self._signed["session"].dumps([user, os.urandom(8).hex()])), self._settings.cookie
        response.set_cookie(
            COOKIE,
            session,
            max_age=self._settings.session_s,
            secure=flags.secure,
            httponly=flags.http_only,
            samesite=flags.same_site,
        )
        return session

    def user_of(self, request: Request) -> str | None:
        """Return who asks, or None when nothing valid proves it."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme:
            return self._read("token", token.strip()) if scheme == "Bearer" else None
        signed = self._read("session", request.cookies.get(COOKIE, ""))
        return None if signed is None else str(signed[0])

    def is_forged(self, request: Request) -> bool:
        """Whether a request that changes data may be another site's: it has a cookie but no token of its session.

        Only cookies are sent by a browser unasked; who sends ``Authorization`` meant it.
        """
        if "Authorization" in request.headers:
            return False
        given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
        session = request.cookies.get(COOKIE, "")
        return self._read("csrf", given) != hashlib.sha256(session.encode()).hexdigest()

    def _read(self, use: str, text: str) -> str | None:
        try:
            return self._signed[use].loads(text, max_age=self._settings.session_s)
        except BadSignature:
            return None

    def _hashed(self, password: str) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), self._salt, HASH_ROUNDS)
