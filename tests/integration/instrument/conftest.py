"""One PostgreSQL for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.instrument.postgres import postgres


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with postgres() as running:
        yield running
