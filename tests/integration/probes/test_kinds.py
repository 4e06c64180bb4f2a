"""Every other kind of probe at a real server: passed, failed, not measured."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from gate.probes.command import commands
from gate.probes.probing import Elsewhere
from tests.integration.probes.asking import probing, record
from tests.integration.probes.server import TOKEN, serving

STORED_ONCE = """\
  - name: stored once
    steps:
      - request: POST /store
        json: {name: "{{uuid}}"}
        expect: {status: 201}
        extract: {id: $.id, at: "header:Location"}
      - {request: POST /store, json: {name: "fixed {id}"}, expect: {status: 201}}
      - {request: GET /count, extract: {before: $.count}}
      - {request: POST /store, json: {name: "fixed {id}"}, expect: {status: 409}}
      - {request: GET /count, expect: {json: {$.count: "{before}"}}}
      - {request: DELETE /store, expect: {status: 204}, always: true}
"""


def kind(origin, text, **more):
    made = probing(origin, "probes:\n" + text, **more)
    made.before()
    return next(iter(made.records.values()))


def test_steps_use_what_those_before_extract():
    with serving() as (origin, shop):
        found = kind(origin, STORED_ONCE)
    assert (found.outcome, found.seen, found.n, found.n_passed) == ("passed", "all 6 steps as expected", 6, 6)
    assert shop.stored == []


def test_the_first_step_that_fails_is_told_and_only_what_cleans_up_follows():
    with serving("double") as (origin, shop):
        found = kind(origin, STORED_ONCE)
    assert (found.outcome, found.seen) == ("failed", "step 5, GET /count: $.count is 3")
    assert shop.asked[-1] == "DELETE /store"
    text = STORED_ONCE.replace("expect: {status: 201}", "expect: {status: 200}", 1)
    with serving() as (origin, shop):
        found = kind(origin, text)
    assert (found.outcome, found.seen) == ("failed", "step 1, POST /store: status 201")
    assert shop.asked == ["POST /store", "DELETE /store"]


def test_a_cookie_of_one_step_goes_into_the_next():
    text = """\
  - name: cookie
    steps:
      - {request: POST /login, json: {password: open sesame}, extract: {sid: "cookie:sid", other: "cookie:other"}}
      - {request: GET /secure-headers, headers: {X-Secret: "{sid} {other}"}, expect: {headers: {X-Echo: "abc123 1"}}}
      - {request: GET /, extract: {none: "cookie:sid"}}
"""
    with serving() as (origin, _):
        found = kind(origin, text)
    assert (found.outcome, found.seen) == ("failed", "step 3, GET /: nothing at cookie:sid")
    assert found.n_passed == 2


GROWTH = 'growth: {request: "GET /items?size={items}", items: [1, 10, 50], most: 9}'


def test_growth_without_n_plus_one_passes_with_exact_numbers():
    with serving() as (origin, shop):
        found = record(origin, GROWTH)
    assert found.outcome == "passed", found.seen
    assert found.seen == "queries 2 with 1, 2 with 10, 2 with 50 items; 0.00 more an item"
    assert found.growth is not None
    assert [point.values for point in found.growth.points] == [[2.0] * 3] * 3
    assert (found.growth.slope, found.growth.lo, found.growth.hi) == (0, 0, 0)
    order = [line.rpartition("=")[2] for line in shop.asked]
    assert order[:3] == ["1", "10", "50"], "each once to warm up"
    assert order[3:] != sorted(order[3:], key=int), "then in random order"


def test_n_plus_one_is_found_and_named():
    with serving("n+1") as (origin, _):
        found = record(origin, GROWTH)
        few = record(origin, "growth: {endpoint: items, parameter: size, items: [1, 3], of: queries}")
    assert found.outcome == few.outcome == "failed"
    assert found.seen == "N+1: queries 3 with 1, 12 with 10, 52 with 50 items; 1.00 more an item"
    assert few.growth is not None
    assert few.growth.slope == pytest.approx(1)


def test_a_parameter_that_changes_nothing_shows_no_growth_that_is_not_there():
    with serving("n+1") as (origin, _):
        found = record(origin, 'growth: {request: "GET /items?size=7&other={items}", items: [1, 50]}')
    assert found.outcome == "not_measured"
    assert "answers do not have the items asked for" in found.seen


def test_the_parameter_of_an_endpoint_takes_the_place_of_its_own():
    with serving() as (origin, shop):
        record(origin, "growth: {endpoint: items, parameter: size, items: [1, 3], times: 1}")
    assert set(shop.asked) == {"GET /items?page=1&size=1", "GET /items?page=1&size=3"}


def test_too_many_queries_fail_without_any_growth():
    with serving() as (origin, _):
        found = record(origin, GROWTH.replace("most: 9", "most: 1"))
    assert found.outcome == "failed"
    assert not found.seen.startswith("N+1")


def test_without_any_count_growth_is_not_measured():
    with serving("silent", "n+1") as (origin, _):
        found = record(origin, GROWTH)
        by_header = record(origin, GROWTH.replace("most: 9", "header: X-Query-Count"))
        by_other = record(origin, GROWTH.replace("most: 9", "header: X-Other"))
    assert found.outcome == by_other.outcome == "not_measured"
    assert "no number of queries in its answers" in found.seen
    assert by_header.outcome == "failed"


def test_the_length_of_the_list_counts_where_the_suite_says_where_it_is():
    """A server that never gives more than 60 hides its growth from who believes that it gave 1,000."""
    wide = 'growth: {request: "GET /items?size={items}", items: [30, 60, 1000], list: $.results}'
    with serving("n+1") as (origin, _):
        believed = record(origin, wide.replace(", list: $.results", ""))
        counted = record(origin, wide)
        same = record(origin, wide.replace("30, 60, ", "100, "))
        none = record(origin, wide.replace("$.results", "$.other"))
    assert believed.outcome == "not_measured"
    assert believed.seen.startswith("answers do not have the items asked for: ")
    assert believed.seen.endswith("; growth.list counts what they have")
    assert counted.outcome == "failed"
    assert counted.growth is not None
    assert [point.items for point in counted.growth.points] == [30, 60]
    assert (same.outcome, same.seen) == (
        "not_measured",
        "every answer has 60 items, so that nothing can grow with them",
    )
    assert (none.outcome, none.seen) == ("not_measured", "no list at $.other")


def test_growth_of_bytes_and_of_time():
    with serving() as (origin, _):
        small = record(origin, 'growth: {request: "GET /items?size={items}", items: [1, 50], of: bytes, most: 5MB}')
        large = record(origin, 'growth: {request: "GET /items?size={items}", items: [1, 50], of: bytes, most: 1kB}')
    assert (small.outcome, large.outcome) == ("passed", "failed")
    with serving("slow") as (origin, _):
        text = 'growth: {request: "GET /items?size={items}", items: [1, 25], of: time, most: MOST, times: 5}'
        in_time, late = record(origin, text.replace("MOST", "60s")), record(origin, text.replace("MOST", "50ms"))
    assert (in_time.outcome, late.outcome) == ("passed", "failed")
    assert late.growth is not None
    assert late.growth.slope is not None
    assert late.growth.slope > 0.003, "four milliseconds an item are slept"


def test_an_answer_with_an_error_fails_the_growth_and_none_leaves_it_unmeasured():
    text = 'growth: {request: "GET /items?size={items}", items: [1, 50]}'
    with serving() as (origin, _):
        pass
    gone = record(origin, text)
    told = "no whole answer when asked for 1: connection refused"
    assert (gone.outcome, gone.seen) == ("not_measured", told)
    with serving() as (origin, _):
        found = record(origin, 'growth: {request: "GET /none?size={items}", items: [1, 50]}')
    assert (found.outcome, found.seen) == ("failed", "status 404 when asked for 1")


TALLY = "  - {name: audited, tally: {request: GET /audit, json: $.count, of: [items]}}\n"


@pytest.mark.parametrize(
    ("wrong", "begun", "answered", "sent", "outcome"),
    [
        ((), 25, 25, 25, "passed"),
        (("audit",), 25, 25, 25, "failed"),
        ((), 25, 24, 26, "passed"),
        ((), 25, 26, 26, "failed"),
        ((), 25, 20, 24, "failed"),
        ((), 0, 0, 0, "not_measured"),
    ],
)
def test_a_tally_grows_by_what_was_answered(wrong, begun, answered, sent, outcome):
    made = {"items": (3, 3)}
    with serving(*wrong) as (origin, _):
        probes = probing(origin, "probes:\n" + TALLY, made=made)
        probes.before()
        assert probes.records == {}
        for _ in range(begun):
            record(origin, "request: GET /audited")
        made["items"] = (3 + answered, 3 + sent)
        probes.after()
    found = probes.records["audited"]
    assert found.outcome == outcome, found.seen
    if sent:
        assert found.tally is not None
        assert found.tally.after - found.tally.before == begun + (begun > 10 and bool(wrong))


def test_a_tally_that_cannot_be_read_is_not_measured():
    with serving() as (origin, _):
        for path, seen in (("$.text", "no whole number at $.text"), ("$.none", "no whole number at $.none")):
            probes = probing(origin, "probes:\n" + TALLY.replace("$.count", path))
            probes.before()
            probes.after()
            assert (probes.records["audited"].outcome, probes.records["audited"].seen) == (
                "not_measured",
                f"before the load {seen}",
            )


SOCKET = "socket: {connect: /ws, refused: [401, 403, 4401]}"


def test_a_socket_is_refused_by_status_or_by_a_code_at_once():
    with serving() as (origin, _):
        refused = record(origin, SOCKET)
        let_in = record(origin, SOCKET.replace("refused", "identity: user, refused"))
        otherwise = record(origin, SOCKET.replace("403, ", ""))
        absent = record(origin, SOCKET.replace("/ws", "/none"))
    assert (refused.outcome, refused.seen) == ("passed", "status 403")
    assert (let_in.outcome, let_in.seen) == ("failed", "it opened")
    assert (otherwise.outcome, absent.seen) == ("failed", "status 404")
    with serving("late") as (origin, _):
        late = record(origin, SOCKET)
        other = record(origin, SOCKET.replace(", 4401", ""))
    assert (late.outcome, late.seen) == ("passed", "it opened and was closed with 4401")
    assert other.outcome == "failed"
    gone = record(origin, SOCKET)
    assert (gone.outcome, gone.seen) == ("not_measured", "it could not be sent: connection refused")


def test_what_comes_after_the_load_waits_for_it():
    text = "probes:\n  - {name: first, request: GET /}\n  - {name: last, when: after, request: GET /nothing}\n"
    with serving() as (origin, _):
        probes = probing(origin, text)
        probes.before()
        assert list(probes.records) == ["first"]
        probes.after()
    assert {name: each.outcome for name, each in probes.records.items()} == {"first": "passed", "last": "failed"}


def test_the_environment_is_declared_or_read_and_holds_no_secret():
    about = """\
about:
  version: 4.2
  debug: {request: GET /about, json: $.debug}
  framework: {request: GET /about, json: $.framework}
  cache: {request: GET /about, header: X-Cache}
  key: {request: GET /about, json: $.key}
  deep: {request: GET /about, json: $.deep}
  absent: {request: GET /nothing, json: $.key}
"""
    with serving() as (origin, _):
        made = probing(origin, about)
        made.before()
    assert {name: (line.value, line.is_declared) for name, line in made.about.items()} == {
        "version": ("4.2", True),
        "debug": ("false", False),
        "framework": ("none 1.0", False),
        "cache": ("redis", False),
        "key": ("${TOKEN}", False),
        "deep": (None, False),
        "absent": (None, False),
    }
    assert TOKEN not in str(made.about)


def test_commands_are_judged_by_their_exit_code_and_leave_nothing(tmp_path, monkeypatch):
    from gate.probes import command

    run = commands(tmp_path, {"PATH": os.environ["PATH"], "GREETING": "hallo"})
    python = sys.executable
    assert run(f"{python} -c \"import os, sys; sys.exit(os.environ['GREETING'] != 'hallo')\"") == 0
    assert run(f'{python} -c "import sys; print(1); sys.exit(3)"') == 3
    assert run(f"{python} -c \"import os, sys; sys.exit('HOME' in os.environ)\"") == 0, "no more than it is given"
    assert run("/no/such/program") is None
    assert run("unclosed '") is None
    monkeypatch.setattr(command, "PATIENCE_S", 1.0)
    marker = tmp_path / "pid"
    child = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert run(f"{python} -c {shlex.quote(parent)}") is None
    pid = int(marker.read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        except (ProcessLookupError, FileNotFoundError):
            break
        if state == "Z":
            break
        time.sleep(0.05)
    else:
        os.kill(pid, signal.SIGKILL)
        pytest.fail("the child of a command that hung is still there")


def test_a_command_needs_an_application_that_the_gate_has_started():
    from gate.config.probes import Probe
    from gate.probes import command

    probe = Probe(name="it", command="true")
    assert command.run("true", None).outcome == "not_measured"
    assert command.run("x", lambda _: 0).outcome == "passed"
    assert command.run("x", lambda _: 2).seen == "exit code 2"
    assert command.run("x", lambda _: None).outcome == "not_measured"
    assert probe.kind == "command"
    assert Elsewhere().execute is None
