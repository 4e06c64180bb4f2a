"""WebSockets of the suite as the engine is asked to open them."""

from __future__ import annotations

import pytest

from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.load.engine import Engine
from gate.load.job import Socket
from gate.measure.hashes import scenario_hash
from gate.measure.layout import lay_out_stored
from gate.measure.outlook import Job, Runner, look_at_generator
from gate.measure.segments import course_of_scenarios, endpoint_of
from gate.measure.sockets import ARRIVAL_COST, socket_lane

TEXT = """
preview: {headers: {X-A: preview, X-B: preview, X-C: preview}}
identities: {user: {login: [{request: GET /login, extract: {token: $.token}}], headers: {X-B: "{token}", X-C: user}}}
data: {room: {range: [1, %s]}}
endpoints: {home: GET /}
sockets:
  chat: {connect: "/ws/{room}?t={token}", identity: user, headers: {X-C: own, X-D: "{token}"}, %s}
  live: {connect: /live}
scenarios:
  talk: {load: %s, mix: {chat: 3, live: 1}}
  plain: {load: {rate: 10/s, for: 1s}, mix: {home: 1}}
"""
ORIGIN = "https://shop.example/app"


def suite(keys: str = "answer: first, message: hi", load: str = "{users: 5, for: 1s}", last: int = 9) -> Suite:
    return read_suite((TEXT % (last, keys, load)).encode(), "gate.yml")


def test_headers_of_preview_identity_and_socket_lie_over_each_other_and_logins_keep_to_their_identity():
    request = socket_lane(suite(), "chat", ORIGIN).request
    assert request.url == "https://shop.example/app/ws/{room}?t={user.token}"
    assert request.headers == {"X-A": "preview", "X-B": "{user.token}", "X-C": "own", "X-D": "{user.token}"}


def test_texts_of_a_message_are_filled_wherever_they_stand():
    message = 'message: {a: ["{token}", {b: "{room} {{seq}}"}], n: 1}, answer: $.a'
    request = socket_lane(suite(message), "chat", ORIGIN).request
    assert request.json == {"a": ["{user.token}", {"b": "{room} {{seq}}"}], "n": 1}


@pytest.mark.parametrize(
    ("answer", "socket"),
    [("echo", Socket(echo=True)), ("first", Socket()), ("$.a.b", Socket(path="$.a.b"))],
)
def test_the_answer_is_told_from_other_messages(answer, socket):
    assert socket_lane(suite(f"message: hi, answer: {answer}"), "chat", ORIGIN).socket == socket


def test_without_a_message_nothing_is_sent():
    lane = socket_lane(suite(), "live", ORIGIN)
    assert lane.request.json is None
    assert lane.socket == Socket()


def test_an_arrival_counts_as_the_requests_it_costs():
    arrivals = suite(load="{rate: 20/s, for: 1s}")
    course = course_of_scenarios(arrivals, ("talk",), ORIGIN)
    assert course.rate_rps == pytest.approx(20 * ARRIVAL_COST)
    assert {endpoint_of(lane.name): lane.weight for lane in course.streams[0].lanes} == {"chat": 3, "live": 1}
    assert course_of_scenarios(arrivals, ("plain",), ORIGIN).rate_rps == 10
    assert course_of_scenarios(suite(), ("talk",), ORIGIN).rate_rps is None


class OfCapacity(Engine):
    """An engine whose capacity is known, on one core."""

    def __init__(self, capacity_rps: float) -> None:
        super().__init__(most_workers=1)
        self._capacity_rps = capacity_rps


class Said(list[str]):
    def say(self, text: str) -> None:
        self.append(text)

    def live(self, text: str) -> None:
        self.append(text)


def job(known: Suite) -> Job:
    runner = Runner("local", None)
    return Job(
        known, lay_out_stored(known), 0, {"candidate": ORIGIN}, {}, None, "id", "2026-11-20T12:00:00Z", 1, runner, "0"
    )


def test_people_are_told_how_arrivals_were_counted_before_anything_is_sent():
    arrivals, said = job(suite(load="{rate: 20/s, for: 1s}")), Said()
    assert look_at_generator(arrivals, OfCapacity(3000.0), said) == 1
    counted = "(one WebSocket that is opened, asked and closed counts as 27 requests)"
    assert f"the suite asks for 540/s {counted}: 1 worker" in said[0]
    # More than it can send truthfully: that scenario is not reached, and the rest of the run is made all the same.
    assert look_at_generator(arrivals, OfCapacity(1500.0), said) == 1


def test_users_keep_their_connections_and_are_not_counted_so():
    said = Said()
    assert look_at_generator(job(suite()), OfCapacity(3000.0), said) == 1
    assert "counts as" not in said[0]


@pytest.mark.parametrize(
    "keys",
    [
        "answer: first, message: ho",
        "answer: echo, message: hi",
        "answer: first, message: hi, timeout: 5s",
        "answer: first, message: hi, max_message: 1kB",
        "answer: first, message: hi, subprotocols: [a]",
    ],
)
def test_what_changes_a_socket_changes_the_hash_of_its_scenarios(keys):
    assert scenario_hash(suite(keys), "talk") != scenario_hash(suite(), "talk")
    assert scenario_hash(suite(keys), "plain") == scenario_hash(suite(), "plain")


def test_data_a_socket_draws_from_are_part_of_that_hash():
    assert scenario_hash(suite(last=8), "talk") != scenario_hash(suite(), "talk")
