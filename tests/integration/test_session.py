"""What a run does around its load, end to end: counted, warmed up, looked at, resolved once, and never endless."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate import wiring
from gate.cli import main
from gate.load.engine import Engine
from gate.measure import outlook
from gate.record.codec import decode_run, encode_run
from tests.integration.load.servers import Behaviour, answer, serving, steady


@dataclass(frozen=True)
class Ran:
    """A run, as files and words show it."""

    code: int
    said: str
    run: dict[str, Any]
    file: Path


def run(folder: Path, capsys, text: str, *options: str) -> Ran:
    """`gate run` in this process."""
    (folder / "gate.yml").write_text(text)
    code = main(["run", "--suite", str(folder / "gate.yml"), "--out", str(folder / "out"), *options])
    said = capsys.readouterr()
    (path,) = (folder / "out").glob("run-*.json")
    return Ran(code, said.out + said.err, json.loads(path.read_text())["run"], path)


def asked(requests: list[str], path: str) -> int:
    return sum(line.split(" ")[1].startswith(path) for line in requests)


COUNTED = """\
endpoints:
  see: {{request: GET /see, rate: 200/s}}
  buy: {{request: "POST /buy?key={{{{uuid}}}}", mutates: true, max_count: {most}, rate: 200/s}}
scenarios:
  rush: {{load: {load}, mix: {{see: 3, buy: 1}}}}
policy: {{max_rate: 400/s, budget: {{time: 2s}}}}
"""


@pytest.mark.parametrize("load", ["{count: 300, concurrent: 5}", "{rate: 300/s, for: 1s}", "{users: 5, for: 1s}"])
@pytest.mark.parametrize("most", [2, 90, 400])
def test_no_deployment_is_asked_more_often_than_max_count(tmp_path, capsys, most, load):
    with serving(steady()) as preview, serving(steady()) as base:
        text = COUNTED.format(most=most, load=load)
        ran = run(tmp_path, capsys, text, "--preview", preview.origin, "--base", base.origin)
        assert 1 <= asked(preview.requests, "/buy") <= most
        assert 1 <= asked(base.requests, "/buy") <= most
        bought = [line for line in preview.requests if "/buy" in line]
    assert len(set(bought)) == len(bought), "each has an id of its own"
    told = {notice["code"] for notice in ran.run["notices"]}
    assert ("max-count" in told) == (most < 400 or "rate" not in load)


def test_validate_tells_that_an_endpoint_is_not_compared_and_from_which_count_on(tmp_path, capsys):
    (tmp_path / "gate.yml").write_text(COUNTED.format(most=90, load="{rate: 40/s, for: 1s}"))
    assert main(["validate", "--suite", str(tmp_path / "gate.yml")]) == 0
    said = capsys.readouterr().out
    assert "buy is not compared" in said
    assert "raise its max_count to 170" in said


def test_objectives_of_an_endpoint_with_too_small_a_count_are_refused_and_not_left_out(tmp_path, capsys):
    text = COUNTED.format(most=90, load="{count: 20}").replace("200/s}", "200/s, objectives: {p95: 9s}}")
    (tmp_path / "gate.yml").write_text(text)
    assert main(["validate", "--suite", str(tmp_path / "gate.yml")]) == 2
    said = capsys.readouterr().err
    assert "endpoints.buy: has objectives that nothing judges: max_count 90 is too small" in said
    assert "raise max_count to" in said


def test_users_cut_by_a_count_still_grow_in(tmp_path, capsys):
    """All at once, they would ask for the first half of what they may in as long as for the second."""
    bought: list[float] = []

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        if "/buy" in line:
            bought.append(time.monotonic())
        connection.sendall(answer())
        return True

    load = "{users: 8, ramp: 2s, for: 4s, think: 50ms}"
    text = COUNTED.format(most=100, load=load).replace("{see: 3, buy: 1}", "{buy: 1}")
    with serving(behave) as server:
        run(tmp_path, capsys, text, "--preview", server.origin)
    assert len(bought) == 100
    first, *_ = asked_in_scenario = bought[1:]
    half, most = asked_in_scenario[45], asked_in_scenario[90]
    assert half - first > 1.3 * (most - half)


def test_what_journeys_ask_of_a_count_is_left_to_them(tmp_path, capsys):
    text = COUNTED.format(most=280, load="{count: 50, concurrent: 5}").replace("{see: 3, buy: 1}", "{twice: 1}")
    text += "journeys: {twice: [buy, see, buy]}\n"
    with serving(steady()) as server:
        ran = run(tmp_path, capsys, text, "--preview", server.origin)
        assert asked(server.requests, "/buy") <= 280
    assert ran.run["scenarios"]["rush"]["journeys"]["twice"]["begun"] == 50
    assert len(ran.run["endpoints"]["buy"]["arms"]["candidate"]["blocks"]) == 3
    assert [notice["code"] for notice in ran.run["notices"]] == []


def test_an_endpoint_that_is_not_compared_blocks_nothing(tmp_path, capsys):
    (tmp_path / "gate.yml").write_text(COUNTED.format(most=90, load="{count: 20}"))
    with serving(steady()) as preview, serving(steady()) as base:
        options = ["--preview", preview.origin, "--base", base.origin, "--out", str(tmp_path / "out")]
        code = main(["check", "--suite", str(tmp_path / "gate.yml"), "--baselines", str(tmp_path), *options])
    verdict = json.loads((tmp_path / "out" / "verdict.json").read_text())
    rows = {row["id"].partition("/")[2]: row for row in verdict["rows"]}
    assert code in (0, 1), capsys.readouterr().err
    assert "buy/p50" not in rows
    assert rows["buy/errors"]["outcome"] == "unchanged"
    assert not [row for row in rows.values() if row["endpoint"] == "buy" and row["blocks"]]


ONE = """\
endpoints: {{home: {{request: GET /home, rate: {rate}/s}}}}
policy: {{max_rate: {rate}/s, budget: {{time: {time}}}}}
"""


def thawing(cold: int, step_s: float) -> Behaviour:
    """Slow at first, and a little faster with every request until the ``cold``-th."""
    numbers = itertools.count()

    def behave(connection: socket.socket, line: str, _number: int) -> bool:
        if "/home" in line:
            time.sleep(0.002 + step_s * max(0, cold - next(numbers)))
        connection.sendall(answer())
        return True

    return behave


def test_a_cold_preview_is_warmed_up_until_its_latencies_stop_falling(tmp_path, capsys):
    with serving(thawing(40, 0.002)) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=50, time="10s"), "--preview", server.origin)
    warm = ran.run["warmup"]["home"]["candidate"]
    assert warm["steps"] >= 4
    assert warm["last_p50_s"] < warm["first_p50_s"] < warm["cold_start_s"]
    assert warm["requests"] == 10 * warm["steps"] + warm["single_n"]


def test_a_preview_that_never_gets_steady_is_not_warmed_up_for_ever(tmp_path, capsys):
    with serving(thawing(400, 0.0002)) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=100, time="3s"), "--preview", server.origin)
    assert ran.run["warmup"]["home"]["candidate"]["steps"] <= 6


def test_every_request_is_in_the_run_file(tmp_path, capsys):
    with serving(steady(0.001)) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=100, time="3s"), "--preview", server.origin)
        seen = asked(server.requests, "/home")
    arm = ran.run["endpoints"]["home"]["arms"]["candidate"]
    counted = ran.run["warmup"]["home"]["candidate"]["requests"] + sum(block["sent"] for block in arm["blocks"])
    assert counted + 50 * ran.run["generator"]["repeated"] == seen
    answered = sum(block["n"] for block in arm["blocks"] if not block["spoiled"])
    assert arm["phases"]["wait"]["n"] == arm["phases"]["receive"]["n"] == answered
    assert arm["protocols"] == {"1.1": sum(block["n"] for block in arm["blocks"])}
    assert 0.001 <= arm["phases"]["wait"]["p50_s"] <= arm["phases"]["wait"]["max_s"]


def test_first_connections_are_kept_apart(tmp_path, capsys):
    def closing(connection: socket.socket, _line: str, _number: int) -> bool:
        connection.sendall(answer(headers="Connection: close\r\n"))
        return False

    with serving(closing) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=100, time="2s"), "--preview", server.origin)
    arm = ran.run["endpoints"]["home"]["arms"]["candidate"]
    answered = sum(block["n"] for block in arm["blocks"] if not block["spoiled"])
    assert arm["first"]["n"] == arm["phases"]["connect"]["n"] == answered


def test_a_run_of_twenty_endpoints_stays_small(tmp_path, capsys):
    """As it is stored in a branch: git compresses."""
    names = "\n".join(f"  e{n}: {{request: GET /e{n}, rate: 100/s}}" for n in range(20))
    text = f"endpoints:\n{names}\npolicy: {{max_rate: 500/s, budget: {{time: 20s}}}}\n"
    with serving(steady()) as server:
        ran = run(tmp_path, capsys, text, "--preview", server.origin)
    assert all(len(e["arms"]["candidate"]["blocks"]) >= 8 for e in ran.run["endpoints"].values())
    assert len(gzip.compress(ran.file.read_bytes())) < 100_000
    assert encode_run(decode_run(ran.file.read_bytes())) == ran.file.read_bytes()


def test_what_the_generator_can_do_is_told_before_the_load(tmp_path, capsys):
    with serving(steady()) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=200, time="1s"), "--preview", server.origin)
    assert "the suite asks for 200/s: 1 worker" in ran.said
    assert ran.said.index("the load generator can send") < ran.said.index("waiting for the preview")
    assert ran.run["generator"]["capacity_rps"] > 600
    assert ran.run["generator"]["workers"] == 1


def test_blocks_too_fast_for_this_machine_are_refused_before_anything_is_sent(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Engine, "capacity_rps", lambda _self: 1.0)
    with serving(steady()) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=50, time="4s"), "--preview", server.origin)
        assert server.requests == []
    assert ran.code == 3
    assert "the suite asks for 50" in ran.run["not_measured"][0]["message"]


def one_at_a_time(service_s: float) -> Behaviour:
    """A single server with a queue before it: known service time, known utilisation."""
    lock = threading.Lock()

    def behave(connection: socket.socket, _line: str, _number: int) -> bool:
        with lock:
            time.sleep(service_s)
        connection.sendall(answer())
        return True

    return behave


@pytest.mark.parametrize(
    ("behave", "rate", "is_busy"),
    [
        (one_at_a_time(0.0025), 20, False),
        (one_at_a_time(0.010), 30, False),
        (one_at_a_time(0.010), 80, True),
        (steady(0.2), 40, False),  # eight under way at a time, and room for hundreds
        (steady(0.0), 200, False),
    ],
    ids=["5 %", "30 %", "80 %", "slow with room", "fast"],
)
def test_a_preview_near_its_limits_is_told_and_one_with_room_never(tmp_path, capsys, behave, rate, is_busy):
    with serving(behave) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=rate, time=f"{max(6, 200 // rate)}s"), "--preview", server.origin)
    assert (["busy-preview"] if is_busy else []) == [notice["code"] for notice in ran.run["notices"]]


def test_a_name_is_resolved_once_and_everybody_goes_there(tmp_path, capsys, monkeypatch):
    """A name that no name server knows: whoever asked one again would not arrive."""
    times: Counter[str] = Counter()

    def resolve(host: str, _port: int) -> tuple[str, ...]:
        times[host] += 1
        return ("127.0.0.1",)

    monkeypatch.setattr(wiring, "resolve", resolve)
    with serving(steady()) as server:
        port = server.origin.rpartition(":")[2]
        ran = run(tmp_path, capsys, ONE.format(rate=200, time="1s"), "--preview", f"http://preview.invalid:{port}")
        assert len(server.requests) > 150
    assert times == {"preview.invalid": 1}
    assert "127.0.0.1" not in ran.file.read_text()


def test_a_name_that_nobody_knows_ends_as_never_ready(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(wiring, "resolve", lambda _host, _port: ())
    text = "preview: {ready: {timeout: 1s}}\n" + ONE.format(rate=200, time="1s")
    ran = run(tmp_path, capsys, text, "--preview", "http://preview.invalid:9")
    assert ran.code == 3
    assert "host name not found" in ran.run["not_measured"][0]["message"]


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"5\r\nhello\r\n")
        time.sleep(0.05)


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b".")
        time.sleep(0.05)


def slow_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 X\r\n")
    for number in itertools.count():
        connection.sendall(f"X-{number}: y\r\n".encode())
        time.sleep(0.05)


@pytest.mark.parametrize("stall", [endless, dripping, slow_headers])
def test_a_run_that_takes_far_longer_than_planned_is_given_up_and_keeps_what_it_has(
    tmp_path, capsys, monkeypatch, stall
):
    """Each request would time out by itself, but there are so many of them."""
    monkeypatch.setattr(outlook, "_SLACK", 1.0)
    monkeypatch.setattr(outlook, "_SLACK_S", 1.0)

    def behave(connection: socket.socket, line: str, number: int) -> bool:
        if "/home" in line and number > 120:
            stall(connection)
        connection.sendall(answer())
        return True

    with serving(behave) as server:
        ran = run(tmp_path, capsys, ONE.format(rate=100, time="3s"), "--preview", server.origin)
    assert ran.code == 3
    assert "took far longer than planned" in ran.run["not_measured"][0]["message"]
    assert not ran.run["complete"]
    blocks = ran.run["endpoints"]["home"]["arms"]["candidate"]["blocks"]
    assert blocks
    assert ran.run["endpoints"]["home"]["arms"]["candidate"]["errors"]["given_up"] > 0
