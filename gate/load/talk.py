"""One user of a WebSocket, or one arrival: connects, asks, is answered or not, leaves.

A turn begins when it is due and ends in exactly one of completed, failed and dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pycurl

from gate.load.channel import Channel, Message
from gate.load.flow import Flow, Visit
from gate.load.socket_line import SocketLine
from gate.load.stage import Stage
from gate.load.trust import Trust
from gate.load.upgrade import Opened, Upgrade

_PAUSE_S = 0.1
"""Of a user whose turn failed; without it a server that refuses all would be stormed."""
_GOODBYE_S = 1.0
"""Patience with a server that does not answer a close frame."""


@dataclass(slots=True)
class _Turn:
    """One turn under way; instants are seconds since the start."""

    due: float
    begun: float
    opened: float = 0.0
    asked: float = 0.0
    message: bytes | None = None
    """What was sent."""
    others: int = 0
    """Messages that came and were not the answer."""


class Talk:
    """A connection, or the wish for one."""

    __slots__ = (
        "_channel",
        "_flow",
        "_handle",
        "_is_leaving",
        "_line",
        "_lost",
        "_stage",
        "_times",
        "_trust",
        "_turn",
        "_upgrade",
        "_user",
        "_was_open",
    )

    def __init__(self, flow: Flow[SocketLine], user: int, stage: Stage, trust: Trust) -> None:
        self._flow, self._user, self._stage, self._trust = flow, user, stage, trust
        visit = Visit(flow, user)
        flow.begin(visit)
        self._line = visit.line
        self._turn: _Turn | None = None
        self._handle: pycurl.Curl | None = None
        self._upgrade: Upgrade | None = None
        """While the connection is being opened."""
        self._channel: Channel | None = None
        """While it is open."""
        self._times: Opened | None = None
        """How it was opened, until the first answer came over it."""
        self._lost: str | None = None
        """How it ended between two turns; the next turn fails by it."""
        self._was_open = self._is_leaving = False

    def turn(self, due: float) -> None:
        """Ask, or connect first; what is due is never put off."""
        result = self._line.tally.result
        result.planned += 1
        if self._handle is None and self._lost is None and not self._stage.has_room:
            result.dropped += 1
            self._go_on(pause_s=_PAUSE_S)
            return
        result.sent += 1
        turn = self._turn = _Turn(due, begun=self._stage.now())
        if self._flow.is_open:
            self._line.lag.add(max(0.0, turn.begun - due))
        if self._lost is not None:
            kind, self._lost = self._lost, None
            self._fail(kind)
        elif self._channel is None:
            self._connect()
        else:
            self._ask(turn, self._channel)

    def _connect(self) -> None:
        try:
            self._upgrade = self._line.upgrade(self._trust, self._flow.random)
        except KeyError as missing:
            self._fail(f"no_value_{missing.args[0]}")
            return
        self._handle = self._upgrade.handle
        self._stage.connect(self._handle, self)

    def on_opened(self, errno: int) -> None:
        """Look at the answer to the upgrade, and go on if it was granted."""
        upgrade, turn = self._upgrade, self._turn
        if upgrade is None or turn is None:
            return
        kind = upgrade.refusal(errno)
        self._stage.refusals.note(kind)
        if kind is not None:
            self._drop()
            self._fail(kind)
            return
        turn.opened = self._stage.now()
        self._times = upgrade.opened()
        self._line.opened(self._times, is_again=self._was_open)
        self._upgrade, self._was_open = None, True
        self._channel = Channel(upgrade.handle, self._line.cap_bytes)
        self._stage.watch(self._channel, self)
        if self._line.speaks:
            self._ask(turn, self._channel)
        elif self._flow.is_open:
            self._complete(turn)
        else:
            self._stage.at(self._end(), lambda _due: self._held(turn))

    def _held(self, turn: _Turn) -> None:
        if self._turn is turn:
            self._complete(turn)

    def _ask(self, turn: _Turn, channel: Channel) -> None:
        try:
            message = self._line.message(self._flow.random)
        except KeyError as missing:
            self._hang_up(f"no_value_{missing.args[0]}")
            return
        if len(message) > self._line.cap_bytes:
            self._hang_up("too_large")
            return
        self._stage.limit(turn.begun + self._line.lane.request.timeout_s, lambda _due: self._lose_patience(turn))
        turn.message, turn.asked = message, self._stage.now()
        self._stage.want_to_write(channel, wanted=not channel.send(message))
        self._look_at_end(channel)

    def on_ready(self) -> None:
        """Read what came, and send what waits."""
        channel = self._channel
        if channel is None:
            return
        for message in channel.receive(self._stage.now()):
            self._on_message(message)
        self._look_at_end(channel)
        if self._channel is not channel:
            return
        if channel.has_more:
            self._stage.look_again(channel)
        self._stage.want_to_write(channel, wanted=not channel.flush())

    def _on_message(self, message: Message) -> None:
        turn = self._turn
        if turn is not None and turn.message is not None and self._line.answers(turn.message, message.body):
            self._complete(turn, message)
        elif not self._is_leaving:
            self._line.result.unasked += 1
            if turn is not None:
                turn.others += 1

    def _look_at_end(self, channel: Channel) -> None:
        """Whether the server ended the connection, or sent too much."""
        kind = channel.end
        if kind is None or self._channel is not channel:
            return
        self._drop()
        if self._is_leaving:
            return
        if kind.startswith("closed_"):
            self._line.lost(kind)
        if self._turn is not None:
            self._fail(kind)
        else:
            self._lost = kind

    def _lose_patience(self, turn: _Turn) -> None:
        if self._turn is turn:
            # A late answer would be taken for that to the next message, so the connection goes too.
            self._hang_up("wrong_answer" if turn.others else "timeout")

    def _hang_up(self, kind: str) -> None:
        if self._channel is not None:
            self._channel.say_goodbye()
        self._drop()
        self._fail(kind)

    def _complete(self, turn: _Turn, answer: Message | None = None) -> None:
        """Count the turn; without a message to answer, what is timed is the opening of the connection."""
        at = self._stage.now() if answer is not None else turn.opened
        is_open, line = self._flow.is_open, self._line
        sent = turn.begun if is_open or answer is None else turn.asked
        latency_s = at - (turn.due if is_open else sent)
        if answer is None:
            line.tally.completed(latency_s, at - sent, 0.0, 0.0, 0)
        else:
            # A message that began to come before it was asked for cannot have been waited for.
            wait_s = max(0.0, answer.begun_s - turn.asked)
            line.answered(latency_s, at - sent, wait_s, at - turn.asked - wait_s, len(answer.body))
        if self._times is not None:
            line.tally.opened(latency_s, self._times.dns_s, self._times.connect_s, self._times.tls_s)
            self._times = None
        self._turn = None
        self._go_on()

    def _fail(self, kind: str) -> None:
        self._line.tally.failed(kind)
        self._turn = None
        self._go_on(pause_s=_PAUSE_S)

    def _go_on(self, pause_s: float = 0.0) -> None:
        """Plan the next turn of a user, or the end of the connection."""
        speaks = self._line.speaks
        due = self._flow.next_closed(self._user, self._stage.now() + pause_s) if speaks else None
        if due is not None:
            self._stage.at(due, self.turn)
        else:
            end = self._end() if speaks and not self._flow.is_open else self._stage.now()
            self._stage.at(end, lambda _due: self._leave())

    def _end(self) -> float:
        """When connections of users are closed; at once where the schedule ends by count alone."""
        length_s, now = self._flow.schedule.course.length_s, self._stage.now()
        return max(now, length_s) if length_s < math.inf else now

    def _leave(self) -> None:
        """Close as one should: say so, and wait for the server to say so too."""
        if self._channel is None:
            return
        self._line.result.alive += not self._flow.is_open
        self._is_leaving = True
        if self._channel.say_goodbye():
            self._stage.limit(self._stage.now() + _GOODBYE_S, lambda _due: self._drop())
        else:
            self._drop()

    def give_up(self) -> None:
        """End at once."""
        if self._turn is not None:
            self._line.tally.failed("given_up")
            self._turn = None
        if self._channel is not None and not self._is_leaving:
            self._line.result.alive += not self._flow.is_open
            self._channel.say_goodbye()
        self._drop()

    def _drop(self) -> None:
        if self._handle is not None:
            self._stage.drop(self._handle, self._channel)
        self._handle = self._channel = self._upgrade = None
