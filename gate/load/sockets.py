"""The loop for WebSockets: who connects, asks and leaves when; nothing due waits for an answer to something else.

*Users* connect once and keep their connection: every turn they send a message and wait for its answer. *Arrivals* of
an open rate connect, ask once and close; their latency counts from the due instant, so a stall is seen by all that fall
due in it. With nothing to send connections are held until the schedule ends.

Every turn ends in exactly one of completed, failed and dropped.
"""

from __future__ import annotations

import heapq
import itertools
import select
import time
from collections.abc import Callable, Iterable

import pycurl

from gate.load.channel import Channel, Message
from gate.load.filler import Filler
from gate.load.flow import Flow
from gate.load.job import Segment, SegmentResult
from gate.load.poller import Poller
from gate.load.socket_line import SocketLine
from gate.load.talk import Talk
from gate.load.tally import Batch
from gate.load.transport import PROTECTED, THROTTLED
from gate.load.turns import Turns

CONNECTIONS_CAP = 10_000
"""Of one worker, whatever the segment allows."""
_REFUSALS = 5
"""Upgrades refused with a plea to slow down, or by a login page with nothing else between, before the segment ends."""
_MAX_WAIT_S = 0.05
"""Longest sleep, so that a stop is seen quickly."""
_PAUSE_S = 0.1
"""Of a user whose turn failed; without it a server that refuses all would be stormed."""
_GOODBYE_S = 1.0
"""Patience with a server that does not answer a close frame."""


class SocketDrive:
    """One segment of WebSockets in motion.

    Parameters
    ----------
    is_stopping : callable
        Whether a signal asked for the end.
    """

    def __init__(
        self,
        segment: Segment,
        ca: bytes,
        epoll: select.epoll,
        clock: Callable[[], float],
        is_stopping: Callable[[], bool],
        tell: Callable[[SegmentResult, float], None] | None,
    ) -> None:
        self._segment, self._ca, self._clock, self._is_stopping = segment, ca, clock, is_stopping
        filler = Filler(segment)
        self._lines = {
            lane.name: SocketLine(lane, lane.socket, segment, filler)
            for stream in segment.streams
            for lane in stream.lanes
            if lane.socket is not None
        }
        self._flows = [Flow(stream, self._lines, segment) for stream in segment.streams]
        self._poller = Poller(epoll, clock)
        self._tie = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        """What is due when; the segment lasts until nothing is."""
        self._limits: list[tuple[float, int, Talk, int]] = []
        """When patience with a turn, or with a goodbye, is over; most have ended by then."""
        self._by_handle: dict[pycurl.Curl, Talk] = {}
        self._by_channel: dict[Channel, Talk] = {}
        self._lag = Batch()
        self._result = SegmentResult(
            {name: line.tally.result for name, line in self._lines.items()},
            sockets={name: line.result for name, line in self._lines.items()},
        )
        self._turns = Turns(self._result, self._sum_up, tell)
        self._throttles = self._guarded = 0
        self._cap = min(segment.max_in_flight, CONNECTIONS_CAP)

    def to_the_end(self) -> SegmentResult:
        """Drive it until every connection is closed."""
        cpu_before = time.process_time()
        self._start = self._clock()
        for flow in self._flows:
            self._plan(flow, flow.first())
        while self._agenda or self._by_handle:
            began = self._now()
            self._do_due()
            for handle, errno in self._poller.opened():
                self._on_opened(self._by_handle[handle], errno)
            self._end_if_asked()
            self._turns.look(began, self._now())
            for channel in self._poller.wait(self._until_next()):
                self._on_ready(self._by_channel[channel])
        self._poller.close()
        self._result.cpu_s = time.process_time() - cpu_before
        self._sum_up()
        return self._result

    def _now(self) -> float:
        return self._clock() - self._start

    def _at(self, due: float, what: Callable[[float], None]) -> None:
        heapq.heappush(self._agenda, (due, next(self._tie), what))

    def _plan(self, flow: Flow[SocketLine], turns: Iterable[tuple[float, int]], talk: Talk | None = None) -> None:
        for due, user in turns:
            self._at(due, lambda due, user=user: self._turn(flow, talk, user, due))  # type: ignore[misc]

    def _do_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= self._now():
            due, _, what = heapq.heappop(self._agenda)
            what(due)
        while self._limits and self._limits[0][0] <= self._now():
            *_, talk, turn = heapq.heappop(self._limits)
            if talk.turn == turn and talk.handle is not None:
                self._on_limit(talk)

    def _until_next(self) -> float:
        """Seconds; what is planned after the turn's look at the clock makes it negative, which is no wait."""
        nexts = [queue[0][0] - self._now() for queue in (self._agenda, self._limits) if queue]
        return min([_MAX_WAIT_S, *nexts])

    def _turn(self, flow: Flow[SocketLine], talk: Talk | None, user: int, due: float) -> None:
        """A user's turn, or an arrival."""
        if flow.is_open:
            self._plan(flow, flow.next_open())
        if talk is None:
            talk = Talk(flow, flow.visit(user).line, user)
        result = talk.line.tally.result
        result.planned += 1
        if talk.handle is None and talk.lost is None and len(self._by_handle) >= self._cap:
            result.dropped += 1
            self._go_on(talk, pause_s=_PAUSE_S)
            return
        result.sent += 1
        talk.begin(due, self._now())
        if flow.is_open:
            self._lag.add(max(0.0, talk.begun - due))
        if talk.lost is not None:
            kind, talk.lost = talk.lost, None
            self._fail(talk, kind)
        elif talk.channel is None:
            self._connect(talk)
        else:
            self._ask(talk, talk.channel)

    def _connect(self, talk: Talk) -> None:
        try:
            talk.upgrade = talk.line.upgrade(self._ca, talk.flow.random)
        except KeyError as missing:
            self._fail(talk, f"no_value_{missing.args[0]}")
            return
        talk.handle = talk.upgrade.handle
        self._by_handle[talk.handle] = talk
        self._result.peak_in_flight = max(self._result.peak_in_flight, len(self._by_handle))
        self._poller.begin(talk.handle)

    def _on_opened(self, talk: Talk, errno: int) -> None:
        if talk.upgrade is None or talk.handle is None:
            return
        kind = talk.upgrade.refusal(errno)
        if kind is not None:
            self._note_refusal(kind)
            self._drop(talk)
            self._fail(talk, kind)
            return
        self._guarded = 0
        talk.times = talk.upgrade.opened()
        talk.line.opened(talk.times, is_again=talk.was_open)
        talk.was_open = talk.is_first = True
        talk.channel = Channel(talk.handle, talk.line.cap_bytes)
        self._by_channel[talk.channel] = talk
        self._poller.watch(talk.channel)
        if talk.line.speaks:
            self._ask(talk, talk.channel)
        else:
            talk.opened = self._now()
            self._hold(talk)

    def _note_refusal(self, kind: str) -> None:
        self._throttles += kind == THROTTLED
        self._guarded += kind == PROTECTED
        self._result.throttled = self._throttles >= _REFUSALS
        self._result.protected = self._guarded >= _REFUSALS

    def _hold(self, talk: Talk) -> None:
        """Keep a connection that has nothing to say until its schedule ends."""
        if talk.flow.is_open:
            self._complete(talk, talk.opened)
        else:
            self._at(self._end_of(talk), lambda _due: self._held(talk))

    def _held(self, talk: Talk) -> None:
        if talk.is_asking:
            self._complete(talk, talk.opened)

    def _ask(self, talk: Talk, channel: Channel) -> None:
        try:
            message = talk.line.message(talk.flow.random)
        except KeyError as missing:
            self._hang_up(talk, f"no_value_{missing.args[0]}")
            return
        if len(message) > talk.line.cap_bytes:
            self._hang_up(talk, "too_large")
            return
        limit = talk.begun + talk.line.lane.request.timeout_s
        heapq.heappush(self._limits, (limit, next(self._tie), talk, talk.turn))
        talk.message, talk.asked, talk.others = message, self._now(), 0
        self._poller.want_to_write(channel, wanted=not channel.send(message))
        self._look_at_end(talk, channel)

    def _on_ready(self, talk: Talk) -> None:
        """Something to read, or room to write."""
        channel = talk.channel
        if channel is None:
            return
        for message in channel.receive(self._now()):
            self._on_message(talk, message)
        if channel.has_more:
            self._poller.look_again(channel)
        self._look_at_end(talk, channel)
        if talk.channel is channel:
            self._poller.want_to_write(channel, wanted=not channel.flush())

    def _on_message(self, talk: Talk, message: Message) -> None:
        if talk.message is not None and talk.line.answers(talk.message, message.body):
            self._complete(talk, self._now(), message)
        elif not talk.is_leaving:
            talk.others += 1
            talk.line.result.unasked += 1

    def _look_at_end(self, talk: Talk, channel: Channel) -> None:
        """Whether the server ended the connection, or sent too much."""
        kind = channel.end
        if kind is None or talk.channel is not channel:
            return
        if talk.is_leaving:
            self._drop(talk)
            return
        if kind.startswith("closed_"):
            talk.line.lost(kind)
        self._drop(talk)
        if talk.is_asking:
            self._fail(talk, kind)
        else:
            talk.lost = kind

    def _on_limit(self, talk: Talk) -> None:
        if talk.is_leaving:
            self._drop(talk)
        elif talk.is_asking:
            # A late answer would be taken for that to the next message, so the connection goes too.
            self._hang_up(talk, "wrong_answer" if talk.others else "timeout")

    def _hang_up(self, talk: Talk, kind: str) -> None:
        """Fail this turn and give its connection up."""
        if talk.channel is not None:
            talk.channel.say_goodbye()
        self._drop(talk)
        self._fail(talk, kind)

    def _complete(self, talk: Talk, at: float, message: Message | None = None) -> None:
        line = talk.line
        since = talk.due if talk.flow.is_open else talk.begun if message is None else talk.asked
        latency_s = at - since
        if message is None:
            line.tally.completed(latency_s, at - talk.begun, 0.0, 0.0, 0)
        else:
            wait_s = max(0.0, message.begun_s - talk.asked)
            service_s = at - (talk.begun if talk.flow.is_open else talk.asked)
            line.answered(latency_s, service_s, wait_s, max(0.0, at - talk.asked - wait_s), len(message.body))
        if talk.is_first and talk.times is not None:
            line.tally.opened(latency_s, talk.times.dns_s, talk.times.connect_s, talk.times.tls_s)
        talk.is_first = False
        talk.rest()
        self._go_on(talk)

    def _fail(self, talk: Talk, kind: str) -> None:
        talk.line.tally.failed(kind)
        talk.rest()
        self._go_on(talk, pause_s=_PAUSE_S)

    def _go_on(self, talk: Talk, pause_s: float = 0.0) -> None:
        """Plan a user's next turn, or the end of its connection."""
        flow, now = talk.flow, self._now()
        turns = list(flow.next_closed(talk.user, now + pause_s)) if talk.line.speaks else []
        if turns:
            self._plan(flow, turns, talk)
        elif flow.is_open or not talk.line.speaks:
            self._leave(talk)
        else:
            self._at(self._end_of(talk), lambda _due: self._leave(talk))

    def _end_of(self, talk: Talk) -> float:
        length_s = talk.flow.schedule.course.length_s
        return length_s if self._now() < length_s < float("inf") else self._now()

    def _leave(self, talk: Talk) -> None:
        """Close a connection as one should: say so, and wait for the server to say so too."""
        if talk.handle is None or talk.channel is None:
            return
        talk.line.result.alive += not talk.flow.is_open
        talk.is_leaving = True
        talk.turn += 1
        if talk.channel.say_goodbye():
            heapq.heappush(self._limits, (self._now() + _GOODBYE_S, next(self._tie), talk, talk.turn))
        else:
            self._drop(talk)

    def _drop(self, talk: Talk) -> None:
        if talk.handle is None:
            return
        del self._by_handle[talk.handle]
        if talk.channel is not None:
            del self._by_channel[talk.channel]
        self._poller.end(talk.handle, talk.channel)
        talk.handle = talk.channel = talk.upgrade = None

    def _end_if_asked(self) -> None:
        deadline_s = self._segment.deadline_s
        is_late = deadline_s is not None and self._now() >= deadline_s
        self._result.stopped |= self._is_stopping() or is_late
        if self._result.stopped or self._result.throttled or self._result.protected:
            self._give_up()

    def _give_up(self) -> None:
        for talk in list(self._by_handle.values()):
            if talk.is_asking:
                talk.line.tally.failed("given_up")
            if talk.channel is not None and not talk.is_leaving:
                talk.line.result.alive += not talk.flow.is_open
                talk.channel.say_goodbye()
            self._drop(talk)
        self._agenda.clear()

    def _sum_up(self) -> None:
        """Bring the result up to date with what waits to be counted."""
        for line in self._lines.values():
            line.flush()
        self._result.lag = self._lag.flush()
        self._result.elapsed_s = self._now()
