"""One engine for all tests of a module: its connections outlive segments, as in a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.load.engine import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as started:
        yield started
