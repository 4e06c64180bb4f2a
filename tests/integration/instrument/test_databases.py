"""Hooks of libraries on real databases, in this process: sqlite3, psycopg 3, SQLAlchemy and their pools."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg as driver
import psycopg_pool as driver_pool
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from gate_instrument import dbapi, psycopg, psycopg_pool, sqlalchemy
from gate_instrument.meter import Meter, Metered
from gate_instrument.pools import KNOWN
from gate_instrument.totals import Totals


@contextmanager
def metered() -> Iterator[Meter]:
    meter = Meter(Totals())
    with Metered(meter):
        yield meter


def test_sqlite3_counts_calls_and_otherwise_behaves_as_ever(tmp_path):
    connect = dbapi.counting(sqlite3.connect, on=True)
    with metered() as meter:
        connection = connect(tmp_path / "x")
        connection.row_factory = sqlite3.Row
        assert connection.own.row_factory is sqlite3.Row
        connection.executescript("CREATE TABLE t (a); CREATE TABLE u (b)")
        with connection as same:
            assert same is connection
            connection.executemany("INSERT INTO t VALUES (?)", [[1], [2], [3]])
        cursor = connection.cursor()
        assert cursor.execute("SELECT a FROM t ORDER BY a") is cursor
        assert [row["a"] for row in cursor] == [1, 2, 3]
        assert cursor.fetchone() is None
        assert connection.execute("SELECT count(*) FROM t").fetchall()[0][0] == 3
        with pytest.raises(sqlite3.OperationalError):
            cursor.execute("no such")
        assert (cursor.arraysize, cursor.description[0][0] if cursor.description else None) == (1, None)
        cursor.close()
        connection.close()
    assert meter.queries == 5
    assert meter.query_s > 0


def test_psycopg_counts_what_its_cursors_do(dsn):
    cursor_class = psycopg.counted(driver.Cursor, on=True)
    assert issubclass(cursor_class, driver.Cursor)
    with metered() as meter, driver.connect(dsn, cursor_factory=cursor_class, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE t (a int)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s)", [[1], [2]])
            assert list(cursor.stream("SELECT a FROM t ORDER BY a")) == [(1,), (2,)]
            with cursor.copy("COPY t FROM STDIN") as copy:
                copy.write_row([3])
        with connection.transaction():
            assert connection.execute("SELECT sum(a) FROM t").fetchone() == (6,)
        with pytest.raises(driver.Error):
            connection.execute("no such")
    assert meter.queries == 6


def test_psycopg_counts_what_its_async_cursors_do(dsn):
    async def work() -> None:
        cursor_class = psycopg.counted(driver.AsyncCursor, on=True)
        async with await driver.AsyncConnection.connect(
            dsn, cursor_factory=cursor_class, autocommit=True
        ) as connection:
            await connection.execute("CREATE TEMP TABLE t (a int)")
            async with connection.cursor() as cursor:
                await cursor.executemany("INSERT INTO t VALUES (%s)", [[1], [2]])
                assert [row async for row in cursor.stream("SELECT a FROM t ORDER BY a")] == [(1,), (2,)]
                async with cursor.copy("COPY t FROM STDIN") as copy:
                    await copy.write_row([3])
            await asyncio.gather(*(connection.execute("SELECT 1") for _ in range(3)))

    with metered() as meter:
        asyncio.run(work())
    assert meter.queries == 7


def engines(tmp_path, dsn: str) -> dict[str, Callable[[], sa.Engine]]:
    file = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    return {
        "sqlite": lambda: sa.create_engine(file, poolclass=sa.QueuePool, pool_size=1, max_overflow=0),
        "postgresql": lambda: sa.create_engine(
            dsn.replace("postgresql", "postgresql+psycopg"), pool_size=1, max_overflow=0
        ),
    }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sqlalchemy_tells_its_queries_and_its_pool(tmp_path, dsn, kind):
    engine = engines(tmp_path, dsn)[kind]()
    with engine.connect():
        pass  # the first connection asks the server things of its own
    sqlalchemy.watch(engine, "main", on=True)
    with metered() as meter:
        with engine.begin() as connection:
            assert connection.execute(sa.text("SELECT 1")).scalar() == 1
            assert KNOWN["main"].state() == (1, 1, 0)
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("no such"))
    assert meter.queries == 2
    assert meter.waited["main"].count == meter.held["main"].count == 2
    engine.dispose()
    with metered() as meter, engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        held = connection.detach()
    assert held is None
    assert meter.held["main"].count == 1, "a pool made anew is watched as well, and a connection taken out is not held"
    engine.dispose()


def test_sqlalchemy_makes_one_wait_for_the_other(tmp_path, dsn):
    engine = sqlalchemy.watch(engines(tmp_path, dsn)["postgresql"](), "narrow", on=True)
    engine.connect().close()
    meters = [Meter(Totals()) for _ in range(3)]

    def work(meter: Meter) -> None:
        with Metered(meter), engine.connect() as connection:
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))

    threads = [Thread(target=work, args=(meter,)) for meter in meters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    waited = sorted(meter.waited["narrow"].sum_s for meter in meters)
    assert waited[1] >= 0.04
    assert waited[2] >= 0.09
    assert all(meter.held["narrow"].sum_s >= 0.05 for meter in meters)


def test_sqlalchemy_counts_for_coroutines(dsn):
    async def work() -> list[int]:
        engine = create_async_engine(dsn.replace("postgresql", "postgresql+psycopg"), pool_size=2, max_overflow=0)
        sqlalchemy.watch(engine, "async engine", on=True)

        async def request(number: int) -> int:
            with metered() as meter:
                async with engine.connect() as connection:
                    for _ in range(number):
                        await connection.execute(sa.text("SELECT 1"))
            assert meter.waited["async engine"].count == meter.held["async engine"].count == 1
            return meter.queries

        async with engine.connect():
            pass
        try:
            return await asyncio.gather(*map(request, range(8)))
        finally:
            await engine.dispose()

    assert asyncio.run(work()) == list(range(8))


def test_a_pool_of_psycopg_tells_waits_given_up_and_connections_given_back(dsn):
    with driver_pool.ConnectionPool(dsn, min_size=1, max_size=1, open=True) as pool:
        psycopg_pool.watch(pool, "one", on=True)
        pool.wait()
        with metered() as meter:
            connection = pool.getconn()
            assert KNOWN["one"].state() == (1, 1, 0)
            with pytest.raises(driver_pool.PoolTimeout):
                pool.getconn(timeout=0.05)
            pool.putconn(connection)
            with pytest.raises(LookupError), pool.connection():
                raise LookupError
        assert meter.waited["one"].count == 3
        assert meter.waited["one"].max_s >= 0.05
        assert meter.held["one"].count == 2
    del pool, connection
    gc.collect()
    assert "one" not in KNOWN, "a pool that is gone is not told of"


@pytest.mark.parametrize(("overflow", "size"), [(0, 2), (3, 5), (-1, None)])
def test_the_size_of_a_pool_is_the_most_it_may_have(tmp_path, overflow, size):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x'}", poolclass=sa.QueuePool, pool_size=2, max_overflow=overflow)
    sqlalchemy.watch(engine, "sized", on=True)
    assert KNOWN["sized"].state() == (size, 0, 0)
    engine.dispose()


def test_a_pool_of_psycopg_has_its_largest_size(dsn):
    with driver_pool.ConnectionPool(dsn, min_size=1, max_size=4, open=True) as pool:
        psycopg_pool.watch(pool, "growing", on=True)
        pool.wait()
        assert KNOWN["growing"].state() == (4, 0, 0)
