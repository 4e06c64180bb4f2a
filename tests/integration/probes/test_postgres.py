"""What is in a real PostgreSQL, and what is said where none answers; its address and password are never told."""

from __future__ import annotations

import builtins
import socket

import psycopg
import pytest

from gate.config.probe_kinds import Inspection
from gate.probes import postgres as probes
from gate.probes.postgres import inspect
from tests.integration.instrument.postgres import postgres


@pytest.fixture(scope="module")
def dsn():
    with postgres() as running, psycopg.connect(running, autocommit=True) as connection:
        connection.execute('CREATE TABLE bags (id int PRIMARY KEY, status text, "Odd Name" int)')
        connection.execute("CREATE INDEX bags_status_idx ON bags (status)")
        connection.execute('CREATE INDEX "Odd.Index" ON bags ("Odd Name")')
        connection.execute("CREATE SCHEMA audit")
        connection.execute("CREATE TABLE audit.rows (at date) PARTITION BY RANGE (at)")
        connection.execute("CREATE INDEX rows_at_idx ON audit.rows (at)")
        connection.execute("CREATE VIEW seen AS SELECT 1")
        connection.execute("INSERT INTO bags SELECT n, 'x', 1 FROM generate_series(1, 3) AS n")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY bags_half_idx ON bags (status)")
        yield running


@pytest.mark.parametrize(
    ("wanted", "outcome", "seen"),
    [
        ({"indexes": ["bags_pkey", "bags_status_idx"], "tables": ["bags"], "extensions": ["plpgsql"]}, "passed", "all"),
        ({"tables": ["audit.rows"], "indexes": ["audit.rows_at_idx"]}, "passed", "all are there"),
        ({"tables": ["rows"]}, "failed", "no table rows"),
        ({"tables": ["seen"]}, "failed", "no table seen"),
        ({"tables": ["bags_pkey"]}, "failed", "no table bags_pkey"),
        ({"indexes": ["bags"]}, "failed", "no index bags"),
        ({"indexes": ["BAGS_STATUS_IDX"]}, "failed", "no index BAGS_STATUS_IDX"),
        ({"indexes": ["bags_half_idx"]}, "failed", "index bags_half_idx is not valid"),
        ({"extensions": ["postgis"]}, "failed", "no extension postgis"),
        ({"tables": ["a'; DROP TABLE bags; --", 'b"']}, "failed", "no table a'; DROP TABLE bags; --, no table b\""),
        ({"tables": [f"t{number}" for number in range(8)]}, "failed", "no table t0"),
    ],
)
def test_what_is_there_and_what_is_not(dsn, wanted, outcome, seen):
    found = inspect(Inspection(**wanted), dsn)
    assert found.outcome == outcome, found.seen
    assert found.seen.startswith(seen)
    assert found.n == sum(map(len, wanted.values()))


def test_the_database_is_only_read(dsn):
    inspect(Inspection(tables=["bags"]), dsn)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM bags").fetchone() == (3,)


def test_where_none_answers_nothing_is_measured_and_no_address_is_told(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(probes, "_PATIENCE_S", 2)
        for dsn in (
            f"postgresql://somebody:hunter2@127.0.0.1:{port}/shop",
            "postgresql://somebody:hunter2@127.0.0.1:1/shop",
            "not a dsn hunter2",
        ):
            found = inspect(Inspection(tables=["bags"]), dsn)
            assert found.outcome == "not_measured"
            assert found.seen == "the database did not answer: no connection"


def test_a_password_that_is_refused_is_not_told(dsn):
    found = inspect(
        Inspection(tables=["bags"]), dsn.replace("dbname=", "dbname=no_such_") if "dbname=" in dsn else dsn + "x"
    )
    assert (found.outcome, found.seen) == ("not_measured", "the database did not answer: no connection")


def test_without_psycopg_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def importing(name, *more, **others):
        if name == "psycopg":
            raise ImportError(name)
        return real(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", importing)
    found = inspect(Inspection(tables=["bags"]), "postgresql://127.0.0.1/shop")
    assert (found.outcome, found.seen) == (
        "not_measured",
        "psycopg is not installed: pip install 'perf-gate[postgres]'",
    )
