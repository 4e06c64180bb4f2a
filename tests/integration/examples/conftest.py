"""One PostgreSQL and one Redis for all examples of a worker of pytest."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
import redis

from tests.integration.examples.servers import PATIENCE_S, load_postgres
from tests.integration.processes import wait_for


@pytest.fixture(scope="session")
def postgres():
    """A throw-away server; where there is none to be had, what needs it is skipped with the reason."""
    module = load_postgres()
    try:
        module.find_binaries()
    except module.PostgresError as error:
        pytest.skip(str(error))
    with module.running() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """A Redis to throw away; where there is none to be had, what needs it is skipped with the reason."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server here; install redis-server")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [
        binary,
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--save",
        "",
        "--dir",
        str(tmp_path_factory.mktemp("r")),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_for(lambda: _answers(url), "Redis")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False
