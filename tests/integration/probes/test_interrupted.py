"""A signal in the middle of a probe ends the gate at once, and what setup made is taken away."""

from __future__ import annotations

import signal
import time

import pytest

from tests.integration.probes.server import TOKEN, serving
from tests.integration.processes import SOON_S, started, wait_for

SUITE = """\
suite: s
setup: [{request: POST /store, json: {name: a}, status: 201}]
teardown: [{request: DELETE /store}]
endpoints: {home: {request: GET /, rate: 50/s}}
probes: [{name: hangs, request: GET /hang, timeout: 60s, KEYS}]
policy: {max_rate: 50/s, budget: {time: 20s}}
"""


class _At:
    def __init__(self, origin: str) -> None:
        self.origin = origin


@pytest.mark.parametrize("keys", ["times: 1", "times: 20, concurrent: 10"])
def test_a_signal_ends_it_and_teardown_is_made(tmp_path, monkeypatch, keys):
    monkeypatch.setenv("TOKEN", TOKEN)
    with (
        serving() as (origin, shop),
        started(tmp_path, "run", _At(origin), suite=SUITE.replace("KEYS", keys)) as process,
    ):
        wait_for(lambda: "GET /hang" in shop.asked, "the probe")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert time.monotonic() - begun < SOON_S
        assert shop.asked[-1] == "DELETE /store"
        assert shop.stored == []
