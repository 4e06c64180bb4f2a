"""One PostgreSQL for all examples of a worker of pytest."""

from __future__ import annotations

import pytest

from tests.integration.examples.servers import load_postgres


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
