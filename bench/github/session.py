"""A GitHub on loopback and what is told to it; started by ``bench.github``, prints one line of JSON.

Usage: ``session.py fake ENDPOINTS REPEATS DELAY_MS``, ``session.py emulator ENDPOINTS REPEATS INDEX_JS``,
``session.py action REPEATS``.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

from emulator_session import REPOSITORY as EMULATED
from emulator_session import URL, emulator
from emulator_tell_session import opened
from fake_checks import FakeChecks
from fake_github import BASE, HEAD, REPOSITORY, TOKEN, FakeGitHub, serving
from fake_pulls import Pulls
from runner import Runner
from test_action import SUITE, shop

from bench.github.telling import Place, tell_again_and_again
from tests.integration.load.servers import serving as serving_load


class Slow(FakeGitHub):
    """Every answer takes a while, and when each was asked for is kept."""

    delay_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, float]] = []

    def answer(self, verb: str, path: str, query: dict[str, str], body: dict) -> tuple[int, dict, object]:
        """Answer later."""
        self.asked.append((verb, time.perf_counter()))
        time.sleep(self.delay_s)
        return super().answer(verb, path, query, body)


def fake() -> Slow:
    """With a pull request and a suite."""
    github = Slow()
    github.commit(HEAD, {"gate.yml": SUITE.encode()}, "topic")
    github.commit(BASE, {"gate.yml": SUITE.encode()})
    github.operations |= FakeChecks(github).operations
    pulls = Pulls(github)
    pulls.add(7, HEAD, BASE)
    pulls.changes(7, "app/views.py")
    return github


def to_fake(endpoints: int, repeats: int, delay_ms: float, folder: Path) -> list[dict[str, object]]:
    """Tell the scripted fake."""
    github = fake()
    github.delay_s = delay_ms / 1e3
    with serving(github):
        return tell_again_and_again(Place(github.url, REPOSITORY, TOKEN, 7, HEAD, BASE), endpoints, repeats, folder)


def to_emulator(endpoints: int, repeats: int, index: str, folder: Path) -> list[dict[str, object]]:
    """Tell the emulator."""
    with emulator(index):
        number, head, base = opened()
        return tell_again_and_again(Place(URL, EMULATED, "ghs_OURS", number, head, base), endpoints, repeats, folder)


def whole_action(repeats: int, folder: Path) -> list[dict[str, object]]:
    """`gate action` in a process of its own: its whole time less what its run file says of waiting and load."""
    done: list[dict[str, object]] = []
    for number in range(1, repeats + 1):
        github, place = fake(), folder / str(number)
        place.mkdir()
        with serving(github), serving_load(shop) as server:
            runner = Runner(place, github)
            begun, used = time.perf_counter(), _processor_s()
            code = runner.run(server, run_id=number)
            ended = time.perf_counter()
        if code != 0:
            raise RuntimeError(runner.log)
        run = json.loads((runner.workspace / runner.outputs["run-files"]).read_text(encoding="utf-8"))["run"]
        check, comment = (at for verb, at in github.asked if verb != "GET")
        done.append(
            {
                "overhead_s": ended - begun - run["elapsed_s"] - run["ready_after_s"],
                "starting_s": github.asked[0][1] - begun,
                "between_writes_s": comment - check,
                "cpu_s": _processor_s() - used,
                "requests": [_kind(request) for request in github.requests],
            }
        )
    return done


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _kind(request: str) -> str:
    """Verb and route without what differs from one pull request to the next."""
    path = request.partition("?")[0].replace(f"/repos/{REPOSITORY}/", "")
    return re.sub(r"[0-9a-f]{40}|\b\d+\b", "N", path)


def main(where: str, *given: str) -> None:
    """Do as asked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if where == "action":
            found = whole_action(int(given[0]), folder)
        elif where == "emulator":
            found = to_emulator(int(given[0]), int(given[1]), given[2], folder)
        else:
            found = to_fake(int(given[0]), int(given[1]), float(given[2]), folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
