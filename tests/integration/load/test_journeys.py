"""Journeys: values and cookies of one answer in the next request, redirects, answers that are errors inside."""

from __future__ import annotations

import json
import socket

import pytest

from gate.load.histogram import Histogram
from gate.load.job import Expectation, Journey, Lane, Request, Schedule, Segment, Stream
from tests.integration.load.servers import answer, serving


def respond(connection: socket.socket, body: object = None, status: int = 200, headers: str = "") -> bool:
    head = f"Content-Type: application/json\r\n{headers}"
    connection.sendall(answer(status, json.dumps(body).encode(), head))
    return True


def shop(connection: socket.socket, line: str, number: int) -> bool:
    """Each visitor gets an id and a cookie of its own and has to bring both back."""
    if line.startswith("GET /list"):
        headers = f"Set-Cookie: sid=c{number}; Path=/\r\nX-Token: t{number}\r\n"
        return respond(connection, {"items": [{"id": number}]}, headers=headers)
    return respond(connection, {"ok": True})


def buy(origin: str, count: int, users: int = 1, **extract: str) -> Segment:
    lanes = (
        Lane(
            "list",
            Request("GET", f"{origin}/list", timeout_s=5.0),
            Expectation(),
            extract=extract or {"id": "$.items[0].id", "token": "header:X-Token", "sid": "cookie:sid"},
        ),
        Lane(
            "buy",
            Request("POST", f"{origin}/buy/{{id}}", {"X-T": "{token}"}, {"product": "{id}", "sid": "{sid}"}, 5.0),
            Expectation(),
        ),
    )
    return Segment((Stream(Schedule(users=users, count=count), lanes, (Journey("purchase", ("list", "buy")),)),))


def test_values_and_cookies_go_on_to_the_next_step(engine):
    with serving(shop) as server:
        result = engine.run(buy(server.origin, 6, users=2))
        bought = [head for head in server.heads if head.startswith(b"POST")]
    assert len(bought) == 6
    for head in bought:
        number = head.split(b"/buy/")[1].split(b" ")[0].decode()
        text = head.decode().lower()
        assert f"cookie: sid=c{number}" in text
        assert f"x-t: t{number}" in text
        assert json.loads(head.split(b"\r\n\r\n")[1]) == {"product": int(number), "sid": f"c{number}"}
    journey = result.journeys["purchase"]
    assert (journey.begun, journey.completed, journey.dropped) == (6, 6, 0)
    assert Histogram(journey.histogram).n == 6
    assert {name: lane.completed for name, lane in result.lanes.items()} == {"list": 6, "buy": 6}
    steps = sum(Histogram(lane.histogram).mean() for lane in result.lanes.values())
    assert Histogram(journey.histogram).mean() >= 0.9 * steps


def test_visitors_do_not_share_cookies(engine):
    with serving(shop) as server:
        engine.run(buy(server.origin, 4))
        lists = [head for head in server.heads if head.startswith(b"GET")]
    assert not any(b"cookie:" in head.lower() for head in lists), "each visit begins without any"


@pytest.mark.parametrize("place", ["$.items[9].id", "header:X-Nothing", "cookie:nothing", "$.items"])
def test_a_value_that_is_not_there_is_an_error_by_name_and_ends_the_journey(engine, place):
    with serving(shop) as server:
        result = engine.run(buy(server.origin, 3, id=place))
    assert result.lanes["list"].errors == {"no_value_id": 3}
    assert result.lanes["buy"].planned == 0
    assert (result.journeys["purchase"].begun, result.journeys["purchase"].completed) == (3, 0)


def hopping(connection: socket.socket, line: str, _number: int) -> bool:
    hops = int(line.split("/hop/")[1].split(" ")[0]) if "/hop/" in line else 0
    if hops:
        return respond(connection, status=302, headers=f"Location: /hop/{hops - 1}\r\n")
    return respond(connection, {})


@pytest.mark.parametrize(("follow", "errors"), [(2, {}), (1, {"status_302": 4}), (0, {"status_302": 4})])
def test_redirects_are_followed_only_as_far_as_asked(engine, follow, errors):
    with serving(hopping) as server:
        lane = Lane("a", Request("GET", f"{server.origin}/hop/2", follow=follow, timeout_s=5.0), Expectation())
        result = engine.run(Segment((Stream(Schedule(users=1, count=4), (lane,)),))).lanes["a"]
        assert len(server.requests) == 4 * (1 + follow)
        assert server.requests[1 + follow].startswith("GET /hop/2"), "each begins at the beginning"
    assert result.errors == errors
    assert result.sent == 4


def test_a_redirect_to_another_origin_is_never_followed(engine):
    with serving(hopping) as other:

        def away(connection: socket.socket, _line: str, _number: int) -> bool:
            return respond(connection, status=302, headers=f"Location: {other.origin}/\r\n")

        with serving(away) as server:
            lane = Lane("a", Request("GET", f"{server.origin}/", follow=5, timeout_s=5.0), Expectation())
            result = engine.run(Segment((Stream(Schedule(users=1, count=3), (lane,)),))).lanes["a"]
        assert other.requests == []
    assert result.errors == {"protected": 3}


@pytest.mark.parametrize(
    ("body", "errors"),
    [({"data": {}}, {}), ({"data": {}, "errors": []}, {}), ({"errors": [{"message": "no"}]}, {"graphql_errors": 2})],
)
def test_a_graphql_answer_with_errors_is_an_error(engine, body, errors):
    with serving(lambda connection, _line, _number: respond(connection, body)) as server:
        request = Request("POST", f"{server.origin}/graphql", json={"v": 1}, graphql="{a(v: $v)}", timeout_s=5.0)
        lane = Lane("a", request, Expectation(no_graphql_errors=True))
        assert engine.run(Segment((Stream(Schedule(users=1, count=2), (lane,)),))).lanes["a"].errors == errors
        assert json.loads(server.heads[0].split(b"\r\n\r\n")[1]) == {"query": "{a(v: $v)}", "variables": {"v": 1}}


def test_an_answer_that_should_be_graphql_and_is_not_even_json_is_an_error(engine):
    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(answer(body=b"<html>"))
        return True

    with serving(behave) as server:
        lane = Lane(
            "a", Request("POST", f"{server.origin}/", json={}, timeout_s=5.0), Expectation(no_graphql_errors=True)
        )
        result = engine.run(Segment((Stream(Schedule(users=1, count=2), (lane,)),)))
    assert result.lanes["a"].errors == {"graphql_errors": 2}
