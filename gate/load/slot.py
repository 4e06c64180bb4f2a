"""A handle of libcurl with the request that it carries, sent once and only once."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pycurl

_GO_ON, _STOP = int(pycurl.PREREQFUNC_OK), int(pycurl.PREREQFUNC_ABORT)
STALE_S = 1.0
"""A connection idle for longer may be closed by its server in the very instant it is used again."""


class Slot:
    """A handle on its way, or waiting to be used again for the same lane.

    It keeps libcurl from silently sending a request a second time when a kept connection is reset under it: a preview
    that breaks off one answer in ten would look sound, and an order could be placed twice. One case is left to libcurl,
    and counted: a safe request on a connection that lay idle, for there a server may have closed in the same instant,
    which says nothing of its answers.

    References
    ----------
    RFC 9110, section 9.2.2 (idempotent methods); RFC 9112, section 9.3.1 (retrying requests).
    """

    __slots__ = (
        "_attempts",
        "_port",
        "_repeats",
        "_used_s",
        "body",
        "due",
        "getinfo",
        "handle",
        "head",
        "headers",
        "is_safe",
        "is_timed",
        "sent",
        "trip",
    )

    def __init__(self, handle: pycurl.Curl, used_s: dict[int, float]) -> None:
        self.handle = handle
        self.getinfo: Callable[[int], Any] = handle.getinfo
        self.due = self.sent = 0.0
        self.is_safe = False
        """Whether sending the request twice does no harm."""
        self.is_timed = False
        """Whether it has a due instant, or else counts from when it is sent."""
        self.trip: Any = None
        """Whatever the loop wants to remember of this request: its visit, of which a handle knows nothing."""
        self.body: io.BytesIO | None = None
        self.head: io.BytesIO | None = None
        self.headers: list[bytes] = []
        """Of its request, where each request gets others as well."""
        self._used_s = used_s
        self._attempts = self._port = 0
        self._repeats = False
        handle.setopt(pycurl.PREREQFUNCTION, self._begin)

    def _begin(self, _to: str, _from: str, _to_port: int, port: int) -> int:
        """Called by libcurl before it sends a request, every time; so the first time must cost little."""
        self._attempts += 1
        if self._attempts > 1:
            if self._attempts == 2:
                idle_s = self.sent - self._used_s.get(self._port, self.sent)
                self._repeats = self.is_safe and idle_s > STALE_S
            if not self._repeats:
                return _STOP
        self._port = port
        return _GO_ON

    def end(self, now: float) -> bool:
        """Note when its connection was last used; say whether the request had to be sent again."""
        self._used_s[self._port] = now
        was_repeated = self._attempts > 1 and self._repeats
        self._attempts = 0
        return was_repeated
