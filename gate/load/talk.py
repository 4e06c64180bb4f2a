"""One user of a WebSocket, or one arrival: where it stands."""

from __future__ import annotations

import pycurl

from gate.load.channel import Channel
from gate.load.flow import Flow
from gate.load.socket_line import SocketLine
from gate.load.upgrade import Opened, Upgrade


class Talk:
    """A connection, or the wish for one, and the turn that is under way; instants are seconds since the start."""

    __slots__ = (
        "asked",
        "begun",
        "channel",
        "due",
        "flow",
        "handle",
        "is_asking",
        "is_first",
        "is_leaving",
        "line",
        "lost",
        "message",
        "opened",
        "others",
        "times",
        "turn",
        "upgrade",
        "user",
        "was_open",
    )

    def __init__(self, flow: Flow[SocketLine], line: SocketLine, user: int) -> None:
        self.flow = flow
        self.line = line
        self.user = user
        self.turn = 0
        """Grows with every turn, so that limits of an earlier one are known as stale."""
        self.due = self.begun = self.opened = self.asked = 0.0
        self.message: bytes | None = None
        """What was sent and is not answered yet."""
        self.others = 0
        """Messages that came in place of the answer."""
        self.upgrade: Upgrade | None = None
        self.handle: pycurl.Curl | None = None
        self.channel: Channel | None = None
        self.times: Opened | None = None
        self.was_open = self.is_first = False
        """Whether there was a connection before; whether nothing was answered on this one yet."""
        self.is_asking = self.is_leaving = False
        self.lost: str | None = None
        """How the connection ended between two turns; the next turn fails by it."""

    def begin(self, due: float, now: float) -> None:
        """Begin a turn."""
        self.turn += 1
        self.due, self.begun = due, now
        self.is_asking = True

    def rest(self) -> None:
        """The turn is over."""
        self.is_asking = False
        self.message = None
