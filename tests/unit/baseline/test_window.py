"""Reading stored runs: all of them sound and where they belong, or none."""

from __future__ import annotations

import datetime as dt

import pytest

from gate.baseline.directory import DirectoryStore
from gate.baseline.window import append_run, read_window, record_name
from gate.errors import BaselineError
from gate.record.codec import encode_run
from tests.builders import TODAY, history_of, run_of, sha_of, store_runs, suite_of

SUITE = suite_of(names=("home",))
RUNS = history_of(SUITE, 12, rounds=1)


def test_stored_runs_come_back_oldest_first(tmp_path):
    assert read_window(store_runs(tmp_path, reversed(RUNS)), "shop", 30) == RUNS


def test_only_the_newest_are_read_three_for_each_one_wanted(tmp_path):
    """Some may belong to other environments, so there is room; still the read is bounded."""
    assert read_window(store_runs(tmp_path, RUNS), "shop", 3) == RUNS[-9:]


@pytest.mark.parametrize("victim", [0, 5, 11])
def test_one_damaged_record_makes_the_whole_window_unusable(tmp_path, victim):
    """Passing it over would let a damaged store pass for a small one."""
    store = store_runs(tmp_path, RUNS)
    name = store.names("shop")[victim]
    path = tmp_path / "v1" / "shop" / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BaselineError, match=f"baseline {name} of suite 'shop' .* is not JSON"):
        read_window(store, "shop", 30)


@pytest.mark.parametrize("name", ["20261101T120000Z-abc-b0.json", "anything.json"])
def test_a_run_under_a_wrong_name_is_refused(tmp_path, name):
    store = DirectoryStore(tmp_path)
    store.append("shop", name, encode_run(RUNS[0]))
    with pytest.raises(BaselineError, match="filed under a wrong name"):
        read_window(store, "shop", 30)


def test_a_run_of_another_suite_is_refused(tmp_path):
    stranger = RUNS[0].model_copy(update={"suite": "blog"})
    store = DirectoryStore(tmp_path)
    store.append("shop", record_name(stranger), encode_run(stranger))
    with pytest.raises(BaselineError, match="of suite 'blog'"):
        read_window(store, "shop", 30)


def test_a_name_says_when_which_commit_and_which_run():
    run = run_of(SUITE, "c7", created=TODAY + dt.timedelta(seconds=5), commit="x", rounds=1)
    assert record_name(run) == f"20261120T120005Z-{sha_of('x')[:12]}-c7.json"


@pytest.mark.parametrize("commit", [None, "", "../../../../x", "a/b", "\x00", "é" * 20, ".." * 50])
def test_what_a_preview_says_of_its_commit_cannot_leave_the_folder(tmp_path, commit):
    run = RUNS[0].model_copy(update={"commit": commit})
    store = DirectoryStore(tmp_path)
    append_run(store, run)
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "v1" / "shop"]
    assert read_window(store, "shop", 30) == [run]
