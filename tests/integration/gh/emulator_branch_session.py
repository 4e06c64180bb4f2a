"""The baseline branch on a GitHub emulator that nobody here wrote; run by ``test_gh_branch_emulator.py``.

Usage: ``emulator_branch_session.py INDEX_JS``. Says what it did, one line each; a failed assertion ends it.
"""

from __future__ import annotations

import itertools
import random
import sys
import threading
import time

import pytest
from emulator_session import REPOSITORY, URL, ask, commit, emulator, said

from gate.baseline.window import append_run, read_window
from gate.errors import BaselineError, UsageError
from gate.gh.rest.api import Api, Effects
from gate.gh.rest.retry import Answer
from gate.gh.rest.wire import Wire
from gate.gh.store.branch import BranchStore
from gate.gh.store.records import readme
from tests.builders import history_of, suite_of

BRANCH = "perf-baselines"
WRITERS = 8
FASTER = 50
"""Pauses are so many times shorter than on GitHub."""


class _OneMoveAtATime:
    """Exchanges of which only one moves a branch at a time.

    The emulator looks what the branch points at before it has read the request, so two that arrive together both pass
    its check, and it takes the second for a fast forward of what was there before the first: a run would be lost that
    it had acknowledged. GitHub compares and sets at once, as the fake does; who writes what and who is told to begin
    anew is the same here.
    """

    moving = threading.Lock()

    def __init__(self) -> None:
        self._wire = Wire(URL, "ghs_OURS")

    def exchange(self, verb: str, path: str, *more: object) -> Answer:
        if verb != "PATCH":
            return self._wire.exchange(verb, path, *more)  # type: ignore[arg-type]
        with self.moving:
            return self._wire.exchange(verb, path, *more)  # type: ignore[arg-type]


def opened(*, writable: bool = True, keep: int = 300, seed: int = 0, branch: str = BRANCH) -> BranchStore:
    effects = Effects(lambda pause: time.sleep(pause / FASTER), time.monotonic, random.Random(seed).random)
    api = Api(_OneMoveAtATime().exchange, effects, budget_s=300)
    return BranchStore.open(api, REPOSITORY, branch, "main", writable=writable, keep=keep)


def line() -> list[dict]:
    """Commits of the branch, oldest first; fails if one has two parents."""
    found = []
    sha = ask("GET", f"git/ref/heads/{BRANCH}")["object"]["sha"]
    while sha:
        one = ask("GET", f"git/commits/{sha}")
        found.append(one)
        assert len(one["parents"]) <= 1, one
        sha = one["parents"][0]["sha"] if one["parents"] else ""
    return found[::-1]


def files(one: dict) -> set[str]:
    tree = ask("GET", f"git/trees/{one['tree']['sha']}?recursive=1")
    return {entry["path"] for entry in tree["tree"] if entry["type"] == "blob"}


def storing() -> None:
    main = commit("gate.yml", b"version: 1\n", "main")
    assert opened(writable=False).names("shop") == []
    said("before the first refresh there is nothing")
    runs = history_of(suite_of(), 3)
    store = opened()
    for run in runs:
        append_run(store, run)
    assert read_window(opened(writable=False), runs[0].suite, 30) == runs
    first, *rest = line()
    assert files(first) == {"README.md", f"v1/{runs[0].suite}/{store.names(runs[0].suite)[0]}"}
    assert first["parents"] == []
    assert len(rest) == 2
    assert ask("GET", f"contents/README.md?ref={BRANCH}")["size"] == len(readme(BRANCH))
    assert ask("GET", "git/ref/heads/main")["object"]["sha"] == main
    said("three whole runs stored and read, on a branch without a common history")
    with pytest.raises(BaselineError, match="exists already"):
        opened().append(runs[0].suite, store.names(runs[0].suite)[0], b"other")
    said("another content under a name is refused")


def racing() -> None:
    before = line()
    barrier, failures = threading.Barrier(WRITERS), []

    def refresh(number: int) -> None:
        try:
            store = opened(seed=number)
            barrier.wait()
            store.append("blog", f"20261101T00000{number}Z-aaaa-r{number}.json", b"%d" % number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=refresh, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [], failures
    after = line()
    assert after[: len(before)] == before
    trees = [files(one) for one in after]
    assert all(small < large for small, large in itertools.pairwise(trees))
    assert len(after) == len(before) + WRITERS
    assert len(opened(writable=False).names("blog")) == WRITERS
    said(f"{WRITERS} refreshes at once: {WRITERS} runs, one line, every commit whole")


def retaining() -> None:
    others = {path for path in files(line()[-1]) if not path.startswith("v1/blog/")}
    opened(keep=2).append("blog", "20261102T000000Z-aaaa-new.json", b"new")
    left = files(line()[-1])
    assert others <= left
    names = sorted(left - others)
    assert names == ["v1/blog/20261101T000007Z-aaaa-r7.json", "v1/blog/20261102T000000Z-aaaa-new.json"], names
    said("the oldest leave in the same commit, others stay")


def refusing() -> None:
    with pytest.raises(UsageError, match="default branch"):
        opened(branch="main")
    sha = ask("GET", "git/ref/heads/main")["object"]["sha"]
    ask("POST", "git/refs", ref="refs/heads/topic", sha=sha)
    commit("a.txt", b"a", "topic")
    number = ask("POST", "pulls", title="x", head="topic", base="main")["number"]
    with pytest.raises(UsageError, match=f"pull request #{number}"):
        opened(branch="topic")
    said("the default branch and a branch under review are refused")


if __name__ == "__main__":
    with emulator(sys.argv[1]):
        storing()
        racing()
        retaining()
        refusing()
