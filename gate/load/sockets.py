"""The loop for WebSockets: who connects, asks and leaves when; nothing due waits for an answer to something else.

*Users* connect once and keep their connection: every turn they send a message and wait for its answer. *Arrivals* of
an open rate connect, ask once and close; their latency counts from the due instant, so a stall is seen by all that fall
due in it. With nothing to send, users only hold their connections until the schedule ends.
"""

from __future__ import annotations

import resource
import select
import time
from collections.abc import Callable
from functools import partial

from gate.load.filler import Filler
from gate.load.flow import Flow
from gate.load.histogram import Histogram
from gate.load.job import Segment, SegmentResult
from gate.load.poller import Poller
from gate.load.socket_line import SocketLine
from gate.load.stage import Stage
from gate.load.talk import Talk
from gate.load.trust import Trust
from gate.load.turns import Turns

CONNECTIONS_CAP = 10_000
"""Of one worker, whatever the segment allows."""
_OTHER_FILES = 1100
"""That may be open besides: the connections kept for requests, and what libcurl needs itself."""


def room_for(wanted: int) -> int:
    """How many connections this process may have, at most ``wanted``; as many open files are asked of the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(hard, max(soft, wanted + _OTHER_FILES)) if hard != resource.RLIM_INFINITY else wanted + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and limit > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(1, min(wanted, limit - _OTHER_FILES))


class SocketDrive:
    """One segment of WebSockets in motion.

    Parameters
    ----------
    epoll : select.epoll
        See ``Poller``.
    is_stopping : callable
        Whether a signal asked for the end.
    tell : callable, optional
        Called about once a second with the result so far and the seconds since the start.
    """

    def __init__(
        self,
        segment: Segment,
        trust: Trust,
        epoll: select.epoll,
        clock: Callable[[], float],
        is_stopping: Callable[[], bool],
        tell: Callable[[SegmentResult, float], None] | None,
    ) -> None:
        self._deadline_s = segment.deadline_s
        self._trust = trust
        self._is_stopping = is_stopping
        filler = Filler(segment)
        self._lines = {
            lane.name: SocketLine(lane, lane.socket, segment, filler)
            for stream in segment.streams
            for lane in stream.lanes
            if lane.socket is not None
        }
        self._flows = [Flow(stream, self._lines, segment) for stream in segment.streams]
        self._stage = Stage(Poller(epoll, clock), clock, room_for(min(segment.max_in_flight, CONNECTIONS_CAP)))
        self._result = SegmentResult(
            lanes={name: line.tally.result for name, line in self._lines.items()},
            sockets={name: line.result for name, line in self._lines.items()},
        )
        self._turns = Turns(self._result, self._sum_up, tell)

    def to_the_end(self) -> SegmentResult:
        """Drive it until every turn has ended and every connection is closed."""
        stage, cpu_before = self._stage, time.process_time()
        stage.begin()
        for flow in self._flows:
            for due, user in flow.first():
                self._plan(flow, due, user)
        while stage.is_busy:
            began = stage.now()
            stage.turn()
            self._end_if_asked(began)
            self._turns.look(began, stage.now())
            stage.wait()
        stage.close()
        self._result.cpu_s = time.process_time() - cpu_before
        self._sum_up()
        return self._result

    def _plan(self, flow: Flow[SocketLine], due: float, user: int) -> None:
        self._stage.at(due, partial(self._come, flow, user))

    def _come(self, flow: Flow[SocketLine], user: int, due: float) -> None:
        """A user's first turn, or an arrival."""
        next_due = flow.next_open() if flow.is_open else None
        if next_due is not None:
            self._plan(flow, next_due, 0)
        Talk(flow, user, self._stage, self._trust).turn(due)

    def _end_if_asked(self, now: float) -> None:
        result, stage = self._result, self._stage
        result.stopped |= self._is_stopping() or (self._deadline_s is not None and now >= self._deadline_s)
        result.throttled, result.protected = stage.refusals.are_throttling, stage.refusals.are_protecting
        if result.stopped or result.throttled or result.protected:
            stage.give_up()

    def _sum_up(self) -> None:
        """Bring the result up to date with what waits to be counted."""
        lag = Histogram()
        for line in self._lines.values():
            line.flush()
            lag += Histogram(line.lag.counts)
        self._result.lag = lag.counts()
        self._result.peak_in_flight = self._stage.peak
        self._result.elapsed_s = self._stage.now()
