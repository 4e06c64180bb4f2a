"""Stores that are empty, damaged or outdated, and what a refresh does to them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gate.record.codec import canonical, decode_run, digest, encode_run
from tests.integration.faults.desks import HOME, by_path, content, sound, suite_text
from tests.integration.load.servers import answer, serving


@pytest.mark.parametrize(
    ("objectives", "code", "line"),
    [
        (", objectives: {bytes: 1MB}", 0, "no baseline yet; 1 of 1 objectives met"),
        (", objectives: {p95: 1ms}", 1, "home misses its objective: p95 is"),
        ("", 3, "nor a base deployment nor an objective to judge by"),
    ],
    ids=["met", "missed", "none"],
)
def test_without_stored_runs_only_objectives_judge(desk, objectives, code, line):
    desk.suite.write_text(suite_text(home=HOME[:-1] + objectives + "}"))
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == ended.verdict["exit_code"] == code
    assert line in ended.comment.splitlines()[0]
    assert not list(desk.baselines.iterdir()), "a check never writes a store"


def _edited(data: bytes, *, rehash: bool, **members: object) -> bytes:
    raw = json.loads(data)
    raw["run"] |= members
    if rehash:
        raw["sha256"] = digest(raw["run"])
    return (canonical(raw) + "\n").encode()


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "another suite": (
        lambda data: encode_run(decode_run(data).model_copy(update={"suite": "other"})),
        "filed under a wrong name",
    ),
    "cut by one byte": (lambda data: data[:-1], "cut short"),
    "cut by two bytes": (lambda data: data[:-2], "is not JSON"),
    "newer schema": (lambda data: _edited(data, rehash=True, schema="gate.run/2"), "gate.run/2"),
    "changed content": (lambda data: _edited(data, rehash=False, seed=7), "does not match its own sha256"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_stored_run_is_named_and_left_as_it_is(seasoned, damage):
    spoil, message = DAMAGES[damage]
    path = seasoned.stored()[0]
    path.write_bytes(spoil(path.read_bytes()))
    before = content(seasoned.baselines)
    with serving(sound) as server:
        checked = seasoned.gate("check", preview=server.origin)
        refreshing = seasoned.gate("refresh", preview=server.origin)
        assert server.connections == 0, "what cannot be judged is not measured"
    assert (checked.code, refreshing.code) == (5, 5)
    told = checked.verdict["reasons"][0]["message"]
    assert checked.verdict["exit_code"] == 5
    assert path.name in told
    assert message in told
    assert message in refreshing.stderr
    assert content(seasoned.baselines) == before


def test_a_changed_endpoint_has_no_baseline_and_the_others_are_judged(seasoned):
    seasoned.suite.write_text(suite_text(home="{request: 'GET /home?page=2', rate: 200/s}"))
    with serving(sound) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 0
    assert {ended.rows[f"s/home/{metric}"] for metric in ("p50", "p95", "errors")} == {"no_baseline"}
    assert ended.rows["s/list/errors"] == "unchanged"
    assert {ended.rows["s/list/p50"], ended.rows["s/list/p95"]} <= {"unchanged", "inconclusive"}


def test_two_refreshes_store_two_runs(refreshed):
    _, ended, states = refreshed
    assert [each.code for each in ended] == [0, 0]
    assert [len(state) for state in states] == [1, 2]
    assert states[0].items() <= states[1].items(), "the first stays as it was"
    for each, path in zip(ended, sorted(states[1], key=list(states[0]).__contains__, reverse=True), strict=True):
        assert f"stored {path}" in each.stdout


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (by_path({}, answer(503)), "not ready within 1 s"),
        (by_path({"/home": answer(500)}), "nothing was stored: home did not answer as expected"),
    ],
    ids=["never ready", "an endpoint that fails"],
)
def test_a_refresh_that_fails_stores_nothing(seasoned, behaviour, message):
    before = content(seasoned.baselines)
    with serving(behaviour) as server:
        ended = seasoned.gate("refresh", preview=server.origin)
    assert ended.code == 3
    assert message in ended.stderr
    assert content(seasoned.baselines) == before
