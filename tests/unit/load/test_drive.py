"""The load loop with libcurl and the clock played: whatever answers do, every arrival ends in exactly one way."""

from __future__ import annotations

from random import Random

import pycurl
from hypothesis import given
from hypothesis import strategies as st

from gate.load.arrivals import arrivals
from gate.load.drive import Drive
from gate.load.histogram import Histogram
from gate.load.job import Expectation, Journey, Lane, Request, Schedule, Segment, SegmentResult, Stream
from gate.load.slot import Slot


class Clock:
    """Moves a little whenever it is read, and as long as anybody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 2e-6
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Handle:
    """Answered with a status of its own choice, or given up by libcurl."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._info: dict[int, object] = {}

    def begin(self) -> int:
        """What ``info_read`` will say of it: 0, or an error number."""
        self._info = {
            pycurl.RESPONSE_CODE: self._random.choice((200, 200, 200, 404)),
            pycurl.NUM_CONNECTS: self._random.choice((0, 0, 1)),
            pycurl.SIZE_DOWNLOAD_T: self._random.randrange(1000),
            pycurl.INFO_HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.INFO_COOKIELIST: [],
            pycurl.CONTENT_TYPE: "text/plain",
        }
        return self._random.choice((0, 0, 0, 0, pycurl.E_OPERATION_TIMEDOUT))

    def getinfo(self, what: int) -> object:
        return self._info.get(what, 0.001)

    def setopt(self, _option: int, _value: object) -> None:
        pass

    def close(self) -> None:
        pass


class Multi:
    """Ends the transfers that are under way in any order."""

    def __init__(self, random: Random, clock: Clock) -> None:
        self._random, self._clock = random, clock
        self._under_way: list[Handle] = []

    def add_handle(self, handle: Handle) -> None:
        assert handle not in self._under_way
        self._under_way.append(handle)

    def remove_handle(self, handle: Handle) -> None:
        if handle in self._under_way:
            self._under_way.remove(handle)

    def perform(self) -> None:
        pass

    def info_read(self) -> tuple[int, list[Handle], list[tuple[Handle, int, str]]]:
        ended = [handle for handle in self._under_way if self._random.random() < 0.3]
        done, failed = [], []
        for handle in ended:
            self._under_way.remove(handle)
            errno = handle.begin()
            failed.append((handle, errno, "")) if errno else done.append(handle)
        return 0, done, failed

    def timeout(self) -> int:
        return -1

    def select(self, timeout_s: float) -> None:
        self._clock.sleep(self._random.choice((timeout_s, timeout_s / 3, 2 * timeout_s)))


def lane(name: str) -> Lane:
    return Lane(name, Request("GET", f"http://h/{name}"), Expectation())


spacings = st.sampled_from(["poisson", "even"])
rates = st.builds(
    Schedule, rate_rps=st.floats(1, 5_000), count=st.integers(1, 200), seed=st.integers(0), spacing=spacings
)
users = st.builds(Schedule, users=st.integers(1, 9), count=st.integers(1, 200), think_s=st.sampled_from([0.0, 0.02]))
timed = st.builds(Schedule, users=st.integers(1, 9), for_s=st.floats(0.001, 0.05))
streams = st.builds(
    Stream,
    rates | users | timed,
    st.just((lane("a"), lane("b"))),
    st.sampled_from([(), (Journey("j", ("a", "b", "a")),)]),
)


def drive(stream: Stream, seed: int, *, max_in_flight: int, deadline_s: float | None) -> SegmentResult:
    random, clock = Random(seed), Clock()
    segment = Segment((stream,), max_in_flight=max_in_flight, deadline_s=deadline_s)

    def new_slot() -> Slot:
        return Slot(Handle(random), {})

    return Drive(segment, lambda: False, Multi(random, clock), new_slot, [], clock, None, clock.sleep).to_the_end()


@given(streams, st.integers(0), st.integers(1, 30), st.sampled_from([None, 0.01]))
def test_every_arrival_ends_in_exactly_one_of_completed_failed_and_dropped(stream, seed, most, deadline_s):
    result = drive(stream, seed, max_in_flight=most, deadline_s=deadline_s)
    lanes = result.lanes.values()
    for one in lanes:
        assert one.planned == one.sent + one.dropped
        assert one.sent == one.completed + sum(one.errors.values())
        assert one.sent == sum(one.statuses.values()) + one.errors.get("given_up", 0)
        assert Histogram(one.histogram).n == one.completed == sum(one.protocols.values())
    assert result.peak_in_flight <= most
    assert result.stopped or not any("given_up" in one.errors for one in lanes)
    if stream.schedule.is_open and not stream.journeys:
        assert Histogram(result.lag).n == sum(one.sent for one in lanes)


@given(rates, st.integers(0), st.integers(1, 30))
def test_arrivals_never_exceed_the_schedule_and_none_is_lost(schedule, seed, most):
    result = drive(Stream(schedule, (lane("a"),)), seed, max_in_flight=most, deadline_s=None)
    due = list(arrivals(schedule.course, schedule.seed, spacing=schedule.spacing, count=schedule.count))
    assert result.lanes["a"].planned == len(due)
    assert result.elapsed_s >= due[-1]


@given(streams, st.integers(0))
def test_every_journey_that_began_ends_in_one_way(stream, seed):
    result = drive(stream, seed, max_in_flight=5, deadline_s=None)
    for journey in result.journeys.values():
        assert Histogram(journey.histogram).n == journey.completed
        assert journey.completed + journey.dropped <= journey.begun
