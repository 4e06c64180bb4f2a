"""Refreshing the baselines: one sound run more, or everything as it was."""

from __future__ import annotations

import datetime as dt
import socket
import sys

import pytest

from gate.baseline.directory import DirectoryStore
from gate.commands import refresh
from gate.commands.measuring import Targets
from gate.console import StreamConsole
from gate.errors import NotMeasured
from gate.record.codec import decode_run
from gate.record.run import AcceptedChange
from gate.wiring import real_effects
from tests.builders import PREVIEWS, history_of, run_of, sha_of, suite_text
from tests.integration.load.servers import answer, serving, steady

HOME = "{request: GET /home, rate: 200/s}"
QUICK = suite_text(
    f"preview: {{ready: {{timeout: 1s}}}}\nendpoints: {{home: {HOME}}}\n"
    "policy: {max_rate: 200/s, budget: {time: 1s}}\n"
)
TWICE = QUICK.replace("time: 1s", "time: 2s")
"""Enough for two arms."""


def failing(each: int):
    """Answer every so many-th request with an error, after the first that asks whether the preview is up."""

    def behave(connection: socket.socket, line: str, number: int) -> bool:
        connection.sendall(answer(500 if "/home" in line and number % each == 0 else 200))
        return True

    return behave


def test_each_refresh_stores_one_more_run_and_keeps_the_others(desk, capsys):
    desk.write(QUICK)
    with serving(steady()) as server:
        assert desk.run("refresh", "--preview", server.origin) == 0
        first = desk.files()
        assert desk.run("refresh", "--preview", server.origin) == 0
    assert (len(first), len(desk.files())) == (1, 2)
    assert first.items() <= desk.files().items()
    assert all(f"stored {path}" in capsys.readouterr().out for path in [next(iter(first))])


@pytest.mark.parametrize("each", [1, 2])
def test_a_main_that_fails_as_often_as_not_is_no_baseline(desk, capsys, each):
    """A baseline of errors would make errors look normal."""
    desk.write(QUICK)
    with serving(failing(each)) as server:
        assert desk.run("refresh", "--preview", server.origin) == 3
    assert "nothing was stored: home did not answer as expected" in capsys.readouterr().err
    assert desk.files() == {}


def test_a_refresh_measures_one_deployment(desk, capsys):
    desk.write(QUICK)
    with serving(steady()) as server, serving(steady()) as other:
        assert desk.run("refresh", "--preview", server.origin, "--preview", other.origin) == 2
        assert (server.connections, other.connections) == (0, 0)
    assert "at most one --base: the previous main" in capsys.readouterr().err
    assert desk.files() == {}


def test_main_beside_itself_is_refused_before_anything_is_sent(desk, capsys):
    desk.write(QUICK)
    with serving(steady()) as server:
        assert desk.run("refresh", "--preview", server.origin, "--base", server.origin) == 2
        assert server.connections == 0
    assert "teaches nothing" in capsys.readouterr().err
    assert desk.files() == {}


def test_a_refresh_with_the_previous_main_stores_both_and_says_what_it_taught(desk, capsys):
    desk.write(TWICE)
    with serving(steady(0.004)) as now, serving(steady(0.002)) as before:
        assert desk.run("refresh", "--preview", now.origin, "--base", before.origin) == 0
    (stored,) = desk.files().values()
    arms = decode_run(stored).endpoints["home"].arms
    assert set(arms) == {"candidate", "base"}
    assert {block.round for block in arms["base"].blocks} == {block.round for block in arms["candidate"].blocks}
    assert "1 of the 10 independent same-code duets" in capsys.readouterr().out


def test_a_previous_main_that_is_gone_stores_nothing(desk):
    desk.write(TWICE)
    with serving(steady()) as server:
        assert desk.run("refresh", "--preview", server.origin, "--base", "http://127.0.0.1:9") == 3
    assert desk.files() == {}


def test_a_check_never_writes_to_the_store(desk):
    desk.store(history_of(desk.write(QUICK), 3, rounds=3))
    before = desk.files()
    with serving(steady()) as server:
        assert desk.run("check", "--preview", server.origin) in (0, 1, 3), "on any machine"
    assert desk.files() == before
    assert (desk.out / "verdict.json").exists()


def test_what_was_accepted_since_the_stored_run_is_asked_for_before_anything_is_measured(desk, capsys):
    """By the commit of the newest run of the same environment; a refresh that cannot learn it stores nothing."""
    asked: list[str | None] = []
    change = AcceptedChange(row="shop/home/p95", reason="accepted by maintainer in #7: exact prices")

    def refreshed(commit: str, answers) -> None:
        effects = real_effects(StreamConsole(sys.stdout, sys.stderr), {})
        store, targets = DirectoryStore(desk.baselines), Targets((server.origin,), (), commit)
        refresh.run(desk.suite, store, targets, desk.out, effects, accepted=answers)

    def found(since: str | None) -> list[AcceptedChange]:
        asked.append(since)
        return [change]

    def unknown(_: str | None) -> list[AcceptedChange]:
        raise NotMeasured("GitHub is away")

    desk.write(QUICK)
    with serving(steady()) as server:
        refreshed(sha_of("one"), lambda _: ())
        later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        desk.store([run_of(desk.suite, "p0", rounds=3, environment=PREVIEWS, created=later)])
        refreshed(sha_of("two"), found)
        before, loaded = desk.files(), len(server.requests)
        with pytest.raises(NotMeasured, match="GitHub is away"):
            refreshed(sha_of("three"), unknown)
        assert len(server.requests) == loaded
    assert asked == [sha_of("one")]
    assert desk.files() == before
    runs = [decode_run(content) for content in before.values()]
    assert [run.accepted for run in runs if run.commit == sha_of("two")] == [[change]]
