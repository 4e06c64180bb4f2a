"""The load loop: sends what is due, counts what cannot be sent, never waits for an answer before the next arrival.

One thread, libcurl's multi interface. An arrival has an absolute due instant; its latency counts from there, so a
stall of the preview is seen by every request that would have been made meanwhile (no coordinated omission).
"""

from __future__ import annotations

import heapq
import itertools
import select
import time
from collections.abc import Callable, Iterable

import pycurl

from gate.load import transport
from gate.load.answered import count_answer
from gate.load.filler import Filler
from gate.load.flow import Flow, Visit
from gate.load.job import Segment, SegmentResult, Wire
from gate.load.line import Line
from gate.load.sockets import SocketDrive
from gate.load.tally import Batch
from gate.load.transport import PROTECTED, THROTTLED, Slot
from gate.load.trust import Trust
from gate.load.turns import Turns

_REFUSALS = 5
"""Answers that ask to slow down, or that are login pages with nothing else between, before the segment ends early."""
_MAX_SELECT_S = 0.05
"""Longest sleep between looks at sockets, so that a stop is seen quickly."""
_NO_VALUE = "no_value"
_PAUSE_S = 0.01
"""Of a user who could not even ask; without it the loop would serve nobody else."""


class LoadLoop:
    """Runs segments over connections that live as long as the loop."""

    def __init__(self, trust: Trust, clock: Callable[[], float] = time.perf_counter) -> None:
        self._trust = trust
        self._clock = clock
        self._kept: dict[Wire, tuple[pycurl.CurlMulti, list[Slot]]] = {}
        self._used_s: dict[int, float] = {}
        self._epoll = select.epoll()
        self.stopping = False
        """Set from a signal: the segment under way ends at once."""

    def run(self, segment: Segment, tell: Callable[[SegmentResult, float], None] | None = None) -> SegmentResult:
        """Drive one segment to its end: every arrival sent or dropped, every answer in or given up.

        Parameters
        ----------
        tell : callable, optional
            Called about once a second with the result so far and the seconds since the start.
        """
        if segment.is_of_sockets:
            drive = SocketDrive(segment, self._trust, self._epoll, self._clock, lambda: self.stopping, tell)
            return drive.to_the_end()
        if segment.wire not in self._kept:
            self._kept[segment.wire] = (_new_multi(), [])
        multi, spare = self._kept[segment.wire]

        def new_slot() -> Slot:
            return Slot(transport.new_handle(self._trust, segment.wire), self._used_s)

        return _Drive(segment, self, multi, new_slot, spare, self._clock, tell).to_the_end()


def _new_multi() -> pycurl.CurlMulti:
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, 1000)
    multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
    return multi


class _Drive:
    """One segment in motion."""

    def __init__(
        self,
        segment: Segment,
        loop: LoadLoop,
        multi: pycurl.CurlMulti,
        new_slot: Callable[[], Slot],
        spare: list[Slot],
        clock: Callable[[], float],
        tell: Callable[[SegmentResult, float], None] | None,
    ) -> None:
        filler = Filler(segment)
        self._segment = segment
        self._loop = loop
        self._multi = multi
        self._clock = clock
        self._tell = tell
        self._lines = {
            lane.name: Line(lane, segment, filler, new_slot, spare)
            for stream in segment.streams
            for lane in stream.lanes
        }
        self._flows = [Flow(stream, self._lines, segment) for stream in segment.streams]
        self._tie = itertools.count()
        self._due: list[tuple[float, int, Flow[Line], int, Visit[Line] | None]] = []
        self._flying: dict[pycurl.Curl, Slot] = {}
        self._lag = Batch()
        self._result = SegmentResult({name: line.tally.result for name, line in self._lines.items()})
        self._throttles = self._guarded = 0

    def to_the_end(self) -> SegmentResult:
        cpu_before = time.process_time()
        self._start = self._clock()
        turns = Turns(self._result, self._sum_up, self._tell)
        for flow in self._flows:
            self._push(flow, flow.first())
        while self._due or self._flying:
            now = self._clock() - self._start
            self._send_due(now)
            self._multi.perform()
            self._collect()
            self._end_if_asked(now)
            turns.look(now, self._clock() - self._start)
            self._wait()
        self._result.cpu_s = time.process_time() - cpu_before
        self._sum_up()
        for line in self._lines.values():
            line.release()
        return self._result

    def _push(self, flow: Flow[Line], due: Iterable[tuple[float, int]], visit: Visit[Line] | None = None) -> None:
        for instant, user in due:
            heapq.heappush(self._due, (instant, next(self._tie), flow, user, visit))

    def _send_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due, _, flow, user, visit = heapq.heappop(self._due)
            if visit is None:
                if flow.is_open:
                    self._push(flow, flow.next_open())
                visit = flow.visit(user)
                visit.begun = due
                if visit.journey is not None:
                    flow.journeys[visit.journey.name].begun += 1
            result = visit.line.tally.result
            result.planned += 1
            if len(self._flying) < self._segment.max_in_flight:
                self._send(visit, due)
            else:
                result.dropped += 1
                self._end_visit(visit, "dropped", pause_s=_PAUSE_S)
            now = self._clock() - self._start

    def _send(self, visit: Visit[Line], due: float) -> None:
        line, flow = visit.line, visit.flow
        is_journey = visit.journey is not None
        try:
            slot = line.take(flow.random, visit.values if is_journey else None, visit.cookies)
        except KeyError as missing:
            line.tally.result.sent += 1
            line.tally.failed(f"{_NO_VALUE}_{missing.args[0]}")
            self._end_visit(visit, "failed", pause_s=_PAUSE_S)
            return
        sent = self._clock() - self._start
        is_timed = flow.is_open and visit.step == 0
        slot.start(due if is_timed else sent, sent, line.lane.request.method)
        slot.trip = visit
        self._flying[slot.handle] = slot
        self._multi.add_handle(slot.handle)
        if len(self._flying) > self._result.peak_in_flight:
            self._result.peak_in_flight = len(self._flying)
        line.tally.result.sent += 1
        if is_timed:
            self._lag.add(max(0.0, sent - due))

    def _collect(self) -> None:
        _, done, failed = self._multi.info_read()
        for handle in done:
            self._finish(self._flying[handle], 0)
        for handle, errno, _ in failed:
            self._finish(self._flying[handle], errno)
        if self._throttles >= _REFUSALS or self._guarded >= _REFUSALS:
            self._result.throttled = self._throttles >= _REFUSALS
            self._result.protected = self._guarded >= _REFUSALS
            self._due.clear()

    def _finish(self, slot: Slot, errno: int) -> None:
        """Count one answer and go on with whoever asked."""
        visit: Visit[Line] = slot.trip  # type: ignore[assignment]
        line, handle = visit.line, slot.handle
        now = self._clock() - self._start
        self._multi.remove_handle(handle)
        result = line.tally.result
        result.resent += slot.end(now)
        if errno == 0 and self._follows(slot, visit):
            return
        del self._flying[handle]
        kind = count_answer(slot, line, errno, visit.values)
        if visit.journey is not None:
            visit.cookies = handle.getinfo(pycurl.INFO_COOKIELIST)
        line.give_back(slot, is_journey=visit.journey is not None, as_it_was=not visit.hops)
        if kind is not None:
            line.tally.failed(kind)
            self._throttles += kind == THROTTLED
            self._guarded += kind == PROTECTED
            self._end_visit(visit, "failed")
        elif visit.journey is not None and visit.step + 1 < len(visit.journey.steps):
            visit.step += 1
            visit.hops = 0
            visit.line = visit.flow.line_of(visit.journey, visit.step)
            self._push(visit.flow, [(now + visit.flow.schedule.think_s, visit.user)], visit)
        else:
            self._guarded = 0
            self._end_visit(visit, "completed")

    def _follows(self, slot: Slot, visit: Visit[Line]) -> bool:
        """Follow a redirect, if the request may; its time goes on counting from the same instant."""
        request = visit.line.lane.request
        target = transport.redirect_within(slot.handle) if visit.hops < request.follow else None
        if target is None:
            return False
        visit.hops += 1
        slot.handle.setopt(pycurl.URL, target)
        slot.start(slot.due, self._clock() - self._start, request.method)
        self._multi.add_handle(slot.handle)
        return True

    def _end_visit(self, visit: Visit[Line], outcome: str, pause_s: float = 0.0) -> None:
        flow, now = visit.flow, self._clock() - self._start
        if visit.journey is not None and outcome != "failed":
            journey = flow.journeys[visit.journey.name]
            if outcome == "completed":
                journey.completed += 1
                flow.latencies[visit.journey.name].add(max(0.0, now - visit.begun))
            else:
                journey.dropped += 1
        self._push(flow, flow.next_closed(visit.user, now + pause_s))

    def _end_if_asked(self, now: float) -> None:
        deadline_s = self._segment.deadline_s
        if not self._loop.stopping and (deadline_s is None or now < deadline_s):
            return
        self._result.stopped = True
        self._due.clear()
        for handle, slot in self._flying.items():
            self._multi.remove_handle(handle)
            slot.trip.line.tally.failed("given_up")  # type: ignore[attr-defined]
        self._flying.clear()

    def _wait(self) -> None:
        """Sleep until the next arrival, socket event or timeout of libcurl, whichever is first."""
        until_due = self._due[0][0] - (self._clock() - self._start) if self._due else _MAX_SELECT_S
        timeout = min(max(0.0, until_due), _MAX_SELECT_S)
        if not self._flying:
            if timeout and self._due:
                time.sleep(timeout)
            return
        curl_ms = self._multi.timeout()
        self._multi.select(min(timeout, curl_ms / 1000) if curl_ms >= 0 else timeout)

    def _sum_up(self) -> None:
        """Bring the result up to date with what waits to be counted."""
        for line in self._lines.values():
            line.tally.flush()
        self._result.lag = self._lag.flush()
        self._result.elapsed_s = self._clock() - self._start
        for flow in self._flows:
            self._result.journeys.update(flow.sum_up())
