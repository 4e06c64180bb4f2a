"""The one place where the application meets ``gate_instrument``: nothing happens unless it is there and asked for."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any, TypeVar

import psycopg

Pool = TypeVar("Pool")


def instrumented(app: Any) -> Any:  # noqa: ANN401 - an ASGI application has no type of its own
    """Return the ASGI application, its answers telling what they cost the server."""
    return _package().asgi(app) if _is_on() else app


def instrumented_pool(pool: Pool) -> Pool:
    """Return the pool, its connections seen while they are waited for and held."""
    return _package("psycopg_pool").watch(pool) if _is_on() else pool


def instrumented_cursors() -> Any:  # noqa: ANN401 - a class of cursors
    """Return the class of cursors, which counts statements."""
    return _package("psycopg").counted(psycopg.AsyncCursor) if _is_on() else psycopg.AsyncCursor


def _is_on() -> bool:
    return os.environ.get("GATE_INSTRUMENT") == "1" and importlib.util.find_spec("gate_instrument") is not None


def _package(part: str = "") -> Any:  # noqa: ANN401 - not installed with the example
    return importlib.import_module(f"gate_instrument.{part}" if part else "gate_instrument")
