"""What one server is started with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from variants import Variants, parse_variants

DEFAULT_PASSWORD = "demo-password"


@dataclass(frozen=True)
class Settings:
    """The database, the log, the account and the variants of one server."""

    database: Path
    log: Path | None = None
    commit: str = "unknown"
    password: str = DEFAULT_PASSWORD
    variants: Variants = field(default_factory=Variants)
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)


def read_settings(environment: Mapping[str, str], database: Path, log: Path | None) -> Settings:
    """Read the rest of the settings from the environment."""
    return Settings(
        database=database,
        log=log,
        commit=environment.get("SHOP_COMMIT") or "unknown",
        password=environment.get("SHOP_PASSWORD") or DEFAULT_PASSWORD,
        variants=parse_variants(environment),
    )
