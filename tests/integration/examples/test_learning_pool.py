"""The learning platform's pool of SQLite connections, with real connections and threads."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from tests.integration.examples.platforms import FOLDER


@pytest.fixture(scope="module")
def pools() -> Iterator[ModuleType]:
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("learning.pooled_sqlite.pool")
    finally:
        sys.path.remove(str(FOLDER))
        for name in [name for name in sys.modules if name.split(".")[0] == "learning"]:
            del sys.modules[name]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[list[sqlite3.Connection]]:
    made: list[sqlite3.Connection] = []
    yield made
    for connection in made:
        connection.close()


@pytest.fixture
def connect(tmp_path: Path, opened: list[sqlite3.Connection]) -> Callable[[], sqlite3.Connection]:
    path = tmp_path / "pool.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")

    def one_more() -> sqlite3.Connection:
        opened.append(sqlite3.connect(path, check_same_thread=False))
        return opened[-1]

    return one_more


def test_a_connection_given_back_is_the_next_one_taken(pools, connect, opened):
    pool = pools.ConnectionPool(size=3, timeout_s=5)
    first = pool.take(connect)
    pool.give_back(first)
    assert pool.take(connect) is first
    assert pool.take(connect) is not first
    assert len(opened) == pool.state().in_use == 2


def test_never_more_than_its_size_are_in_use_and_who_waits_is_told_of(pools, connect, opened):
    pool = pools.ConnectionPool(size=2, timeout_s=60)
    held = [pool.take(connect), pool.take(connect)]
    asking = threading.Event()

    def third() -> sqlite3.Connection:
        asking.set()
        return pool.take(connect)

    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(third)
        asking.wait()
        assert pool.state().waits == 2
        pool.give_back(held[0])
        assert waiting.result() is held[0]
    state = pool.state()
    assert (state.size, state.in_use, state.waits, len(opened)) == (2, 2, 3, 2)
    assert 0 < state.longest_wait_s <= state.wait_s


def test_many_threads_share_few_connections_one_at_a_time(pools, connect, opened):
    pool = pools.ConnectionPool(size=4, timeout_s=60)
    in_use: set[int] = set()
    lock = threading.Lock()

    def use(number: int) -> None:
        connection = pool.take(connect)
        with lock:
            assert id(connection) not in in_use
            in_use.add(id(connection))
        assert connection.execute("SELECT ?", (number,)).fetchone() == (number,)
        with lock:
            in_use.remove(id(connection))
        pool.give_back(connection)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(use, range(400)))
    assert (pool.state().in_use, pool.state().waits) == (0, 400)
    assert len(opened) <= 4


def test_an_exhausted_pool_says_so_and_recovers(pools, connect):
    pool = pools.ConnectionPool(size=1, timeout_s=0.01)
    held = pool.take(connect)
    with pytest.raises(sqlite3.OperationalError, match=r"all 1 connections were in use for 0\.01 s"):
        pool.take(connect)
    pool.give_back(held)
    assert pool.take(connect) is held


def test_a_connection_that_cannot_be_opened_takes_no_place(pools, connect):
    def refused() -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    pool = pools.ConnectionPool(size=1, timeout_s=0.01)
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            pool.take(refused)
    assert pool.take(connect).execute("SELECT 1").fetchone() == (1,)


def test_what_was_left_open_is_undone_and_what_was_closed_is_not_kept(pools, connect):
    pool = pools.ConnectionPool(size=1, timeout_s=5)
    connection = pool.take(connect)
    connection.execute("INSERT INTO notes VALUES ('not committed')")
    pool.give_back(connection)
    again = pool.take(connect)
    assert (again.in_transaction, again.execute("SELECT COUNT(*) FROM notes").fetchone()) == (False, (0,))
    again.close()
    pool.give_back(again)
    assert pool.take(connect).execute("SELECT 1").fetchone() == (1,)
