"""Loads that change over time, several workers, and segments that end before their time."""

from __future__ import annotations

import itertools
import socket
import threading
import time

import pytest

from gate.errors import NotMeasured
from gate.load.arrivals import Stage
from gate.load.engine import Engine
from gate.load.histogram import Histogram
from gate.load.job import Expectation, Lane, Request, Schedule, Segment, Source, Stream, Walk
from gate.load.process import Process
from tests.integration.load.servers import Server, answer, serving, steady


def segment(server: Server, schedule: Schedule, request: Request | None = None, **more) -> Segment:
    lane = Lane("lane", request or Request("GET", server.origin + "/", timeout_s=5.0), Expectation())
    return Segment((Stream(schedule, (lane,)),), **more)


def test_a_ramp_of_the_rate_sends_its_area_and_more_of_it_late(engine):
    with serving(steady()) as server:
        schedule = Schedule(stages=(Stage(0, 200, 1.0),), seed=3, spacing="even")
        result = engine.run(segment(server, schedule, keep_samples=True))
    lane = result.lanes["lane"]
    assert lane.planned == lane.sent == lane.completed == 100
    assert result.elapsed_s > 0.9


def test_users_ramp_up_and_down(engine):
    seen: list[tuple[float, int]] = []
    now = itertools.count()
    lock = threading.Lock()
    inside = 0

    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        nonlocal inside
        with lock:
            inside += 1
            seen.append((next(now), inside))
        time.sleep(0.02)
        with lock:
            inside -= 1
        connection.sendall(answer())
        return True

    with serving(behave) as server:
        stages = (Stage(0, 8, 0.6), Stage(8, 0, 0.6))
        result = engine.run(segment(server, Schedule(stages=stages, stages_of="users")))
    peaks = [count for _, count in seen]
    third = len(peaks) // 3
    assert result.peak_in_flight <= 8
    assert max(peaks[third : 2 * third]) > max(peaks[:5])
    assert max(peaks[-3:]) <= 4


@pytest.mark.parametrize("spacing", ["poisson", "even"])
def test_workers_send_the_whole_schedule_between_them(spacing):
    with serving(steady()) as server, Engine(most_workers=2) as engine:
        schedule = Schedule(rate_rps=200, count=101, seed=1, spacing=spacing)
        result = engine.run(segment(server, schedule, keep_samples=True), workers=2)
        assert len(engine.pids) == 2
        assert len(server.requests) == 101
    lane = result.lanes["lane"]
    assert (lane.planned, lane.completed, len(lane.samples)) == (101, 101, 101)
    assert Histogram(lane.histogram).n == Histogram(result.lag).n == 101


def test_no_arrival_is_sent_by_two_workers():
    """Each has a number of its own, and together they are the numbers of the schedule."""
    with serving(steady()) as server, Engine(most_workers=2) as engine:
        request = Request("GET", server.origin + "/{{seq}}", timeout_s=5.0)
        engine.run(segment(server, Schedule(rate_rps=400, count=100, seed=2), request), workers=2)
        numbers = sorted(int(line.split(" ")[1].lstrip("/")) for line in server.requests)
    assert numbers == list(range(1, 101))


def test_users_and_data_are_shared_out_without_overlap():
    with serving(steady()) as server, Engine(most_workers=2) as engine:
        request = Request("GET", server.origin + "/{id}", timeout_s=5.0)
        sources = {"id": Source(rows=tuple(range(1_000_000, 1_000_500)), pick="order")}
        engine.run(segment(server, Schedule(users=4, for_s=0.15, think_s=0.01), request, sources=sources), workers=2)
        assert 4 < len(server.requests) <= 500
        assert len(set(server.requests)) == len(server.requests)


def test_rows_reach_each_worker_once_and_walks_go_on_from_segment_to_segment(monkeypatch):
    told: list[tuple[int, str]] = []
    write = Process.write
    monkeypatch.setattr(Process, "write", lambda self, line: (told.append((self.pid, line[:5])), write(self, line))[1])
    rows = tuple({"id": number, "text": "x" * 200} for number in range(20_000))
    sources = {"row": Source(rows=rows, key="k", member="id", pick="order")}
    with serving(steady()) as server, Engine(most_workers=2) as engine:
        for number in range(3):
            request = Request("GET", server.origin + "/{row}", timeout_s=5.0, walk=Walk("lane", 60 * number))
            schedule = Schedule(rate_rps=400, count=60, seed=number)
            engine.run(segment(server, schedule, request, sources=sources), workers=2)
        asked = sorted(int(line.split("/")[1].split(" ")[0]) for line in server.requests)
    assert asked == list(range(180))
    assert [line for _, line in told].count("rows ") == 2 == len({pid for pid, line in told if line == "rows "})


def test_one_worker_that_dies_ends_it_all():
    with serving(steady(0.2)) as server, Engine(most_workers=2) as engine:
        engine.run(segment(server, Schedule(users=2, for_s=0.01)), workers=2)
        import os
        import signal

        threading.Timer(0.3, os.kill, (engine.pids[1], signal.SIGKILL)).start()
        with pytest.raises(NotMeasured, match="load worker ended with code -9"):
            engine.run(segment(server, Schedule(users=2, for_s=5.0)), workers=2)


def test_capacity_is_measured_once_and_bounds_what_may_be_planned(engine):
    capacity = engine.capacity_rps()
    assert capacity > 1_000
    assert engine.capacity_rps() == capacity
    assert engine.workers_for(capacity / 4) == 1
    with pytest.raises(NotMeasured, match="the suite asks for"):
        Engine.workers_for(engine, capacity * 100)


def test_fresh_connections_are_opened_for_each_request(engine):
    with serving(steady()) as server:
        request = Request("GET", server.origin + "/", connections="fresh", timeout_s=5.0)
        lane = engine.run(segment(server, Schedule(users=1, count=5), request)).lanes["lane"]
        assert server.connections == lane.new_connections == 5
    assert Histogram(lane.first).n == Histogram(lane.phases["connect"]).n == 5


def test_phases_tell_waiting_from_receiving(engine):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        time.sleep(0.05)
        whole = answer(body=b"x" * 20)
        connection.sendall(whole[:-10])
        time.sleep(0.1)
        connection.sendall(whole[-10:])
        return True

    with serving(behave) as server:
        lane = engine.run(segment(server, Schedule(users=1, count=5))).lanes["lane"]
    wait, receive = (Histogram(lane.phases[phase]).quantile(0.5) for phase in ("wait", "receive"))
    assert 0.05 <= wait < 0.1 <= receive
    assert receive / wait > 1.3
    assert lane.protocols == {"1.1": 5}
    assert Histogram(lane.phases["connect"]).n == Histogram(lane.first).n == 1


def test_a_deadline_ends_a_segment_whatever_the_preview_does(engine):
    with serving(steady(30.0)) as server:
        result = engine.run(segment(server, Schedule(rate_rps=50, count=200, seed=1), deadline_s=0.5))
    lane = result.lanes["lane"]
    assert result.stopped
    assert lane.completed == 0
    assert lane.planned == lane.sent == sum(lane.errors.values()) == lane.errors["given_up"]
    assert lane.sent < 200


@pytest.mark.parametrize(
    ("raw", "word"), [(answer(429), "throttled"), (answer(403, headers="Content-Type: text/html\r\n"), "protected")]
)
def test_a_preview_that_does_not_answer_itself_ends_a_segment_early(engine, raw, word):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(raw)
        return True

    with serving(behave) as server:
        result = engine.run(segment(server, Schedule(rate_rps=50, for_s=30.0, seed=1)))
        assert 5 <= len(server.requests) < 20
    assert getattr(result, word)


def test_a_few_pages_of_another_among_sound_answers_end_nothing(engine):
    def behave(connection: socket.socket, _line: str, number: int) -> bool:
        connection.sendall(answer(403, headers="Content-Type: text/html\r\n") if number % 2 else answer())
        return True

    with serving(behave) as server:
        result = engine.run(segment(server, Schedule(users=1, count=20)))
    assert not result.protected
    assert result.lanes["lane"].errors == {"protected": 10}


def test_progress_is_told_while_it_runs(engine):
    told = []
    with serving(steady()) as server:
        engine.run(segment(server, Schedule(rate_rps=50, for_s=2.3, seed=1)), tell=told.append)
    assert len(told) == 2
    assert told[0].sent < told[1].sent
    assert told[1].completed > 0
    assert told[1].p50_s is not None


def test_what_was_measured_before_a_signal_is_kept():
    class Signal(Exception):
        pass

    with serving(steady()) as server, Engine() as engine:

        def tell(_now: object) -> None:
            raise Signal

        with pytest.raises(Signal):
            engine.run(segment(server, Schedule(rate_rps=50, for_s=30.0, seed=1)), tell=tell)
        began = time.monotonic()
        result = engine.salvage()
        assert time.monotonic() - began < 1.0
        assert result is not None
        assert result.stopped
        assert result.lanes["lane"].completed > 10
        again = engine.run(segment(server, Schedule(users=1, count=3)))
        assert again.lanes["lane"].completed == 3, "the workers live on"
