"""What one server is started with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_PASSWORD = "open-sesame"
VARIANTS = ("sound", "lost-audit", "n-plus-one")
AUDIT_ROWS_OF_EACH = 100


class SettingError(ValueError):
    """A variable of the environment says something the marketplace does not know."""


@dataclass(frozen=True)
class Settings:
    """The databases, how large the marketplace is, and how long what it gives away is good."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    admins: int = 10_000
    """Each has ten permissions of their own and a hundred rows of audit."""
    audit_rows: int = 1_000_000
    """Rows of audit that are there from the beginning; more than a hundred of each admin are older history."""
    variant: str = "sound"
    """The others are broken on purpose."""
    pool_size: int = 10
    """Connections of one worker."""
    pool_wait_s: int = 10
    """After it a request that got no connection is answered 503."""
    token_s: int = 900
    cache_s: int = 60
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    """Of all admins."""
    commit: str = "unknown"
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Made once, before the workers are, so that each takes what another one signed."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingError
        If an address is missing or a ``MARKETPLACE_`` variable is malformed.
    """

    def address(name: str, cure: str) -> str:
        text = environment.get(name, "").strip()
        if not text:
            raise SettingError(f"{name}: is not set; {cure}")
        return text

    def whole(name: str, default: int, most: int) -> int:
        text = environment.get(name, "").strip() or str(default)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise SettingError(f"{name}: {text!r} is not a whole number from 1 to {most:,}")
        return int(text)

    def one_of(name: str, known: tuple[str, ...]) -> str:
        text = environment.get(name, "").strip() or known[0]
        if text not in known:
            raise SettingError(f"{name}: {text!r} is none of {', '.join(known)}")
        return text

    admins = whole("MARKETPLACE_ADMINS", Settings.admins, 1_000_000)
    least = AUDIT_ROWS_OF_EACH * admins
    audit_rows = whole("MARKETPLACE_AUDIT_ROWS", least, 100_000_000)
    if audit_rows < least:
        raise SettingError(f"MARKETPLACE_AUDIT_ROWS: {audit_rows:,} are fewer than the {least:,} of {admins:,} admins")
    return Settings(
        database_url=address("DATABASE_URL", "`python ../postgres.py -- COMMAND` runs one beside a database"),
        redis_url=address("REDIS_URL", "write it like redis://127.0.0.1:6379/0"),
        admins=admins,
        audit_rows=audit_rows,
        variant=one_of("MARKETPLACE_VARIANT", VARIANTS),
        pool_size=whole("MARKETPLACE_POOL", Settings.pool_size, 90),
        pool_wait_s=whole("MARKETPLACE_POOL_WAIT_S", Settings.pool_wait_s, 600),
        token_s=whole("MARKETPLACE_TOKEN_S", Settings.token_s, 86_400),
        cache_s=whole("MARKETPLACE_CACHE_S", Settings.cache_s, 86_400),
        password=environment.get("MARKETPLACE_PASSWORD") or DEFAULT_PASSWORD,
        commit=environment.get("MARKETPLACE_COMMIT") or "unknown",
    )
