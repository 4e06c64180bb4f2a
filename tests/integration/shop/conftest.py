"""One shop that all of its tests ask."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.integration.shop.shops import MODULES, SHOP, Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    with running(SHOP, folder / "shop.sqlite3", folder / "requests.jsonl") as started:
        yield started


@pytest.fixture(scope="module")
def shop() -> Iterator[SimpleNamespace]:
    """The application's modules, which are plain scripts' neighbours rather than a package."""
    sys.path.insert(0, str(SHOP))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(SHOP))
        for name in MODULES:
            sys.modules.pop(name, None)
