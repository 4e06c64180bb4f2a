"""A fake GitHub, a clock that only moves when somebody sleeps, and a client between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_github import BASE, HEAD, REPOSITORY, TOKEN, FakeGitHub, serving
from quick_place import Place

from gate.gh.rest.api import Effects
from gate.gh.rest.client import Client


class Clock:
    """Time that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    fake = FakeGitHub()
    fake.commit(HEAD, {"gate.yml": b"soft: true\n"}, "topic")
    fake.commit(BASE, {"gate.yml": b"version: 1\n", "baselines/v1/shop/a.json": b"{}"})
    with serving(fake):
        yield fake


@pytest.fixture
def checks(github: FakeGitHub) -> FakeChecks:
    """Check runs and commit statuses of the fake."""
    fake = FakeChecks(github)
    github.operations |= fake.operations
    return fake


@pytest.fixture
def place(tmp_path: Path, github: FakeGitHub, checks: FakeChecks) -> Place:
    return Place.made(tmp_path, github, checks)


@pytest.fixture
def make(github: FakeGitHub, clock: Clock) -> Callable[..., Client]:
    def build(token: str = TOKEN, random: float = 0.0, **options: float) -> Client:
        effects = Effects(clock.sleep, clock.monotonic, lambda: random)
        return Client(REPOSITORY, token, github.url, effects, **options)

    return build


@pytest.fixture
def client(make: Callable[..., Client]) -> Client:
    return make()
