"""A desk for each test, on a machine whose lateness does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.load import health
from tests.unit.commands.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a late generator is noticed is tested elsewhere, and by itself."""
    monkeypatch.setattr(health, "SPOILING_S", 10.0)
