"""The one place where the application meets ``gate_instrument``: nothing happens unless it is there and asked for."""

from __future__ import annotations

import importlib
import os
from typing import Any, TypeVar

Pool = TypeVar("Pool")


def instrumented(wsgi_app: Any) -> Any:  # noqa: ANN401 - a WSGI application has no type of its own
    """Return the WSGI application with its answers telling the time and the statements behind them."""
    module = _part("wsgi")
    return wsgi_app if module is None else module.Middleware(wsgi_app)


def instrumented_pool(pool: Pool) -> Pool:
    """Return the pool with waiting and holding counted."""
    module = _part("psycopg_pool")
    return pool if module is None else module.instrument(pool)


def _part(name: str) -> Any:  # noqa: ANN401 - a module that may not be installed
    if os.environ.get("GATE_INSTRUMENT") != "1":
        return None
    try:
        return importlib.import_module(f"gate_instrument.{name}")
    except ModuleNotFoundError:
        return None
