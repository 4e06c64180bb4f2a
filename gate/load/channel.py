"""One open WebSocket: messages out and in over a handle of libcurl, pings and close frames answered.

References
----------
RFC 6455, sections 5.4 (fragments), 5.5 (close, ping, pong) and 7.4 (close codes).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import pycurl

MESSAGE_CAP_BYTES = 2**20
"""No message, sent or received, may be larger."""
NORMAL, PROTOCOL, NO_CODE, NO_CLOSE, TOO_BIG = 1000, 1002, 1005, 1006, 1009
_CHUNK_BYTES = 2**16
_BUFFER = memoryview(bytearray(_CHUNK_BYTES))
"""Of all channels: what is read into it is copied at once."""
_CHUNKS = 32
"""Pieces read in one turn; a server that never stops sending must not keep others waiting."""


class Message(NamedTuple):
    """One message as it came."""

    begun_s: float
    """When its first piece was read; as ``receive`` was told."""
    body: bytes


class Channel:
    """An open WebSocket."""

    __slots__ = (
        "_begun_s",
        "_buffer",
        "_cap",
        "_control",
        "_handle",
        "_has_closed",
        "_parts",
        "_waiting",
        "end",
        "has_more",
        "number",
    )

    def __init__(self, handle: pycurl.Curl, cap_bytes: int = MESSAGE_CAP_BYTES) -> None:
        self._handle = handle
        self.number = int(handle.getinfo(pycurl.ACTIVESOCKET))
        """Of its socket."""
        self.end: str | None = None
        """Why nothing can come any more: ``closed_CODE``, or ``too_large``."""
        self.has_more = False
        """Whether ``receive`` left something unread."""
        self._cap = min(cap_bytes, MESSAGE_CAP_BYTES)
        self._parts = bytearray()
        self._control = bytearray()
        self._has_closed = False
        """Whether a close frame was sent; nothing may follow it."""
        self._begun_s: float | None = None
        self._waiting: deque[tuple[bytes, int]] = deque()
        """Frames to send, in order: a pong must not come into the middle of a message."""

    def send(self, message: bytes) -> bool:
        """Send a text message; return whether all of it went, else ``flush`` when there is room."""
        self._waiting.append((message, pycurl.WS_TEXT))
        return self.flush()

    def flush(self) -> bool:
        """Send what waits; return whether nothing does."""
        while self._waiting and self.end is None and not self._has_closed:
            piece, kind = self._waiting[0]
            try:
                sent = self._handle.ws_send(piece, kind)
            except BlockingIOError:
                return False
            except pycurl.error:
                self.end = f"closed_{NO_CLOSE}"
                return False
            if sent < len(piece):
                self._waiting[0] = (piece[sent:], kind)
            else:
                self._waiting.popleft()
        return self._has_closed or not self._waiting

    def receive(self, now_s: float) -> list[Message]:
        """Messages that are whole by now; sets ``end`` if the connection is over."""
        messages: list[Message] = []
        self.has_more = False
        for _ in range(_CHUNKS):
            try:
                length, frame = self._handle.ws_recv_into(_BUFFER)
            except BlockingIOError:
                return messages
            except pycurl.error:
                self.end = f"closed_{NO_CLOSE}"
                return messages
            message = self._take(bytes(_BUFFER[:length]), frame.flags, frame.bytesleft, now_s)
            if message is not None:
                messages.append(message)
            if self.end is not None:
                return messages
        self.has_more = True
        return messages

    def _take(self, piece: bytes, flags: int, left_bytes: int, now_s: float) -> Message | None:
        if flags & (pycurl.WS_CLOSE | pycurl.WS_PING | pycurl.WS_PONG):
            self._control += piece
            if not left_bytes:
                self._obey(bytes(self._control), flags)
                self._control.clear()
            return None
        if self._begun_s is None:
            self._begun_s = now_s
        self._parts += piece
        if len(self._parts) + left_bytes > self._cap:
            self.say_goodbye(TOO_BIG)
            self.end = "too_large"
            return None
        if left_bytes or flags & pycurl.WS_CONT:
            return None
        message = Message(self._begun_s, bytes(self._parts))
        self._parts.clear()
        self._begun_s = None
        return message

    def _obey(self, payload: bytes, flags: int) -> None:
        """Answer a control frame as one should; a close frame ends the connection."""
        if flags & pycurl.WS_PING and not self._has_closed:
            self._waiting.append((payload, pycurl.WS_PONG))
            self.flush()
        elif flags & pycurl.WS_CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else NO_CODE
            self.say_goodbye(None if code == NO_CODE else code)
            self.end = f"closed_{code}"

    def say_goodbye(self, code: int | None = NORMAL) -> bool:
        """Send a close frame, the one that there may be; return whether it went."""
        if self._has_closed:
            return False
        try:
            self._handle.ws_close(code)
        except ValueError:  # a code that nobody may send
            return self.say_goodbye(PROTOCOL)
        except (BlockingIOError, pycurl.error):
            return False
        self._has_closed = True
        return True
