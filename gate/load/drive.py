"""One segment of requests in motion: sends what is due, counts what cannot be sent, goes on with whoever was answered.

An arrival has an absolute due instant; its latency counts from there, so a stall of the preview is seen by every
request that would have been made meanwhile (no coordinated omission).
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable

import pycurl

from gate.load import transport
from gate.load.answered import count_answer
from gate.load.filler import Filler
from gate.load.flow import Flow, Visit
from gate.load.job import Segment, SegmentResult
from gate.load.line import Line
from gate.load.pause import Pause
from gate.load.refusals import Refusals
from gate.load.slot import Slot
from gate.load.tally import Batch
from gate.load.trace import Traces
from gate.load.turns import Turns

_NO_VALUE = "no_value"
_PAUSE_S = 0.01
"""Of a user who could not even ask; without it the loop would serve nobody else."""


class Drive:
    """One segment in motion; instants are seconds since it began.

    Parameters
    ----------
    is_stopping : callable
        Whether a signal asked for the end.
    new_slot : callable
        Makes a handle.
    spare : list of Slot
        Handles of no lane, kept from earlier segments.
    tell : callable, optional
        Called about once a second with the result so far and the seconds since the start.
    """

    def __init__(
        self,
        segment: Segment,
        is_stopping: Callable[[], bool],
        multi: pycurl.CurlMulti,
        new_slot: Callable[[], Slot],
        spare: list[Slot],
        clock: Callable[[], float],
        tell: Callable[[SegmentResult, float], None] | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        filler = Filler(segment)
        traces = Traces(segment.trace, segment.part, segment.parts) if segment.trace else None
        self._segment = segment
        self._is_stopping = is_stopping
        self._multi = multi
        self._clock = clock
        self._pause = Pause(multi, sleep)
        self._start = 0.0
        self._lines = {
            lane.name: Line(lane, segment, filler, new_slot, spare, traces)
            for stream in segment.streams
            for lane in stream.lanes
        }
        self._flows = [Flow(stream, self._lines, segment) for stream in segment.streams]
        self._tie = itertools.count()
        self._due: list[tuple[float, int, Visit[Line]]] = []
        self._flying: dict[pycurl.Curl, Slot] = {}
        self._lag = Batch()
        self._result = SegmentResult({name: line.tally.result for name, line in self._lines.items()})
        self._turns = Turns(self._result, self._sum_up, tell)
        self._refusals = Refusals()

    def to_the_end(self) -> SegmentResult:
        """Drive it until every arrival was sent or dropped, and every answer is in or given up."""
        cpu_before = time.process_time()
        self._start = self._clock()
        for flow in self._flows:
            for due, user in flow.first():
                self._plan(due, Visit(flow, user))
        while self._due or self._flying:
            now = self._now()
            self._send_due(now)
            self._multi.perform()
            self._collect()
            self._end_if_asked(now)
            self._turns.look(now, self._now())
            if self._due or self._flying:
                left_s = self._due[0][0] - self._now() if self._due else math.inf
                self._pause.until(left_s, is_busy=bool(self._flying))
        self._result.cpu_s = time.process_time() - cpu_before
        self._sum_up()
        for line in self._lines.values():
            line.release()
        return self._result

    def _now(self) -> float:
        return self._clock() - self._start

    def _plan(self, due: float | None, visit: Visit[Line]) -> None:
        """None is never due."""
        if due is not None:
            heapq.heappush(self._due, (due, next(self._tie), visit))

    def _send_due(self, now: float) -> None:
        """Hand all that is due over to libcurl; what falls due meanwhile waits until it had its turn."""
        ready: list[Slot] = []
        while self._due and self._due[0][0] <= now:
            due, _, visit = heapq.heappop(self._due)
            if visit.step == 0:
                self._begin(visit, due)
            result = visit.line.tally.result
            result.planned += 1
            if len(self._flying) >= self._segment.max_in_flight:
                result.dropped += 1
                self._end_visit(visit, "dropped", now + _PAUSE_S)
                continue
            result.sent += 1
            slot = self._take(visit)
            if slot is None:
                self._end_visit(visit, "failed", now + _PAUSE_S)
                continue
            slot.is_timed = visit.flow.is_open and visit.step == 0
            slot.due = due
            ready.append(slot)
            self._flying[slot.handle] = slot
            self._multi.add_handle(slot.handle)
        if ready:
            self._note_sending(ready)

    def _note_sending(self, ready: list[Slot]) -> None:
        """Requests are sent as soon as libcurl has its turn, so this is when, and not when each was handed over."""
        sent = self._now()
        for slot in ready:
            slot.sent = sent
            if slot.is_timed:
                self._lag.add(sent - slot.due)
            else:
                slot.due = sent
        if len(self._flying) > self._result.peak_in_flight:
            self._result.peak_in_flight = len(self._flying)

    def _begin(self, visit: Visit[Line], due: float) -> None:
        """A user's next turn, or an arrival, after which the next one is planned."""
        flow = visit.flow
        if flow.is_open:
            self._plan(flow.next_open(), Visit(flow, 0))
        flow.begin(visit)
        visit.begun = due
        if visit.journey is not None:
            flow.journeys[visit.journey.name].begun += 1

    def _take(self, visit: Visit[Line]) -> Slot | None:
        """A handle ready to be sent; None if a value of the request is missing, which is counted."""
        line = visit.line
        try:
            slot = line.take(visit.flow.random, None if visit.journey is None else visit.values, visit.cookies)
        except KeyError as missing:
            line.tally.failed(f"{_NO_VALUE}_{missing.args[0]}")
            return None
        slot.trip = visit
        return slot

    def _collect(self) -> None:
        _, done, failed = self._multi.info_read()
        if not done and not failed:
            return
        now = self._now()
        for handle in done:
            self._finish(self._flying[handle], 0, now)
        for handle, errno, _ in failed:
            self._finish(self._flying[handle], errno, now)
        self._result.throttled, self._result.protected = self._refusals.are_throttling, self._refusals.are_protecting
        if self._result.throttled or self._result.protected:
            self._due.clear()

    def _finish(self, slot: Slot, errno: int, now: float) -> None:
        """Count one answer and go on with whoever asked."""
        visit: Visit[Line] = slot.trip
        line = visit.line
        self._multi.remove_handle(slot.handle)
        line.tally.result.resent += slot.end(now)
        if visit.hops < line.follow and errno == 0 and self._follows(slot, visit):
            return
        del self._flying[slot.handle]
        kind = count_answer(slot, line, errno, visit.values)
        if visit.journey is not None:
            visit.cookies = slot.handle.getinfo(pycurl.INFO_COOKIELIST)
        line.give_back(slot, is_journey=visit.journey is not None, as_it_was=not visit.hops)
        self._refusals.note(kind)
        if kind is not None:
            line.tally.failed(kind)
            self._end_visit(visit, "failed", now)
        elif visit.journey is not None and visit.step + 1 < len(visit.journey.steps):
            visit.flow.go_on(visit)
            self._plan(now + visit.flow.schedule.think_s, visit)
        else:
            self._end_visit(visit, "completed", now)

    def _follows(self, slot: Slot, visit: Visit[Line]) -> bool:
        """Follow a redirect within the same origin; its time goes on counting from the same instant."""
        target = transport.redirect_within(slot.handle)
        if target is None:
            return False
        visit.hops += 1
        slot.handle.setopt(pycurl.URL, target)
        slot.sent = self._now()
        self._multi.add_handle(slot.handle)
        return True

    def _end_visit(self, visit: Visit[Line], outcome: str, now: float) -> None:
        flow = visit.flow
        if visit.journey is not None and outcome != "failed":
            journey = flow.journeys[visit.journey.name]
            if outcome == "completed":
                journey.completed += 1
                flow.latencies[visit.journey.name].add(now - visit.begun)
            else:
                journey.dropped += 1
        visit.step = 0
        self._plan(flow.next_closed(visit.user, now), visit)

    def _end_if_asked(self, now: float) -> None:
        deadline_s = self._segment.deadline_s
        if not self._is_stopping() and (deadline_s is None or now < deadline_s):
            return
        self._result.stopped = True
        self._due.clear()
        for handle, slot in self._flying.items():
            self._multi.remove_handle(handle)
            handle.close()
            slot.trip.line.tally.failed("given_up")
        self._flying.clear()

    def _sum_up(self) -> None:
        """Bring the result up to date with what waits to be counted."""
        now = self._now()
        for line in self._lines.values():
            line.flush(now)
        self._result.lag = self._lag.flush()
        self._result.elapsed_s = now
        for flow in self._flows:
            self._result.journeys.update(flow.sum_up())
