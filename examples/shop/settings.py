"""What one server is started with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from variants import VariantError, Variants, parse_variants

DEFAULT_PASSWORD = "demo-password"
MOST_WAIT_MS = 10_000.0


@dataclass(frozen=True)
class Settings:
    """The database, the log, the account and the variants of one server."""

    database: Path
    log: Path | None = None
    commit: str = "unknown"
    password: str = DEFAULT_PASSWORD
    variants: Variants = field(default_factory=Variants)
    wait_s: float = 0.0
    """Median wait of every endpoint that asks the database."""
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)


def read_settings(environment: Mapping[str, str], database: Path, log: Path | None) -> Settings:
    """Read the rest of the settings from the environment.

    Raises
    ------
    VariantError
        If ``SHOP_WAIT_MS``, ``SHOP_SLOW`` or ``SHOP_FAIL`` says something the shop does not know.
    """
    variants, wait_s = parse_variants(environment), _wait_s(environment.get("SHOP_WAIT_MS", "").strip())
    if variants.wait_factors and not wait_s > 0:
        raise VariantError("SHOP_SLOW: there is no wait to be longer; set SHOP_WAIT_MS too")
    return Settings(
        database=database,
        log=log,
        commit=environment.get("SHOP_COMMIT") or "unknown",
        password=environment.get("SHOP_PASSWORD") or DEFAULT_PASSWORD,
        variants=variants,
        wait_s=wait_s,
    )


def _wait_s(text: str) -> float:
    try:
        wait_ms = float(text or 0)
    except ValueError:
        wait_ms = -1.0
    if not 0 <= wait_ms <= MOST_WAIT_MS:
        raise VariantError(f"SHOP_WAIT_MS: {text!r} is not a number of milliseconds from 0 to {MOST_WAIT_MS:g}")
    return wait_ms / 1000
