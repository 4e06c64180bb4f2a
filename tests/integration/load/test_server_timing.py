"""Server-Timing under load: counted by lane, across redirects and journeys, whatever servers say."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from gate.load.job import Expectation, Journey, Lane, Request, Schedule, Segment, Source, Stream, Wire
from tests.integration.load.servers import answer, serving

PLAIN = "Content-Type: application/json\r\n"


def told(connection: socket.socket, line: str, number: int) -> bool:
    """As many queries as the path says; a redirect to /5 says one itself; every tenth of /odd is an error."""
    path = line.split(" ")[1].rpartition("/")[2]
    if path == "redirect":
        connection.sendall(answer(302, b"", f'{PLAIN}Location: /5\r\nServer-Timing: db;dur=1;desc="1 queries"\r\n'))
    else:
        count = 3 if path == "odd" else int(path)
        status = 500 if path == "odd" and number % 10 == 0 else 200
        connection.sendall(answer(status, b"{}", f'{PLAIN}Server-Timing: db;dur=2;desc="{count} queries"\r\n'))
    return True


def lane(origin: str, path: str, follow: int = 0) -> Lane:
    return Lane(path, Request("GET", f"{origin}/{path}", timeout_s=5.0, follow=follow), Expectation())


def segment(*lanes: Lane, count: int = 60, journeys: tuple[Journey, ...] = ()) -> Segment:
    return Segment((Stream(Schedule(users=4, count=count), lanes, journeys),), server_timing=True)


def test_each_lane_has_its_own_counts_and_errors_have_none(engine):
    with serving(told) as server:
        result = engine.run(segment(*(lane(server.origin, path) for path in ("0", "2", "odd"))))
    for path, number in (("0", 0), ("2", 2), ("odd", 3)):
        done = result.lanes[path]
        assert done.completed > 0
        assert done.server.queries == {number: done.completed}
        assert done.server.looked == done.server.told == sum(done.server.times["db"].values()) == done.completed
    assert result.lanes["odd"].errors["status_500"] > 0


def test_the_stops_of_a_redirect_add_up(engine):
    with serving(told) as server:
        result = engine.run(segment(lane(server.origin, "redirect", follow=3), count=20))
    assert result.lanes["redirect"].server.queries == {6: 20}


def test_varying_requests_and_journeys_are_read_too(engine):
    with serving(told) as server:
        varied = replace(lane(server.origin, "{n}"), name="varied")
        values = replace(segment(varied, count=40), sources={"n": Source(rows=(1, 4, 4, 7), pick="order")})
        alone = engine.run(values).lanes["varied"]
        steps = (lane(server.origin, "1"), lane(server.origin, "2"))
        both = engine.run(segment(*steps, journeys=(Journey("j", ("1", "2")),), count=25)).lanes
    assert alone.server.queries == {1: 10, 4: 20, 7: 10}
    assert (both["1"].server.queries, both["2"].server.queries) == ({1: 25}, {2: 25})


def test_workers_add_up(engine):
    with serving(told) as server:
        both = replace(segment(lane(server.origin, "2")), streams=(
            Stream(Schedule(rate_rps=200, for_s=0.5), (lane(server.origin, "2"),)),
        ))  # fmt: skip
        done = engine.run(both, workers=2).lanes["2"]
    assert done.server.queries == {2: done.completed}
    assert done.completed > 50


def test_nobody_looks_unless_asked(engine):
    with serving(told) as server:
        plain = replace(segment(lane(server.origin, "2")), server_timing=False)
        server_result = engine.run(plain).lanes["2"].server
    assert (server_result.looked, server_result.told, server_result.queries, server_result.times) == (0, 0, {}, {})


@pytest.mark.parametrize("wire", [Wire(), Wire(compression=True)])
@pytest.mark.parametrize(
    "header",
    [
        "Server-Timing: " + "db;dur=1," * 5000,
        "".join(f"Server-Timing: x{number};dur=1\r\n" for number in range(2000)).rstrip(),
        'Server-Timing: db;dur=1;desc="' + "\\" * 4000,
        "Server-Timing: db;dur=NaN;desc=1",
        "Server-Timing: db;dur=1;desc=1\r\nServer-Timing: \x7f\x01",
    ],
    ids=["long", "many", "unended", "not a number", "control characters"],
)
def test_hostile_headers_are_counted_as_unread_and_change_nothing_else(engine, header, wire):
    def hostile(connection: socket.socket, line: str, number: int) -> bool:
        connection.sendall(answer(200, b"{}", f"{PLAIN}{header}\r\n"))
        return True

    with serving(hostile) as server:
        done = engine.run(replace(segment(lane(server.origin, "0"), count=30), wire=wire)).lanes["0"]
    assert (done.completed, done.errors) == (30, {})
    assert (done.server.looked, done.server.told, done.server.unread) == (30, 0, 30)
    assert (done.server.queries, done.server.times) == ({}, {})
