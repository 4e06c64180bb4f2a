"""A directory of stored runs: written whole or not at all, never over one another."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from gate.baseline.directory import DirectoryStore
from gate.errors import BaselineError


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_store_that_is_not_there_yet_is_empty(tmp_path):
    assert DirectoryStore(tmp_path / "none").names("shop") == []
    assert not (tmp_path / "none").exists(), "looking makes no directory"


def test_names_come_oldest_first_and_only_records_count(tmp_path):
    store = DirectoryStore(tmp_path)
    for name in ("20261103T000000Z-b-2.json", "20261101T000000Z-z-1.json", "20261103T000000Z-a-3.json"):
        store.append("shop", name, b"{}")
    (tmp_path / "v1" / "shop" / "README.md").write_text("by hand")
    (tmp_path / "v1" / "shop" / ".writing-abc").write_text("left by a crash")
    assert store.names("shop") == [
        "20261101T000000Z-z-1.json",
        "20261103T000000Z-a-3.json",
        "20261103T000000Z-b-2.json",
    ]


def test_suites_do_not_see_each_other(tmp_path):
    store = DirectoryStore(tmp_path)
    store.append("shop", "a.json", b"1")
    assert store.names("blog") == []
    with pytest.raises(BaselineError, match="cannot be read"):
        store.read("blog", "a.json")


def test_what_was_appended_is_read_back_and_nothing_else_is_left(tmp_path):
    store = DirectoryStore(tmp_path)
    place = store.append("shop", "a.json", b"content")
    assert place == str(tmp_path / "v1" / "shop" / "a.json")
    assert store.read("shop", "a.json") == b"content"
    assert content_of(tmp_path) == {"v1/shop/a.json": b"content"}
    assert Path(place).stat().st_mode & 0o777 == 0o644


def test_a_name_that_is_taken_is_refused_and_keeps_its_content(tmp_path):
    store = DirectoryStore(tmp_path)
    store.append("shop", "a.json", b"first")
    with pytest.raises(BaselineError, match="exists already; a stored run is never overwritten"):
        store.append("shop", "a.json", b"second")
    assert content_of(tmp_path) == {"v1/shop/a.json": b"first"}


def test_of_many_who_append_one_name_at_once_exactly_one_does(tmp_path):
    store, start, outcomes = DirectoryStore(tmp_path), threading.Barrier(8), []

    def append(number: int) -> None:
        start.wait()
        try:
            store.append("shop", "a.json", b"%d" % number * 10_000)
            outcomes.append(number)
        except BaselineError:
            outcomes.append(None)

    threads = [threading.Thread(target=append, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [number for number in outcomes if number is not None]
    assert content_of(tmp_path) == {"v1/shop/a.json": b"%d" % winner * 10_000}


def test_a_write_that_fails_leaves_everything_as_it_was(tmp_path, monkeypatch):
    store = DirectoryStore(tmp_path)
    store.append("shop", "a.json", b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BaselineError, match="No space left on device; nothing was changed"):
        store.append("shop", "b.json", b"new")
    assert content_of(tmp_path) == {"v1/shop/a.json": b"old"}


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path.parent / "nowhere")])
def test_a_record_that_cannot_be_read_is_not_a_missing_one(tmp_path, make):
    folder = tmp_path / "v1" / "shop"
    folder.mkdir(parents=True)
    make(folder / "a.json")
    store = DirectoryStore(tmp_path)
    assert store.names("shop") == ["a.json"]
    with pytest.raises(BaselineError, match="cannot be read"):
        store.read("shop", "a.json")


def test_a_file_where_the_directory_should_be_is_not_an_empty_store(tmp_path):
    (tmp_path / "v1").write_text("not a directory")
    with pytest.raises(BaselineError, match="cannot be listed"):
        DirectoryStore(tmp_path).names("shop")
