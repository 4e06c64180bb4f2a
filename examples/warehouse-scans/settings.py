"""What one server is started with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

FIXES: Mapping[str, str] = {
    "indexes": "the columns that statements look for are indexed",
    "summary": "totals are kept by a trigger, not counted anew for every answer",
    "lending": "a connection is given back before the answer is put together",
    "pool": "there are as many connections as the database can use",
    "journal": "the journal forgets what is old",
}
"""What is wrong with the warehouse as built, by the name of its cure."""

AS_BUILT, FIXED = "as-built", "fixed"
DEFAULT_PASSWORD = "scan-the-bags"
DEFAULT_BAGS = 800_000
SMALL_POOL, LARGE_POOL = 4, 12
SAME_SITE = ("Strict", "Lax", "None")


class SettingError(ValueError):
    """A variable of the environment says something the warehouse does not know."""


@dataclass(frozen=True)
class CookieFlags:
    """What a browser is told about the session cookie."""

    secure: bool = True
    http_only: bool = True
    same_site: str | None = "Lax"


@dataclass(frozen=True)
class Settings:
    """The database, its size, the cures, and how sessions and requests are limited."""

    database_url: str = field(repr=False)
    bags: int = DEFAULT_BAGS
    fixes: frozenset[str] = frozenset()
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    session_s: int = 8 * 3600
    cookie: CookieFlags = CookieFlags()
    rate_limit_rps: int | None = None
    """Most requests of one client in a second; no limit where there is none."""
    commit: str = "unknown"
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def pool_size(self) -> int:
        """Connections of one worker."""
        return LARGE_POOL if "pool" in self.fixes else SMALL_POOL


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingError
        If ``DATABASE_URL`` is missing or a ``WAREHOUSE_`` variable is malformed.
    """
    url = environment.get("DATABASE_URL", "").strip()
    if not url:
        raise SettingError("DATABASE_URL: is not set; `python ../postgres.py -- COMMAND` runs one beside a database")
    limit = environment.get("WAREHOUSE_RATE_LIMIT", "").strip()
    return Settings(
        database_url=url,
        bags=_whole("WAREHOUSE_BAGS", environment.get("WAREHOUSE_BAGS") or str(DEFAULT_BAGS), most=10_000_000),
        fixes=_fixes(environment.get("WAREHOUSE_VARIANT", "").strip() or AS_BUILT),
        password=environment.get("WAREHOUSE_PASSWORD") or DEFAULT_PASSWORD,
        session_s=_whole("WAREHOUSE_SESSION_S", environment.get("WAREHOUSE_SESSION_S") or "28800", most=31_536_000),
        cookie=_cookie(environment.get("WAREHOUSE_COOKIE", "Secure HttpOnly SameSite=Lax")),
        rate_limit_rps=_whole("WAREHOUSE_RATE_LIMIT", limit, most=100_000) if limit else None,
        commit=environment.get("WAREHOUSE_COMMIT") or "unknown",
    )


def _fixes(variant: str) -> frozenset[str]:
    if variant == AS_BUILT:
        return frozenset()
    if variant == FIXED:
        return frozenset(FIXES)
    names = frozenset(variant.split("+"))
    if not names <= FIXES.keys():
        known = f"{AS_BUILT}, {FIXED}, or some of {'+'.join(FIXES)}"
        raise SettingError(f"WAREHOUSE_VARIANT: {variant!r} is not known; write {known}")
    return names


def _cookie(text: str) -> CookieFlags:
    words = text.split()
    same_site = [word.partition("=")[2] for word in words if word.startswith("SameSite=")]
    others = {word for word in words if not word.startswith("SameSite=")}
    if len(same_site) > 1 or not set(same_site) <= set(SAME_SITE) or not others <= {"Secure", "HttpOnly"}:
        raise SettingError(f"WAREHOUSE_COOKIE: {text!r}; write some of Secure HttpOnly SameSite={'|'.join(SAME_SITE)}")
    return CookieFlags("Secure" in others, "HttpOnly" in others, same_site[0] if same_site else None)


def _whole(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise SettingError(f"{name}: {text!r} is not a whole number from 1 to {most:,}")
    return int(text)
