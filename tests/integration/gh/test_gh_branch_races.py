"""Many refreshes at once and every cut of a connection: no run lost, none there twice, the branch whole at any time."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from conftest import Clock
from fake_github import BASE, REPOSITORY, TOKEN, FakeGitHub
from fake_objects import ObjectStore
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gate.errors import BaselineError
from gate.gh.rest.api import Api, Effects
from gate.gh.rest.client import Client
from gate.gh.rest.failures import WireError
from gate.gh.rest.retry import Answer
from gate.gh.store.branch import BranchStore

BRANCH = "perf-baselines"
FIRST = "20261101T000000Z-aaaa-r1.json"
SECOND = "20261102T000000Z-bbbb-r2.json"
FIVE = {
    "blob": "POST .*/git/blobs",
    "tree": "POST .*/git/trees",
    "commit": "POST .*/git/commits",
    "new branch": "POST .*/git/refs",
    "branch": "PATCH .*/git/refs",
}


@pytest.fixture
def objects(github: FakeGitHub) -> ObjectStore:
    return ObjectStore(github)


def opened(api: Api, keep: int = 300) -> BranchStore:
    return BranchStore(api, REPOSITORY, BRANCH, None, writable=True, keep=keep)


def name_of(number: int) -> str:
    return f"20261101T00{number:04}Z-aaaa-r{number}.json"


def check_history(objects: ObjectStore, *, keeps_all: bool = True) -> dict[str, bytes]:
    """The files of the newest commit; every commit is whole, after the one before it, and adds something new."""
    seen: set[str] = set()
    before: dict[str, bytes] = {}
    line = objects.line(BRANCH)
    assert line == objects.moves.get(BRANCH, [None])[1:], "a branch moved back, or over something"
    for commit in line:
        files = objects.files(commit)
        added = files.keys() - before.keys()
        assert added, "a commit that adds nothing"
        assert not added & seen, "a run that was added twice"
        seen |= added
        assert not keeps_all or before.items() <= files.items(), "a run was lost or changed"
        before = files
    assert objects.forced == 0
    return before


# eight at once -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_there", [False, True])
def test_eight_refreshes_at_once(objects, github, is_there):
    if is_there:
        objects.seed(BRANCH, {"README.md": b"ours\n"})
    barrier = threading.Barrier(8)
    failures: list[BaseException] = []

    def refresh(number: int) -> None:
        clock = Clock()
        effects = Effects(clock.sleep, clock.monotonic, random.Random(number).random)
        store = opened(Client(REPOSITORY, TOKEN, github.url, effects, budget_s=300).api)
        barrier.wait()
        try:
            store.append("shop", name_of(number), b"%d" % number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=refresh, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    files = check_history(objects)
    assert {path: content for path, content in files.items() if path != "README.md"} == {
        f"v1/shop/{name_of(number)}": b"%d" % number for number in range(8)
    }
    assert len(objects.line(BRANCH)) == 8 + is_there


# every cut -----------------------------------------------------------------------------------------------------------


def lost(applied: bool) -> list[dict]:
    kinds = [{"wire": "reset"}, {"wire": "cut"}, {"status": 502}, {"status": 502, "raw": b"<html>Bad gateway</html>"}]
    return [{**kind, "applied": applied} for kind in kinds]


@pytest.mark.parametrize("write", FIVE)
@pytest.mark.parametrize("fault", [*lost(applied=False), *lost(applied=True)], ids=str)
@pytest.mark.parametrize("times", [1, 3, 8])
def test_a_cut_at_any_write_loses_and_doubles_nothing(make, objects, github, write, fault, times):
    if write == "branch":
        objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(FIVE[write], times=times, **fault)
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert check_history(objects)[f"v1/shop/{SECOND}"] == b"two"


@pytest.mark.parametrize("write", FIVE)
@pytest.mark.parametrize("applied", [False, True])
def test_a_write_that_never_answers_is_told_as_it_is(make, objects, github, write, applied):
    if write == "branch":
        objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(FIVE[write], times=9999, wire="reset", applied=applied)
    store = opened(make(budget_s=300).api)
    moves_branch = write in ("branch", "new branch")
    if moves_branch and applied:
        store.append("shop", SECOND, b"two")  # the branch itself says so
        assert check_history(objects)[f"v1/shop/{SECOND}"] == b"two"
        return
    told = "cannot be known" if moves_branch else "nothing was stored"
    with pytest.raises(BaselineError, match=told):
        store.append("shop", SECOND, b"two")
    assert f"v1/shop/{SECOND}" not in check_history(objects)


def test_without_an_answer_about_the_branch_nothing_is_called_stored(make, objects, github):
    """Carried out, but neither the answer nor any look ever arrives."""
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    store = opened(make(budget_s=300).api)
    away = lambda: github.fail("GET .*/git/ref/", status=500, times=9999)  # noqa: E731
    github.fail(FIVE["branch"], wire="reset", applied=True, then=away)
    with pytest.raises(BaselineError, match="cannot be known"):
        store.append("shop", SECOND, b"two")
    assert f"v1/shop/{SECOND}" in check_history(objects)


def test_another_run_on_top_of_ours_does_not_hide_it(make, objects, github):
    """Our answer is lost, and before we look somebody else has added theirs."""
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    theirs = opened(make(budget_s=300).api)
    github.fail(FIVE["branch"], wire="reset", applied=True, then=lambda: theirs.append("shop", name_of(9), b"theirs"))
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 3
    assert len(objects.line(BRANCH)) == 3


@pytest.mark.parametrize("status", [409, 422])
@pytest.mark.parametrize("write", ["tree", "commit", "branch"])
def test_a_refusal_that_passes_costs_another_try(make, objects, github, status, write, clock):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(FIVE[write], status=status, times=7)
    opened(make(budget_s=300, random=0.5).api).append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 2
    assert [pause for pause in clock.pauses if pause > 1] == [1.25, 2.25, 4.25, 8.25, 15.25, 15.25, 15.25]


def test_the_eighth_refusal_is_the_last(make, objects, github):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(FIVE["branch"], status=422, message="Update is not a fast forward", times=99)
    with pytest.raises(BaselineError, match=r"not a fast forward.*nothing was stored"):
        opened(make(budget_s=9999).api).append("shop", SECOND, b"two")
    assert github.count("PATCH") == 8
    assert len(objects.line(BRANCH)) == 1


def test_content_is_sent_once_over_all_tries(make, objects, github):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(FIVE["branch"], status=422, message="Update is not a fast forward", times=5)
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert (github.count(FIVE["blob"]), github.count(FIVE["commit"])) == (1, 6)


def test_what_was_read_before_does_not_shorten_the_write(make, objects, github, clock):
    """Minutes of measuring are not thrown away because GitHub was slow when baselines were read."""
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    api = make(budget_s=20).api
    while api.pause(1, 1):
        pass
    store = opened(api)
    github.fail(FIVE["branch"], status=422, times=2)
    store.append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 2


def test_refusals_end_with_the_budget(make, objects, github, clock):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail(FIVE["branch"], status=422, times=99)
    begun = clock.now
    with pytest.raises(BaselineError, match="nothing was stored"):
        opened(make(budget_s=20, random=0.9).api).append("shop", SECOND, b"two")
    assert clock.now - begun <= 20 + 1, "the second between two writes may be the last one"


# reads that lag behind -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", range(1, 8))
def test_a_tip_that_is_read_too_old_is_read_again(make, objects, reads):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one", f"v1/shop/{name_of(7)}": b"7"}, (objects.tip(BRANCH),))
    objects.lagging[BRANCH] = reads
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 3


@pytest.mark.parametrize("reads", range(1, 8))
def test_a_branch_that_was_just_made_is_not_made_again(make, objects, reads):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    objects.lagging[BRANCH] = reads
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 2


@pytest.mark.parametrize("reads", range(1, 7))
def test_a_lost_answer_and_looks_that_lag_behind(make, objects, github, reads):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    lag = lambda: objects.lagging.update({BRANCH: reads})  # noqa: E731
    github.fail(FIVE["branch"], wire="reset", applied=True, then=lag)
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 2
    assert len(objects.line(BRANCH)) == 2


@pytest.mark.parametrize(("reads", "is_seen"), [(7, True), (8, True), (9, False)])
def test_the_last_look_settles_what_was_in_doubt(make, objects, github, reads, is_seen):
    """Our answer is lost, somebody writes on top, and every read but the very last is too old to show either."""
    old = objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    answer = github.operations[r"GET git/ref/heads/(?P<branch>.+)"]
    left = itertools.count(reads, -1)

    def too_old(matched, query, body):
        status, headers, ref = answer(matched, query, body)
        return status, headers, {"object": {"sha": old}} if next(left) > 0 else ref

    def on_top() -> None:
        tip = objects.tip(BRANCH)
        objects.seed(BRANCH, objects.files(tip) | {f"v1/shop/{name_of(9)}": b"theirs"}, (tip,))
        github.operations[r"GET git/ref/heads/(?P<branch>.+)"] = too_old

    github.fail(FIVE["branch"], wire="reset", applied=True, then=on_top)
    store = opened(make(budget_s=9999).api)
    if is_seen:
        store.append("shop", SECOND, b"two")
        assert store.names("shop") == sorted([FIRST, SECOND, name_of(9)])
    else:
        with pytest.raises(BaselineError, match="cannot be known"):
            store.append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 3


def test_a_commit_that_is_not_known_everywhere_yet_is_waited_for(make, objects, github):
    objects.seed(BRANCH, {f"v1/shop/{FIRST}": b"one"})
    github.fail("GET .*/git/commits/", status=404, message="Not Found", times=3)
    opened(make(budget_s=300).api).append("shop", SECOND, b"two")
    assert len(check_history(objects)) == 2


# any schedule --------------------------------------------------------------------------------------------------------

STEPS = ["well", "lost before", "lost after", "502 before", "502 after", "html after", "refused", "limited"]
STEPS += ["other first", "other after", "lags"]
RUNS = st.tuples(st.sampled_from(STEPS), st.sampled_from([1, 2, 3, 4, 5, 6, 7, 20, 60]))
SCHEDULES = st.lists(RUNS, max_size=12).map(lambda runs: [step for step, times in runs for _ in range(times)])
"""Steps of all kinds, and long runs of one: an outage outlasts every try of a single call."""


@dataclass
class Troubled:
    """A way to the fake without sockets, on which each exchange goes as the schedule says; other refreshes cut in."""

    objects: ObjectStore
    schedule: Iterator[str]
    others: Iterator[int]
    told: dict[int, str] = field(default_factory=dict)
    """What each refresh was told: ``stored``, ``not stored`` or ``not known``."""
    depth: int = 0

    def exchange(
        self, verb: str, path: str, parameters: Mapping[str, str], body: Mapping[str, object] | None, _: float
    ) -> Answer:
        step = next(self.schedule, "well")
        if step == "other first":
            self.cut_in()
        if step == "lost before":
            raise WireError("lost")
        if step in ("502 before", "refused", "limited"):
            status = {"502 before": 502, "refused": 422, "limited": 429}[step]
            return Answer(status, {"retry-after": "1"} if status == 429 else {}, '{"message": "no"}')
        if step == "lags":
            self.objects.lagging[BRANCH] = 2
        status, headers, content = self.objects.github.answer(verb, path, dict(parameters), dict(body or {}))
        if step == "other after":
            self.cut_in()
        if step == "lost after":
            raise WireError("lost")
        if step == "502 after":
            return Answer(502, {}, "<html>")
        if step == "html after":
            return Answer(200, {}, "<html>")
        return Answer(status, {name.lower(): value for name, value in headers.items()}, json.dumps(content))

    def cut_in(self) -> None:
        """A whole refresh of somebody else's between two steps of ours, which may be cut into itself."""
        number = next(self.others, None)
        if number is not None and self.depth < 4:
            self.depth += 1
            self.refresh(number)
            self.depth -= 1

    def refresh(self, number: int, keep: int = 300) -> None:
        clock = Clock()
        effects = Effects(clock.sleep, clock.monotonic, random.Random(number).random)
        store = opened(Api(self.exchange, effects, budget_s=300), keep)
        try:
            store.append("shop", name_of(number), b"%d" % number)
            self.told[number] = "stored"
        except BaselineError as error:
            self.told[number] = "not stored" if error.message.endswith("nothing was stored") else "not known"


def quiet_github() -> ObjectStore:
    github = FakeGitHub()
    github.commit(BASE, {"gate.yml": b""})
    return ObjectStore(github)


@settings(max_examples=300, deadline=None)
@given(schedule=SCHEDULES, refreshes=st.integers(1, 4), is_there=st.booleans())
def test_whatever_happens_nothing_is_lost(schedule, refreshes, is_there):
    objects = quiet_github()
    if is_there:
        objects.seed(BRANCH, {"v1/shop/20260101T000000Z-a-old.json": b"old"})
    way = Troubled(objects, iter(schedule), itertools.count(100))
    for number in range(refreshes):
        way.refresh(number)
    files = check_history(objects)
    there = {int(found[1]) for path in files if (found := re.search(r"-r(\d+)\.json", path))}
    stored = {number for number, told in way.told.items() if told == "stored"}
    never = {number for number, told in way.told.items() if told == "not stored"}
    assert stored <= there
    assert not never & there
    for told in set(way.told.values()):
        event(told)


@settings(max_examples=100, deadline=None)
@given(
    schedule=SCHEDULES,
    refreshes=st.integers(1, 8),
    keep=st.integers(1, 4),
)
def test_retention_takes_only_the_oldest(schedule, refreshes, keep):
    objects = quiet_github()
    objects.seed(BRANCH, {f"v1/shop/{name_of(number)}": b"x" for number in range(3)} | {"README.md": b"mine"})
    way = Troubled(objects, iter(schedule), iter(()))
    for number in range(10, 10 + refreshes):
        way.refresh(number, keep)
    files = check_history(objects, keeps_all=False)
    assert files.pop("README.md") == b"mine"
    ever = [f"v1/shop/{name_of(number)}" for number in range(3)]
    ever += sorted(
        path for commit in objects.line(BRANCH)[1:] for path in objects.files(commit) if path.endswith(".json")
    )
    everything = sorted(set(ever))
    assert sorted(files) == (everything if len(objects.line(BRANCH)) == 1 else everything[-keep:])


def test_a_schedule_without_trouble_stores():
    """The schedules above would show nothing if a quiet one did not work."""
    objects = quiet_github()
    way = Troubled(objects, iter([]), iter(()))
    way.refresh(1)
    assert way.told == {1: "stored"}
    assert f"v1/shop/{name_of(1)}" in check_history(objects)
