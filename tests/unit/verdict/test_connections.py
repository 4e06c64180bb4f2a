"""WebSockets judged by the objectives of their scenario, and what is told of their connections."""

from __future__ import annotations

import pytest

from gate.record.scenario import SocketRecord
from tests.builders import history_of, outcomes_of, row_of, run_of, scenario_of, socket_of, suite_of, verdict_of

TALK = """
sockets: {chat: {connect: /ws, message: hi, answer: echo}, live: {connect: /live}}
scenarios: {talk: {load: {users: 80, for: 10s}, mix: {chat: 1, live: 1}, objectives: {%s}}}
"""
MAIN = history_of(suite_of(), 10)


def verdict(objectives: str, *runs: dict[str, SocketRecord], errors: dict[str, int] | None = None, latency_s=9.0):
    suite = suite_of(TALK % objectives)
    talk = scenario_of(suite, "talk", latency_s, errors=errors)
    candidates = [
        run_of(suite, f"c{number}", scenarios={"talk": talk.model_copy(update={"sockets": sockets})})
        for number, sockets in enumerate(runs)
    ]
    return verdict_of(suite, candidates, MAIN)


def test_latencies_of_a_scenario_of_websockets_are_those_of_the_echo():
    row = row_of(verdict("p95: 10ms", {"chat": socket_of(echo_s=0.002)}), "talk/limit:p95")
    assert row.outcome == "met"
    assert row.candidate == pytest.approx(0.003, rel=0.2)


def test_the_opening_is_judged_apart():
    row = row_of(verdict("connect_p95: 10ms", {"chat": socket_of(100, echo_s=0.02)}), "talk/limit:connect_p95")
    assert row.outcome == "missed"
    assert row.candidate == pytest.approx(0.06, rel=0.2)


def test_too_few_connections_say_how_many_would_do():
    row = row_of(verdict("connect_p95: 1s", {"chat": socket_of(20)}), "talk/limit:connect_p95")
    assert row.outcome == "inconclusive"
    assert row.notices[0].message == "20 connections cannot show this limit to be met; 59 without a miss could"


@pytest.mark.parametrize(("lost", "outcome", "code"), [(0, "met", 0), (2, "met", 0), (3, "missed", 1)])
def test_lost_connections_are_counted_over_all_websockets_of_the_mix(lost, outcome, code):
    sockets = {"chat": socket_of(lost={"1006": lost // 2}), "live": socket_of(lost={"4001": lost - lost // 2})}
    judged = verdict("lost_connections: 2", sockets)
    assert outcomes_of(judged)["talk/limit:lost_connections"] == outcome
    assert judged.exit_code == code


@pytest.mark.parametrize("objective", ["lost_connections: 0", "connect_p50: 1s", "p95: 1s", "max: 1s"])
def test_what_was_never_opened_is_not_measured(objective):
    none = socket_of(0, answered=0, refused={"status_401": 500})
    judged = verdict(objective, {"chat": none}, errors={"status_401": 500})
    (row,) = (row for row in judged.rows if row.endpoint == "talk")
    assert (row.outcome, row.candidate) == ("not_measured", None)
    assert judged.exit_code == 3


def test_a_record_without_its_connections_shows_nothing_of_them():
    judged = verdict("lost_connections: 0, connect_p50: 1s", {})
    assert {row.outcome for row in judged.rows if row.endpoint == "talk"} == {"not_measured"}
    assert judged.exit_code == 3


def test_connections_of_several_runs_are_told_in_one_sentence():
    lost, refused = {"4001": 2, "1006": 1}, {"status_503": 4}
    judged = verdict("p95: 1s", {"chat": socket_of(lost=lost)}, {"chat": socket_of(refused=refused)})
    (told,) = (notice.message for notice in judged.notices if notice.code == "connections")
    assert told.startswith(
        "chat in scenario talk: 100 connections opened, 97 alive at the end, 3 lost (close code 1006 1 x, 4001 2 x),"
        " 4 refused (status 503 4 x); opening took "
    )


def test_a_server_with_many_close_codes_makes_no_long_sentence():
    lost = {str(code): code - 3990 for code in range(4000, 4040)}
    judged = verdict("p95: 1s", {"chat": socket_of(3000, lost=lost)})
    (told,) = (notice.message for notice in judged.notices if notice.code == "connections")
    assert "(close code 4036 46 x, 4037 47 x, 4038 48 x, 4039 49 x and 36 more)" in told


def test_refused_openings_are_not_left_out_of_the_time_to_open():
    half = socket_of(100, refused={"timeout": 100})
    row = row_of(verdict("connect_p95: 1s", {"chat": half}, errors={"timeout": 100}), "talk/limit:connect_p95")
    assert row.outcome == "missed"
    assert "100 of 200 connections were not opened" in row.notices[0].message
