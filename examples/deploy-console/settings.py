"""What one server is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_PASSWORD = "ship-it"


class SettingError(ValueError):
    """A variable of the environment says something the console does not know."""


@dataclass(frozen=True)
class Settings:
    """The database and the pool over it, how long the cluster takes, and how often a client may ask."""

    database_url: str = field(repr=False)
    pool_size: int = 20
    pool_wait_s: int = 5
    """After it a request that got no connection is answered 503."""
    cluster_ms: int = 400
    """What the cluster takes to accept a deployment."""
    throttle: int | None = None
    """Most requests of one client in a minute; no limit where there is none."""
    login_throttle: int | None = None
    """Most logins of one client in a minute."""
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    commit: str = "unknown"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingError
        If ``DATABASE_URL`` is missing or a ``CONSOLE_`` variable is malformed.
    """
    url = environment.get("DATABASE_URL", "").strip()
    if not url:
        raise SettingError("DATABASE_URL: is not set; `python ../postgres.py -- COMMAND` runs one beside a database")

    def whole(name: str, most: int) -> int | None:
        text = environment.get(name, "").strip()
        if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise SettingError(f"{name}: {text!r} is not a whole number from 1 to {most:,}")
        return int(text) if text else None

    return Settings(
        database_url=url,
        pool_size=whole("CONSOLE_POOL", 90) or Settings.pool_size,
        pool_wait_s=whole("CONSOLE_POOL_WAIT_S", 600) or Settings.pool_wait_s,
        cluster_ms=whole("CONSOLE_CLUSTER_MS", 60_000) or Settings.cluster_ms,
        throttle=whole("CONSOLE_THROTTLE", 1_000_000),
        login_throttle=whole("CONSOLE_LOGIN_THROTTLE", 1_000_000),
        password=environment.get("CONSOLE_PASSWORD") or DEFAULT_PASSWORD,
        commit=environment.get("CONSOLE_COMMIT") or "unknown",
    )
