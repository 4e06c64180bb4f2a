"""The hooks of ``gate-instrument``, where it is installed and ``GATE_INSTRUMENT`` is 1; nothing otherwise."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Protocol


class Hold(Protocol):
    """A connection in use."""

    def end(self) -> None:
        """It is given back."""


class WatchedPool(Protocol):
    """Who is told of waiting for connections, and of holding them."""

    def waiting(self) -> AbstractContextManager[None]:
        """While it lasts, a connection is waited for."""

    def hold(self) -> Hold:
        """A connection was had."""


class Unwatched:
    """Takes note of nothing."""

    def waiting(self) -> AbstractContextManager[None]:
        """No note of the wait."""
        return nullcontext()

    def hold(self) -> Unwatched:
        """No note of the connection."""
        return self

    def end(self) -> None:
        """No note of its end."""


def is_on() -> bool:
    """Whether anything is measured from inside."""
    return os.environ.get("GATE_INSTRUMENT") == "1" and find_spec("gate_instrument") is not None


def middleware() -> list[str]:
    """What goes before all other middleware."""
    return ["gate_instrument.django.Middleware"] if is_on() else []


def watched_pool(name: str, size: int) -> WatchedPool:
    """Who is told of a pool; to be kept as long as the pool."""
    if not is_on():
        return Unwatched()
    from gate_instrument.pools import Pool

    return Pool(name, size)
