"""The load loop: sends what is due, counts what cannot be sent, never waits for an answer before the next arrival.

One thread, libcurl's multi interface. An arrival has an absolute due instant; its latency counts from there, so a
stall of the preview is seen by every request that would have been made meanwhile (no coordinated omission).
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pycurl

from gate.load import arrivals, transport
from gate.load.filler import Filler
from gate.load.histogram import Histogram
from gate.load.job import Lane, LaneResult, Schedule, Segment, SegmentResult, Stream

_THROTTLE_LIMIT = 5
"""Answers that ask to slow down before the segment ends early."""
_MAX_SELECT_S = 0.05
"""Longest sleep between looks at sockets, so that a stop is seen quickly."""


@dataclass
class _Flight:
    stream: _RunningStream
    lane: Lane
    due: float
    sent: float


class _RunningStream:
    """One schedule in motion: yields due instants, and for users the next one after each answer."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.draw = Random(stream.schedule.seed)
        self._schedule = stream.schedule
        self._begun = 0
        self._open = _open_arrivals(stream.schedule)

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def first(self) -> list[float]:
        """Instants, relative to the start, at which the first requests are due."""
        if self._open is not None:
            return list(itertools.islice(self._open, 1))
        return [0.0 for _ in range(self._take(self._schedule.users or 1))]

    def next_open(self) -> list[float]:
        """The arrival after one that fell due."""
        return list(itertools.islice(self._open, 1)) if self._open is not None else []

    def next_closed(self, now: float) -> list[float]:
        """When the user whose answer just came asks again."""
        due = now + self._schedule.think_s
        is_over = self._schedule.for_s is not None and due >= self._schedule.for_s
        return [] if self._open is not None or is_over or not self._take(1) else [due]

    def _take(self, wanted: int) -> int:
        left = wanted if self._schedule.count is None else min(wanted, self._schedule.count - self._begun)
        self._begun += left
        return left

    def pick(self) -> Lane:
        lanes = self.stream.lanes
        return lanes[0] if len(lanes) == 1 else self.draw.choices(lanes, [lane.weight for lane in lanes])[0]


def _open_arrivals(schedule: Schedule) -> Iterator[float] | None:
    if schedule.rate_rps is None:
        return None
    return arrivals.poisson(schedule.rate_rps, schedule.seed, count=schedule.count, for_s=schedule.for_s)


class LoadLoop:
    """Runs segments over connections that live as long as the loop."""

    def __init__(self, ca: bytes, clock: Callable[[], float] = time.perf_counter) -> None:
        self._ca = ca
        self._clock = clock
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, 1000)
        self._idle: list[pycurl.Curl] = []
        self._once = transport.Once(clock)

    def run(self, segment: Segment) -> SegmentResult:
        """Drive one segment to its end: every arrival sent or dropped, every answer in or timed out."""
        return _Run(segment, self._multi, self._handle, self._idle.append, self._once, self._clock).drive()

    def _handle(self) -> pycurl.Curl:
        return self._idle.pop() if self._idle else transport.new_handle(self._ca)


class _Run:
    """One segment in motion."""

    def __init__(
        self,
        segment: Segment,
        multi: pycurl.CurlMulti,
        take: Callable[[], pycurl.Curl],
        give_back: Callable[[pycurl.Curl], None],
        once: transport.Once,
        clock: Callable[[], float],
    ) -> None:
        self._segment = segment
        self._multi = multi
        self._take = take
        self._give_back = give_back
        self._once = once
        self._clock = clock
        self._filler = Filler(segment)
        self._tie = itertools.count()
        self._due: list[tuple[float, int, _RunningStream]] = []
        self._flying: dict[pycurl.Curl, _Flight] = {}
        self._lanes = {lane.name: LaneResult() for stream in segment.streams for lane in stream.lanes}
        self._latencies = {name: Histogram() for name in self._lanes}
        self._lag = Histogram()
        self._throttles = 0
        self._peak = 0

    def drive(self) -> SegmentResult:
        cpu_before = time.process_time()
        self._start = self._clock()
        for stream in self._segment.streams:
            running = _RunningStream(stream)
            self._push(running, running.first())
        while self._due or self._flying:
            self._send_due()
            self._multi.perform()
            self._collect()
            self._wait()
        for name, histogram in self._latencies.items():
            self._lanes[name].histogram = histogram.counts()
        return SegmentResult(
            lanes=self._lanes,
            elapsed_s=self._clock() - self._start,
            lag=self._lag.counts(),
            cpu_s=time.process_time() - cpu_before,
            peak_in_flight=self._peak,
            throttled=self._throttles >= _THROTTLE_LIMIT,
        )

    def _push(self, stream: _RunningStream, instants: list[float]) -> None:
        for instant in instants:
            heapq.heappush(self._due, (instant, next(self._tie), stream))

    def _send_due(self) -> None:
        while self._due and self._due[0][0] <= self._clock() - self._start:
            due, _, stream = heapq.heappop(self._due)
            self._push(stream, stream.next_open())
            lane = stream.pick()
            self._lanes[lane.name].planned += 1
            if len(self._flying) >= self._segment.max_in_flight:
                self._lanes[lane.name].dropped += 1
                continue
            self._send(stream, lane, due)

    def _send(self, stream: _RunningStream, lane: Lane, due: float) -> None:
        handle = self._take()
        transport.prepare(handle, self._filler.fill(lane.request, stream.draw), lane.expect, transport.discard)
        self._once.guard(handle, lane.request.method)
        sent = self._clock() - self._start
        self._multi.add_handle(handle)
        self._multi.perform()
        self._flying[handle] = _Flight(stream, lane, due if stream.is_open else sent, sent)
        self._peak = max(self._peak, len(self._flying))
        self._lanes[lane.name].sent += 1
        if stream.is_open:
            self._lag.record(max(0.0, sent - due))

    def _collect(self) -> None:
        _, done, failed = self._multi.info_read()
        for handle, errno in [*((handle, 0) for handle in done), *((handle, errno) for handle, errno, _ in failed)]:
            flight = self._flying.pop(handle)
            self._count(flight, transport.answer_of(handle, errno, flight.lane.expect))
            self._once.done(handle)
            self._multi.remove_handle(handle)
            self._give_back(handle)
            self._push(flight.stream, flight.stream.next_closed(self._clock() - self._start))
        if self._throttles >= _THROTTLE_LIMIT:
            self._due.clear()

    def _count(self, flight: _Flight, answer: transport.Answer) -> None:
        lane = self._lanes[flight.lane.name]
        lane.statuses[str(answer.status)] = lane.statuses.get(str(answer.status), 0) + 1
        lane.new_connections += answer.is_new_connection
        if answer.kind is not None:
            lane.errors[answer.kind] = lane.errors.get(answer.kind, 0) + 1
            self._throttles += answer.kind == transport.THROTTLED
            return
        latency_s = flight.sent - flight.due + answer.total_s
        lane.completed += 1
        lane.body_bytes += answer.body_bytes
        lane.body_min = answer.body_bytes if lane.body_min is None else min(lane.body_min, answer.body_bytes)
        lane.body_max = answer.body_bytes if lane.body_max is None else max(lane.body_max, answer.body_bytes)
        self._latencies[flight.lane.name].record(latency_s)
        if self._segment.keep_samples:
            lane.samples.append(latency_s)
            lane.service.append(answer.total_s)

    def _wait(self) -> None:
        """Sleep until the next arrival, socket event or timeout of libcurl, whichever is first."""
        until_due = self._due[0][0] - (self._clock() - self._start) if self._due else _MAX_SELECT_S
        timeout = min(max(0.0, until_due), _MAX_SELECT_S)
        if not self._flying:
            time.sleep(timeout)
            return
        curl_ms = self._multi.timeout()
        self._multi.select(min(timeout, curl_ms / 1000) if curl_ms >= 0 else timeout)
