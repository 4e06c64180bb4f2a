"""Desks, with and without a store that main has been refreshed into."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.load import health
from tests.integration.faults.desks import Desk, Ended, content, sound
from tests.integration.load.servers import serving


@pytest.fixture(scope="module", autouse=True)
def _patient() -> Iterator[None]:
    """The machine of the tests may be late as it likes: that lateness is noticed is tested elsewhere."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "SPOILING_S", 10.0)
        yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.baselines.mkdir()
    return made


@pytest.fixture(scope="session")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ended], list[dict[str, bytes]]]:
    """A store after two refreshes, what they said, and what was in it after each."""
    desk = Desk(tmp_path_factory.mktemp("main"))
    ended, states = [], []
    with serving(sound) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "SPOILING_S", 10.0)
        for number in range(2):
            ended.append(desk.gate("refresh", preview=server.origin, out=desk.out / str(number)))
            states.append(content(desk.baselines))
    return desk.baselines, ended, states


@pytest.fixture
def seasoned(desk: Desk, refreshed) -> Desk:
    """A desk with two stored runs of a sound main."""
    shutil.copytree(refreshed[0], desk.baselines, dirs_exist_ok=True)
    return desk
