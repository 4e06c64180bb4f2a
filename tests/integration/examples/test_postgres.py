"""The throw-away PostgreSQL: there while it is needed, gone afterwards, with what the gate wants to read in it."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest

from tests.integration.examples.servers import EXAMPLES, load_postgres
from tests.integration.processes import workers_of


def test_statements_and_their_reading_times_are_counted_in_new_databases(postgres):
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE counted")
    with psycopg.connect(postgres.url("counted"), autocommit=True) as connection:
        connection.execute("SELECT 'looked for'")
        (calls,) = connection.execute(
            "SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE 'SELECT $1%' AND dbid = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        assert calls == 1
        assert connection.execute("SHOW track_io_timing").fetchone() == ("on",)


def test_nobody_gets_in_without_the_password(postgres):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url("postgres").replace(postgres.password, "guessed"))


def test_a_command_runs_beside_it_and_nothing_stays(postgres, tmp_path):
    script = (
        "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL']);"
        "print(os.environ['DATABASE_URL']); print(*c.execute('SHOW data_directory').fetchone()); raise SystemExit(7)"
    )
    command = [sys.executable, EXAMPLES / "postgres.py", "--database", "postgres", "--", sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    url, folder = done.stdout.splitlines()
    assert not os.path.exists(folder)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=5)


def test_it_leaves_when_told_to(postgres):
    command = [sys.executable, EXAMPLES / "postgres.py", "--database", "postgres"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        psycopg.connect(process.stdout.readline().strip()).close()
        (server,) = workers_of(process.pid)
        process.terminate()
        assert process.wait(60) == 143
    assert not os.path.exists(f"/proc/{server}")


def test_what_does_not_start_says_why(postgres):
    module = load_postgres()
    with (
        pytest.raises(module.PostgresError, match="no_such_setting"),
        module.running(settings={"no_such_setting": "1"}),
    ):
        pass
