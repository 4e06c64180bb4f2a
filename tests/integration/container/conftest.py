"""The image built once, and a runner with a workspace full of traps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_checks import FakeChecks
from fake_github import BASE, HEAD, FakeGitHub, serving
from fake_pulls import Pulls

from tests.integration.container import image as images
from tests.integration.container.simulated_runner import Runner

SUITE = """\
suite: shop
preview: {hosts: [web, "127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 5s}}
endpoints:
  list: {request: GET /list, rate: 100/s, objectives: {max: 5s}}
policy: {absolute_floor: 60s, max_rate: 200/s, budget: {time: 2s}}
"""
TRAPS = ("yaml", "pydantic", "requests", "json", "numpy", "sitecustomize", "usercustomize", "github", "gate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the image come last: it takes minutes to make, and CI makes it while the others run."""
    items.sort(key=lambda item: "image" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    reason = images.missing()
    if reason:
        pytest.skip(reason)
    before = os.environ.get("CONTAINERS_CONF")
    os.environ["CONTAINERS_CONF"] = str(images.settings(tmp_path_factory.mktemp("podman")))
    yield images.built()
    if before is None:
        del os.environ["CONTAINERS_CONF"]
    else:
        os.environ["CONTAINERS_CONF"] = before


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    fake = FakeGitHub()
    fake.commit(BASE, {"gate.yml": SUITE.encode()})
    fake.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    pulls = Pulls(fake)
    pulls.add(7, HEAD, BASE)
    pulls.changes(7, "app.py")
    with serving(fake):
        yield fake


@pytest.fixture
def checks(github: FakeGitHub) -> FakeChecks:
    fake = FakeChecks(github)
    github.operations |= fake.operations
    return fake


@pytest.fixture
def runner(tmp_path: Path, image: str, checks: FakeChecks) -> Runner:
    made = Runner(tmp_path / "runner", image)
    for name in TRAPS:
        (made.workspace / f"{name}.py").write_text("raise SystemExit('the workspace was imported')\n")
    return made
