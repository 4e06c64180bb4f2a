"""One lane of WebSockets in motion: upgrades and messages filled in, answers told from other messages, all counted."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from gate.config.jsonpath import lookup
from gate.load.channel import MESSAGE_CAP_BYTES
from gate.load.filler import Filler
from gate.load.job import Lane, Request, Segment, Socket, SocketResult
from gate.load.tally import Batch, Tally
from gate.load.trust import Trust
from gate.load.upgrade import Opened, Upgrade

_SWITCHING_PROTOCOLS = 101


class SocketLine:
    """What is sent and counted for one lane."""

    def __init__(self, lane: Lane, socket: Socket, segment: Segment, filler: Filler) -> None:
        self.lane = lane
        self.socket = socket
        self.tally = Tally(keep_samples=segment.keep_samples)
        self.result = SocketResult()
        self.lag = Batch()
        """Of sending, open model only."""
        self.speaks = lane.request.json is not None
        """Whether there is anything to send."""
        self.cap_bytes = min(lane.expect.max_bytes or MESSAGE_CAP_BYTES, MESSAGE_CAP_BYTES)
        """Of an answer."""
        self._wire = segment.wire
        self._filler = filler
        self._opening = replace(lane.request, json=None)
        self._message = Request("GET", "", json=lane.request.json)
        self._connect, self._upgrade, self._echo = Batch(), Batch(), Batch()

    def upgrade(self, trust: Trust, random: Random) -> Upgrade:
        """A request for one more connection.

        Raises
        ------
        KeyError
            If a value of the request is missing, by its name.
        """
        request = self._filler.fill(self._opening, random)
        return Upgrade(trust, self._wire, request, self.socket.subprotocols)

    def message(self, random: Random) -> bytes:
        """The next message.

        Raises
        ------
        KeyError
            If a value of it is missing, by its name.
        """
        content = self._filler.fill(self._message, random).json
        return (content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))).encode()

    def answers(self, sent: bytes, received: bytes) -> bool:
        """Whether a message is the answer to what was sent."""
        if self.socket.echo:
            return received == sent
        if self.socket.path is None:
            return True
        try:
            return lookup(json.loads(received), self.socket.path) is not None
        except (ValueError, RecursionError):
            return False

    def opened(self, times: Opened, *, is_again: bool) -> None:
        """One more connection is open."""
        self.result.opened += 1
        self.result.reconnected += is_again
        self._connect.add(times.total_s)
        self._upgrade.add(times.upgrade_s)
        self.tally.result.new_connections += 1
        self.tally.statuses[_SWITCHING_PROTOCOLS] += 1

    def lost(self, kind: str) -> None:
        """The server ended a connection."""
        code = kind.removeprefix("closed_")
        self.result.lost[code] = self.result.lost.get(code, 0) + 1

    def answered(self, latency_s: float, service_s: float, wait_s: float, receive_s: float, size: int) -> None:
        """One answer as expected; ``wait_s`` and ``receive_s`` make up the echo."""
        self.tally.completed(latency_s, service_s, wait_s, receive_s, size)
        self._echo.add(wait_s + receive_s)

    def flush(self) -> None:
        """Bring the results up to date."""
        self.tally.flush()
        self.lag.flush()
        self.result.connect = self._connect.flush()
        self.result.upgrade = self._upgrade.flush()
        self.result.echo = self._echo.flush()
