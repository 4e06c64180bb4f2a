"""The load engine against real servers: what was sent, what came back, and what the worker may see."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.errors import NotMeasured
from gate.load.engine import Engine
from gate.load.histogram import Histogram
from gate.load.job import Expectation, Lane, Request, Schedule, Segment, SegmentResult, Source, Stream
from gate.load.listening import Patience, answers
from gate.load.progress import Progress
from tests.integration.load.servers import Server, answer, serving, steady


def segment(server: Server, schedule: Schedule, path: str = "/", expect: Expectation | None = None, **more) -> Segment:
    request = Request("GET", server.origin + path, timeout_s=more.pop("timeout_s", 2.0))
    lane = Lane("lane", request, expect or Expectation())
    return Segment((Stream(schedule, (lane,)),), **more)


def run_one(engine: Engine, behaviour, **more) -> SegmentResult:
    with serving(behaviour) as server:
        return engine.run(segment(server, Schedule(users=1, count=4), **more))


def test_every_arrival_is_sent_and_counted(engine):
    with serving(steady()) as server:
        result = engine.run(segment(server, Schedule(rate_rps=200, count=100, seed=1)))
        lane = result.lanes["lane"]
        assert (lane.planned, lane.sent, lane.completed, lane.dropped) == (100, 100, 100, 0)
        assert len(server.requests) == 100
        assert Histogram(lane.histogram).n == Histogram(result.lag).n == 100


def test_connections_are_kept_between_segments_until_they_are_let_go(engine):
    with serving(steady()) as server:

        def opened() -> int:
            return engine.run(segment(server, Schedule(users=2, count=20))).lanes["lane"].new_connections

        assert (opened(), opened()) == (2, 0)
        engine.let_go()
        engine.let_go()
        assert (opened(), opened()) == (2, 0)


def test_a_stall_is_seen_by_every_request_that_fell_due_during_it(engine):
    """No coordinated omission: one stall of 300 ms delays some 30 of 100 requests due at 100/s, not one."""
    gate = {"until": 0.0}

    def stall(connection: socket.socket, _line: str, number: int) -> bool:
        if number == 40:
            gate["until"] = time.monotonic() + 0.3
        time.sleep(max(0.0, gate["until"] - time.monotonic()))
        connection.sendall(answer())
        return True

    with serving(stall) as server:
        result = engine.run(segment(server, Schedule(rate_rps=100, count=100, seed=3), keep_samples=True))
    samples = result.lanes["lane"].samples
    assert sum(sample > 0.05 for sample in samples) >= 15
    assert max(samples) >= 0.28


def test_users_wait_for_their_answers(engine):
    with serving(steady(0.02)) as server:
        result = engine.run(segment(server, Schedule(users=3, count=30)))
        assert result.lanes["lane"].completed == 30
        assert result.peak_in_flight == 3
        assert server.connections == 3


def test_sequential_count_is_one_at_a_time(engine):
    with serving(steady(0.005)) as server:
        result = engine.run(segment(server, Schedule(users=1, count=7)))
        assert (result.peak_in_flight, len(server.requests)) == (1, 7)


def test_think_time_separates_requests_of_a_user(engine):
    with serving(steady()) as server:
        result = engine.run(segment(server, Schedule(users=2, for_s=0.5, think_s=0.1)))
        # Two users, about five turns each in half a second; without thinking it would be hundreds.
        assert 4 <= result.lanes["lane"].completed <= 12


def test_a_mix_is_drawn_by_weight_and_repeatable(engine):
    def counts(server: Server) -> dict[str, int]:
        lanes = tuple(
            Lane(name, Request("GET", f"{server.origin}/{name}"), Expectation(), w) for name, w in (("a", 3), ("b", 1))
        )
        result = engine.run(Segment((Stream(Schedule(users=4, count=200, seed=9), lanes),)))
        return {name: lane.completed for name, lane in result.lanes.items()}

    with serving(steady()) as server:
        first, second = counts(server), counts(server)
    assert first == second
    assert 120 <= first["a"] <= 180
    assert first["a"] + first["b"] == 200


def test_what_cannot_be_sent_is_dropped_and_counted(engine):
    with serving(steady(0.3)) as server:
        result = engine.run(segment(server, Schedule(rate_rps=200, count=60, seed=2), max_in_flight=5))
    lane = result.lanes["lane"]
    assert lane.planned == 60
    assert lane.dropped > 0
    assert lane.sent + lane.dropped == 60
    assert result.peak_in_flight == 5


def every_second_dies(connection: socket.socket, _line: str, number: int) -> bool:
    if number % 2:
        connection.sendall(answer())
    return bool(number % 2)


def test_a_request_whose_kept_connection_dies_under_it_is_an_error_and_never_sent_again(engine):
    with serving(every_second_dies) as server:
        lane = engine.run(segment(server, Schedule(users=1, count=10))).lanes["lane"]
        assert (lane.completed, lane.errors) == (5, {"reset": 5})
        assert len(server.requests) == 10


@pytest.mark.parametrize(("method", "errors"), [("GET", {}), ("POST", {"reset": 1})])
def test_only_a_safe_request_on_a_connection_that_lay_idle_may_be_sent_again(engine, method, errors):
    """There a server may close in the same instant, which says nothing of its answers; an order is never repeated."""
    with serving(every_second_dies) as server:
        request = Request(method, server.origin + "/", json={} if method == "POST" else None)
        stream = Stream(Schedule(users=1, count=2, think_s=1.2), (Lane("lane", request, Expectation()),))
        assert engine.run(Segment((stream,))).lanes["lane"].errors == errors


def test_connections_are_kept_between_segments(engine):
    with serving(steady()) as server:
        for _ in range(3):
            engine.run(segment(server, Schedule(users=1, count=5)))
        assert server.connections == 1


def test_templates_are_filled_from_seeded_draws_fixed_values_and_unique_ones(engine):
    with serving(steady()) as server:
        request = Request(
            "POST",
            server.origin + "/items/{id}?t=${TOKEN}",
            {"X-User": "{me.token}"},
            {"id": "{id}", "key": "{{uuid}}", "n": "no {id}"},
        )
        lane = Lane("lane", request, Expectation())
        made = Segment(
            (Stream(Schedule(users=1, count=3, seed=4), (lane,)),),
            environment={"TOKEN": "s3cret{id}"},
            values={"me.token": "abc"},
            sources={"id": Source(low=1, high=1000)},
            run_token="r1",
        )
        engine.run(made)
        engine.run(made)
        lines, bodies = server.requests, [head.split(b"\r\n\r\n")[1] for head in server.heads]
    assert lines[:3] == lines[3:], "equal seeds draw equal data"
    assert len(set(lines[:3])) > 1
    assert all("t=s3cret{id}" in line for line in lines), "what is filled in is not read again"
    assert b'"id":' in bodies[0]
    assert b'"id":"' not in bodies[0], "a placeholder alone stands for the number"
    assert len(set(bodies[:3])) == 3, "unique values differ"
    assert all(b"X-User".lower() in head.lower() for head in server.heads)


def test_both_models_judge_from_where_they_must(engine):
    """Open model: from the due instant. Closed model: from sending. With one slow server they differ."""
    with serving(steady(0.02)) as server:
        closed = engine.run(segment(server, Schedule(users=1, count=10), keep_samples=True)).lanes["lane"]
    assert statistics.median(closed.samples) == pytest.approx(statistics.median(closed.service))


@pytest.mark.parametrize(
    ("kind", "expect", "raw"),
    [
        ("status_500", Expectation(), answer(500)),
        ("protected", Expectation(), answer(302, headers="Location: http://127.0.0.1:1/\r\n")),
        ("status_302", Expectation(), answer(302, headers="Location: /login\r\n")),
        ("protected", Expectation(), answer(403, headers="Content-Type: text/html\r\n")),
        ("status_403", Expectation(), answer(403)),
        ("status_200", Expectation(statuses=(204,)), answer(200)),
        ("throttled", Expectation(), answer(429)),
        ("throttled", Expectation(), answer(503, headers="Retry-After: 7\r\n")),
        ("status_503", Expectation(), answer(503)),
        ("content_type", Expectation(media_type="application/json"), answer(headers="Content-Type: text/html\r\n")),
        ("body_too_small", Expectation(min_bytes=3), answer(body=b"ab")),
        ("too_large", Expectation(max_bytes=3), answer(body=b"abcd")),
    ],
)
def test_an_unexpected_answer_is_an_error_of_its_kind_and_no_latency(engine, kind, expect, raw):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(raw)
        return True

    lane = run_one(engine, behave, expect=expect).lanes["lane"]
    assert lane.errors == {kind: 4}
    assert lane.completed == 0
    assert lane.histogram == {}


def reset(connection: socket.socket, _line: str, _number: int) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silent_close(_connection: socket.socket, _line: str, _number: int) -> bool:
    return False


def short_body(connection: socket.socket, _line: str, _number: int) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    return False


def garbage(connection: socket.socket, _line: str, _number: int) -> bool:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    return False


def drip(connection: socket.socket, _line: str, _number: int) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(40):
        connection.sendall(b"x")
        time.sleep(0.05)
    return False


def slow_headers(connection: socket.socket, _line: str, _number: int) -> bool:
    for byte in b"HTTP/1.1 200 OK\r\nX-Endless: " + b"x" * 60:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("kind", "behave"),
    [
        ("reset", reset),
        ("empty_reply", silent_close),
        ("short_body", short_body),
        ("protocol", garbage),
        ("timeout", drip),
        ("timeout", slow_headers),
    ],
)
def test_a_broken_answer_is_an_error_of_its_kind(engine, kind, behave):
    lane = run_one(engine, behave, timeout_s=0.4).lanes["lane"]
    assert lane.errors == {kind: 4}


def test_an_endless_body_ends_at_the_cap(engine):
    def endless(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    lane = run_one(engine, endless, expect=Expectation(max_bytes=300_000), timeout_s=5.0).lanes["lane"]
    assert lane.errors == {"too_large": 4}


def test_a_refused_connection_is_an_error_of_its_kind(engine):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    request = Request("GET", f"http://127.0.0.1:{port}/")
    stream = Stream(Schedule(users=1, count=2), (Lane("lane", request, Expectation()),))
    assert engine.run(Segment((stream,))).lanes["lane"].errors == {"connect": 2}


def test_throttling_ends_the_segment_early(engine):
    def throttle(connection: socket.socket, _line: str, number: int) -> bool:
        connection.sendall(answer(429 if number > 20 else 200))
        return True

    with serving(throttle) as server:
        result = engine.run(segment(server, Schedule(rate_rps=200, count=400, seed=5)))
        assert result.throttled
        assert len(server.requests) < 200


def heads_of(engine: Engine, headers: dict[str, str]) -> list[str]:
    with serving(steady()) as server:
        lane = Lane("lane", Request("GET", server.origin + "/", headers), Expectation())
        engine.run(Segment((Stream(Schedule(users=1, count=1), (lane,)),)))
        return [line.lower() for line in server.heads[0].decode().split("\r\n")]


def test_a_request_says_who_asks_and_takes_anything_unless_told_otherwise(engine):
    usual = heads_of(engine, {})
    assert {"accept: */*", "user-agent: gate"} <= set(usual)
    told = heads_of(engine, {"Accept": "text/html", "User-Agent": "browser"})
    assert {"accept: text/html", "user-agent: browser"} <= set(told)
    assert not {"accept: */*", "user-agent: gate"} & set(told)


def test_a_value_that_is_not_ascii_goes_out_as_utf_8(engine):
    assert "authorization: token p4ss%wörd" in heads_of(engine, {"Authorization": "Token p4ss%wörd"})


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files through /proc")
def test_requests_that_are_given_up_leave_nothing_open(engine):
    def open_files() -> int:
        return len(os.listdir(f"/proc/{engine.pids[0]}/fd"))

    with serving(steady(5.0)) as server:
        cut = segment(server, Schedule(users=20, for_s=5.0), deadline_s=0.05, timeout_s=10.0)
        engine.run(cut)
        before = open_files()
        for _ in range(5):
            assert engine.run(cut).lanes["lane"].errors == {"given_up": 20}
        assert open_files() <= before


def test_redirects_are_never_followed(engine):
    with serving(steady()) as elsewhere:

        def redirect(connection: socket.socket, _line: str, _number: int) -> bool:
            connection.sendall(answer(302, headers=f"Location: {elsewhere.origin}/\r\n"))
            return True

        run_one(engine, redirect)
        assert elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    with serving(steady()) as proxy, serving(steady()) as server:
        monkeypatch.setenv("http_proxy", proxy.origin)
        with Engine() as started:
            assert started.run(segment(server, Schedule(users=1, count=3))).lanes["lane"].completed == 3
        assert proxy.requests == []


def test_the_worker_has_no_environment_and_no_rights(engine, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "canary")
    with Engine() as started, serving(steady()) as server:
        started.run(segment(server, Schedule(users=1, count=1)))
        environment = Path(f"/proc/{started.pids[0]}/environ").read_bytes()
        status = Path(f"/proc/{started.pids[0]}/status").read_text()
    assert b"canary" not in environment
    assert b"PATH" not in environment
    if os.getuid() == 0:
        assert "Uid:\t65534\t65534\t65534\t65534" in status


def test_a_killed_worker_is_noticed_and_nothing_is_used():
    with Engine() as started, serving(steady()) as server:
        os.kill(started.pids[0], signal.SIGKILL)
        with pytest.raises(NotMeasured, match="ended with code -9"):
            started.run(segment(server, Schedule(users=1, count=1)))


@contextmanager
def stopped_worker(silence_s: float) -> Iterator[Engine]:
    with Engine(most_workers=2, silence_s=silence_s) as started:
        os.kill(started.pids[0], signal.SIGSTOP)
        yield started


def test_a_worker_that_is_silent_is_given_up_whatever_it_should_do():
    with stopped_worker(0.5) as started, pytest.raises(NotMeasured, match="said nothing for"):
        started.capacity_rps()


def test_a_worker_that_takes_nothing_in_is_given_up():
    """A segment with many rows does not fit into a pipe that nobody reads."""
    sources = {"id": Source(rows=tuple(range(100_000)))}
    with stopped_worker(0.5) as started, serving(steady()) as server, pytest.raises(NotMeasured, match="said nothing"):
        started.run(segment(server, Schedule(users=1, count=1), sources=sources))


def test_one_silent_worker_of_two_is_noticed_while_the_other_goes_on_telling():
    told: list[Progress] = []
    with stopped_worker(2.5) as started, serving(steady()) as server, pytest.raises(NotMeasured, match="said nothing"):
        started.run(segment(server, Schedule(rate_rps=20, for_s=60)), workers=2, tell=told.append)
    assert told, "the other one lives"


class Speaker:
    """Has always something to say, line by line, and the last line again and again; no worker of ours does."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self._reader, writer = os.pipe()
        os.close(writer)  # readable for ever

    def fileno(self) -> int:
        return self._reader

    def lines(self) -> list[str]:
        return [self._lines.pop(0) if len(self._lines) > 1 else self._lines[0]]


def test_a_worker_that_tells_but_never_ends_is_given_up_after_its_deadline():
    patience = Patience(silence_s=5.0, whole_s=0.2)
    with pytest.raises(NotMeasured, match="had not ended"):
        answers([Speaker("progress {}")], patience, lambda _worker, _told: None)


def test_a_gate_that_is_held_up_itself_calls_no_worker_silent():
    """A terminal that is paused, or a log that nobody reads, for longer than the patience with workers."""
    speakers = [Speaker("progress {}", f"result {number}") for number in range(2)]
    assert answers(speakers, Patience(silence_s=0.2), lambda _worker, _told: time.sleep(0.3)) == ["0", "1"]


def test_the_worker_ends_with_the_gate():
    with Engine() as started:
        pid = started.pids[0]
    assert not Path(f"/proc/{pid}").exists()
