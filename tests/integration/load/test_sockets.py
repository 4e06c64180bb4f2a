"""WebSockets against real servers: echoes, held connections, and every way in which they end."""

from __future__ import annotations

import asyncio
import http
import json
import os
import signal
import socket
import struct
import threading
import time

import pytest

from gate.load.channel import MESSAGE_CAP_BYTES
from gate.load.histogram import Histogram
from gate.load.job import (
    Expectation,
    Lane,
    Request,
    Schedule,
    Segment,
    SegmentResult,
    Socket,
    Source,
    Stage,
    Stream,
    Wire,
)
from tests.integration.load.servers import serving
from tests.integration.load.websocket_server import echo, hold, self_signed, serving_websockets


def segment(origin: str, schedule: Schedule, message: object = "hello", **more) -> Segment:
    request = Request(
        "GET",
        origin + more.pop("path", "/"),
        headers=more.pop("headers", {}),
        json=message,
        timeout_s=more.pop("timeout_s", 2.0),
    )
    lane = Lane("lane", request, more.pop("expect", Expectation()), socket=more.pop("socket", Socket()))
    return Segment((Stream(schedule, (lane,)),), **more)


def balanced(result: SegmentResult) -> bool:
    """Every turn ended in exactly one way."""
    lane = result.lanes["lane"]
    return lane.planned == lane.sent + lane.dropped and lane.sent == lane.completed + sum(lane.errors.values())


def test_users_connect_once_and_are_answered_until_they_leave(engine):
    with serving_websockets(echo) as server:
        result = engine.run(segment(server.origin, Schedule(users=3, for_s=0.6, think_s=0.02)))
    lane, talk = result.lanes["lane"], result.sockets["lane"]
    assert lane.completed > 15
    assert lane.errors == {}
    assert balanced(result)
    assert (talk.opened, talk.alive, talk.reconnected, talk.lost) == (3, 3, 0, {})
    assert Histogram(talk.connect).n == Histogram(talk.upgrade).n == 3
    assert Histogram(talk.echo) == Histogram(lane.histogram)
    assert Histogram(lane.first).n == 3
    assert len(server.paths) == 3
    assert server.close_codes == [1000] * 3


def test_messages_are_filled_in_and_only_the_echo_of_what_was_sent_is_its_answer(engine):
    received = []

    async def noisy(connection):
        async for message in connection:
            received.append(json.loads(message))
            await connection.send("news for everybody")
            await connection.send(message)

    with serving_websockets(noisy) as server:
        result = engine.run(
            segment(
                server.origin,
                Schedule(users=2, count=10),
                {"id": "{{uuid}}", "product": "{product}", "token": "${TOKEN}"},
                socket=Socket(echo=True),
                sources={"product": Source(low=7, high=7)},
                environment={"TOKEN": "secret"},
                run_token="run",
            )
        )
    assert result.lanes["lane"].completed == 10
    assert result.sockets["lane"].unasked == 10
    assert len({message["id"] for message in received}) == 10
    assert {(message["product"], message["token"]) for message in received} == {(7, "secret")}


def test_an_answer_must_hold_what_the_path_asks_for(engine):
    async def answers(connection):
        async for message in connection:
            await connection.send('{"data": {"id": 1}}' if message == "good" else '{"error": "no"}')

    with serving_websockets(answers) as server:
        ask = Schedule(users=1, count=2)
        path = Socket(path="$.data.id")
        good = engine.run(segment(server.origin, ask, "good", socket=path))
        bad = engine.run(segment(server.origin, ask, "bad", socket=path, timeout_s=0.2))
    assert good.lanes["lane"].completed == 2
    assert bad.lanes["lane"].errors == {"wrong_answer": 2}


def refuse(status: http.HTTPStatus):
    def process(connection, request):
        return None if request.headers.get("Authorization") == "token" else connection.respond(status, "no\n")

    return process


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refused_upgrade_is_an_error_by_its_status(engine, status):
    with serving_websockets(echo, process_request=refuse(http.HTTPStatus(status))) as server:
        refused = engine.run(segment(server.origin, Schedule(users=1, count=2)))
        welcome = engine.run(segment(server.origin, Schedule(users=1, count=2), headers={"Authorization": "token"}))
    assert refused.lanes["lane"].errors == {f"status_{status}": 2}
    assert refused.sockets["lane"].opened == 0
    assert balanced(refused)
    assert welcome.lanes["lane"].completed == 2


def test_a_server_that_asks_to_slow_down_ends_the_segment(engine):
    with serving_websockets(echo, process_request=refuse(http.HTTPStatus(429))) as server:
        result = engine.run(segment(server.origin, Schedule(users=2, for_s=30)))
    assert result.throttled
    assert result.elapsed_s < 5


def test_fifty_connections_are_held_and_pings_answered(engine):
    with serving_websockets(hold, ping_interval=0.2, ping_timeout=0.6) as server:
        result = engine.run(segment(server.origin, Schedule(users=50, for_s=1.5), None, timeout_s=0.5))
    lane, talk = result.lanes["lane"], result.sockets["lane"]
    assert (lane.planned, lane.completed, talk.opened, talk.alive, talk.lost) == (50, 50, 50, 50, {})
    assert server.most_open == 50
    assert server.close_codes == [1000] * 50
    assert result.cpu_s < 0.5 * result.elapsed_s, "the loop must sleep while nothing happens"


def test_held_connections_that_the_server_ends_are_lost_by_close_code(engine):
    async def tired(connection):
        number = len(server.paths)
        if number <= 4:
            await asyncio.sleep(0.2)
            await connection.close(4001 if number <= 3 else 1001)
        else:
            await hold(connection)

    with serving_websockets(tired) as server:
        result = engine.run(segment(server.origin, Schedule(users=6, for_s=0.8), None))
    talk = result.sockets["lane"]
    assert (talk.alive, talk.lost) == (2, {"4001": 3, "1001": 1})
    assert result.lanes["lane"].errors == {"closed_4001": 3, "closed_1001": 1}
    assert balanced(result)


def test_users_connect_again_to_a_server_that_closes_after_some_messages(engine):
    async def two_only(connection):
        for _ in range(2):
            await connection.send(await connection.recv())
        await connection.close(1012)

    with serving_websockets(two_only) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, count=9, think_s=0.03)))
    lane, talk = result.lanes["lane"], result.sockets["lane"]
    # Two answered, one failed by the loss, three times over.
    assert (lane.completed, lane.errors) == (6, {"closed_1012": 3})
    assert (talk.opened, talk.reconnected, talk.lost) == (3, 2, {"1012": 3})
    assert balanced(result)
    assert server.close_codes[:2] == [1012] * 2


def test_a_reset_in_place_of_an_answer_is_1006(engine):
    async def reset(connection):
        await connection.recv()
        raw = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.transport.abort()

    with serving_websockets(reset) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, count=2)))
    assert result.lanes["lane"].errors == {"closed_1006": 2}
    assert result.sockets["lane"].lost == {"1006": 2}


def test_arrivals_connect_ask_and_close(engine):
    with serving_websockets(echo) as server:
        result = engine.run(segment(server.origin, Schedule(rate_rps=100, count=50, seed=1), keep_samples=True))
    lane, talk = result.lanes["lane"], result.sockets["lane"]
    assert (lane.planned, lane.completed, lane.errors) == (50, 50, {})
    assert talk.opened == len(server.paths) == Histogram(talk.echo).n == Histogram(lane.first).n == 50
    assert Histogram(result.lag).n == 50
    assert server.close_codes == [1000] * 50
    # Due to answered holds connecting and the echo.
    assert min(lane.samples) > 0
    assert sum(lane.samples) >= sum(lane.service)
    assert Histogram(lane.histogram).quantile(0.5) > Histogram(talk.echo).quantile(0.5)


def test_a_stall_is_seen_by_every_arrival_that_fell_due_during_it(engine):
    """No coordinated omission: the server, all of it, freezes once for 300 ms."""
    stalled = threading.Event()

    async def stall(connection):
        if len(server.paths) == 40 and not stalled.is_set():
            stalled.set()
            time.sleep(0.3)
        await echo(connection)

    with serving_websockets(stall) as server:
        result = engine.run(segment(server.origin, Schedule(rate_rps=100, count=100, seed=3), keep_samples=True))
    samples = result.lanes["lane"].samples
    assert len(samples) == 100
    assert sum(sample > 0.05 for sample in samples) >= 15
    assert max(samples) >= 0.28


def test_a_server_that_does_not_answer_is_a_timeout_and_left(engine):
    with serving_websockets(hold) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, count=2), timeout_s=0.2))
    assert result.lanes["lane"].errors == {"timeout": 2}
    assert result.sockets["lane"].reconnected == 1


def test_messages_of_any_size_up_to_the_cap_come_back_whole(engine):
    with serving_websockets(echo) as server:
        large = engine.run(
            segment(server.origin, Schedule(users=1, count=3), "x" * MESSAGE_CAP_BYTES, socket=Socket(echo=True))
        )
        empty = engine.run(segment(server.origin, Schedule(users=1, count=2), "", socket=Socket(echo=True)))
        huge = engine.run(segment(server.origin, Schedule(users=1, count=1), "x" * (MESSAGE_CAP_BYTES + 1)))
    assert large.lanes["lane"].completed == 3
    assert large.lanes["lane"].body_min == large.lanes["lane"].body_max == MESSAGE_CAP_BYTES
    assert empty.lanes["lane"].completed == 2
    assert huge.lanes["lane"].errors == {"too_large": 1}


async def endless(connection):
    await connection.recv()
    await connection.send(["x" * 2**16] * 2**6)  # fragments of one message


async def whole(connection):
    await connection.recv()
    await connection.send("x" * (MESSAGE_CAP_BYTES + 1))


@pytest.mark.parametrize("handler", [endless, whole])
def test_a_huge_message_is_an_error_and_not_read_to_its_end(engine, handler):
    async def answers(connection):
        await handler(connection)
        await hold(connection)

    with serving_websockets(answers) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, count=2)))
    assert result.lanes["lane"].errors == {"too_large": 2}


def test_a_server_that_never_stops_sending_keeps_nobody_from_leaving(engine):
    async def flood(connection):
        while True:
            await connection.send("x" * 1000)

    with serving_websockets(flood) as server:
        result = engine.run(segment(server.origin, Schedule(users=2, for_s=0.3, think_s=0.05)))
    assert result.elapsed_s < 3
    assert result.sockets["lane"].unasked > 0
    assert balanced(result)


GARBAGE = {
    "no HTTP": (b"\x00\x01\x02 what\r\n\r\n", "protocol"),
    "no answer": (b"", "empty_reply"),
    "wrong accept": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: bm8=\r\n\r\n",
        "protocol",
    ),
    "a page": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "status_200"),
}


@pytest.mark.parametrize(("raw", "kind"), list(GARBAGE.values()), ids=GARBAGE.keys())
def test_garbage_in_place_of_an_upgrade_is_an_error(engine, raw, kind):
    def garbage(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(raw)
        return False

    with serving(garbage) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, count=2)))
    assert result.lanes["lane"].errors == {kind: 2}
    assert balanced(result)


def test_garbage_after_the_upgrade_is_a_lost_connection(engine):
    async def garbage(connection):
        await connection.recv()
        connection.transport.write(b"\xff\xff\xff\xff not a frame")
        await hold(connection)

    with serving_websockets(garbage) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, count=1)))
    assert result.lanes["lane"].errors == {"closed_1006": 1}


def test_a_subprotocol_must_be_one_that_was_offered(engine):
    ask = Schedule(users=1, count=1)
    with serving_websockets(echo, subprotocols=["chat.v2"]) as server:
        offered = engine.run(segment(server.origin, ask, socket=Socket(subprotocols=("chat.v1", "chat.v2"))))
    with serving_websockets(echo) as server:
        ignored = engine.run(segment(server.origin, ask, socket=Socket(subprotocols=("chat.v1",))))
    assert offered.lanes["lane"].completed == 1
    assert ignored.lanes["lane"].errors == {"subprotocol": 1}


def test_users_come_as_the_course_says_and_are_shared_by_workers(engine):
    with serving_websockets(echo) as server:
        result = engine.run(segment(server.origin, Schedule(users=5, for_s=2.0, think_s=0.05)), workers=2)
    talk = result.sockets["lane"]
    assert (talk.opened, talk.alive, server.most_open) == (5, 5, 5)
    assert balanced(result)


def test_connections_beyond_the_cap_are_dropped_and_counted(engine):
    with serving_websockets(hold) as server:
        result = engine.run(segment(server.origin, Schedule(users=6, for_s=0.3), None, max_in_flight=4))
    lane = result.lanes["lane"]
    assert (lane.planned, lane.sent, lane.dropped, result.sockets["lane"].alive) == (6, 4, 2, 4)
    assert server.most_open == 4


def test_a_deadline_ends_held_connections_and_keeps_what_was_measured(engine):
    with serving_websockets(hold) as server:
        result = engine.run(segment(server.origin, Schedule(users=3, for_s=30), None, deadline_s=0.4))
    assert result.stopped
    assert result.elapsed_s < 1.4
    assert (result.sockets["lane"].alive, result.lanes["lane"].errors) == (3, {"given_up": 3})


def test_a_stop_signal_ends_the_segment_within_a_second(engine):
    def stop() -> None:
        time.sleep(0.4)
        os.kill(engine.pids[0], signal.SIGUSR1)

    with serving_websockets(echo) as server:
        threading.Thread(target=stop).start()
        result = engine.run(segment(server.origin, Schedule(users=2, for_s=30, think_s=0.02)))
    assert result.stopped
    assert result.elapsed_s < 1.4
    assert result.lanes["lane"].completed > 0
    assert balanced(result)


def test_names_are_resolved_as_the_run_resolved_them_and_no_proxy_is_used(engine, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving_websockets(echo) as server:
        port = server.origin.rpartition(":")[2]
        wire = Wire(resolve=(f"preview.invalid:{port}:127.0.0.1",))
        result = engine.run(segment(f"ws://preview.invalid:{port}", Schedule(users=1, count=2), wire=wire))
    assert result.lanes["lane"].completed == 2


def test_over_tls_only_a_server_that_is_vouched_for_is_spoken_to(engine, tmp_path):
    context, certificate = self_signed(tmp_path)
    with serving_websockets(echo, ssl=context) as server:
        ask = Schedule(users=2, for_s=0.3, think_s=0.02)
        strange = engine.run(segment(server.origin, Schedule(users=1, count=1)))
        trusted = engine.run(segment(server.origin, ask, wire=Wire(ca=certificate)))
        held = engine.run(segment(server.origin.replace("wss:", "https:"), ask, None, wire=Wire(ca=certificate)))
    assert strange.lanes["lane"].errors == {"tls": 1}
    assert trusted.lanes["lane"].errors == held.lanes["lane"].errors == {}
    assert trusted.lanes["lane"].completed > 4
    assert Histogram(trusted.lanes["lane"].phases["tls"]).n == 2
    assert held.sockets["lane"].alive == 2


def test_large_messages_wait_for_a_server_that_reads_slowly_and_pongs_for_their_end(engine):
    async def slow(connection):
        for _ in range(3):
            connection.transport.pause_reading()
            await connection.ping()
            await asyncio.sleep(0.1)
            connection.transport.resume_reading()
            await connection.send(await connection.recv())
        await hold(connection)

    with serving_websockets(slow) as server:
        message = "x" * MESSAGE_CAP_BYTES
        result = engine.run(segment(server.origin, Schedule(users=4, count=12), message, socket=Socket(echo=True)))
    assert (result.lanes["lane"].completed, result.lanes["lane"].errors) == (12, {})
    assert result.cpu_s < 0.7 * result.elapsed_s, "the loop must sleep while there is no room"


def test_users_come_one_after_the_other_on_a_ramp(engine):
    with serving_websockets(echo) as server:
        ramp = Schedule(stages=(Stage(0, 4, 0.8), Stage(4, 4, 0.2)), stages_of="users", think_s=0.1)
        result = engine.run(segment(server.origin, ramp, keep_samples=True))
    assert result.sockets["lane"].alive == 4
    # The four are there for 0.8, 0.6, 0.4 and 0.2 s; had they come at once, each would have asked ten times.
    assert 4 <= result.lanes["lane"].completed <= 25


def test_arrivals_with_nothing_to_say_time_the_opening(engine):
    with serving_websockets(hold) as server:
        result = engine.run(segment(server.origin, Schedule(rate_rps=100, count=20, seed=4), None))
    lane, talk = result.lanes["lane"], result.sockets["lane"]
    assert (lane.completed, talk.opened, Histogram(lane.histogram).n) == (20, 20, 20)
    assert Histogram(talk.echo).n == 0
    assert server.close_codes == [1000] * 20


def test_a_value_that_is_missing_is_an_error_by_name(engine):
    with serving_websockets(echo) as server:
        message = engine.run(segment(server.origin, Schedule(users=1, count=2), "{nothing}"))
        path = engine.run(segment(server.origin, Schedule(users=1, count=2), path="/{nowhere}"))
    assert message.lanes["lane"].errors == {"no_value_nothing": 2}
    assert path.lanes["lane"].errors == {"no_value_nowhere": 2}
    assert balanced(message)
    assert balanced(path)


def test_a_refused_user_does_not_storm_the_server(engine):
    with serving_websockets(echo, process_request=refuse(http.HTTPStatus.NOT_FOUND)) as server:
        result = engine.run(segment(server.origin, Schedule(users=1, for_s=0.55)))
    assert 2 <= result.lanes["lane"].sent <= 6


def test_workers_answer_requests_and_websockets_one_after_the_other(engine):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        return True

    with serving(behave) as pages, serving_websockets(echo) as sockets:
        page = Lane("page", Request("GET", pages.origin + "/"), Expectation())
        for _ in range(2):
            of_pages = engine.run(Segment((Stream(Schedule(users=1, count=3), (page,)),)))
            of_sockets = engine.run(segment(sockets.origin, Schedule(users=1, count=3)))
            assert of_pages.lanes["page"].completed == of_sockets.lanes["lane"].completed == 3
        assert pages.connections == 1, "connections for requests are kept meanwhile"
