"""Run files out of artifacts: the very same or none, and no credential leaves for the storage."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fake_artifacts import WORKFLOW_RUN, Recorded, Storage, add_artifacts, recorded, storing, zipped
from fake_github import REPOSITORY, TOKEN
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import NotMeasured
from gate.gh.rest.archive import ArchiveError, members_named
from gate.gh.rest.artifacts import Artifacts
from gate.gh.rest.download import download
from gate.gh.rest.failures import ApiError, Reason, WireError
from gate.gh.telling.stored_runs import stored_runs

SHA = "c" * 40
RUN = b'{"run": {}}\n'
MIB = 2**20


@dataclass(frozen=True)
class Told:
    run_id: int
    run_files: tuple[Recorded, ...]
    acceptances: tuple = ()


@pytest.fixture
def storage(github) -> Iterator[Storage]:
    with storing() as found:
        add_artifacts(github, found)
        yield found


@pytest.fixture
def artifacts(client, github, clock) -> Artifacts:
    def fetch(url: str, most_bytes: int, limit_s: float) -> bytes:
        return download(url, github.url, most_bytes, min(limit_s, 1.0))

    return Artifacts(client.api, REPOSITORY, fetch, clock.sleep)


def read(artifacts: Artifacts, *files: Recorded) -> dict[str, bytes]:
    return artifacts.read(WORKFLOW_RUN, files or [recorded("run-a.json", RUN)])


def test_a_run_file_is_found_whatever_the_folder_and_the_artifact_are_called(artifacts, storage):
    storage.put(
        {"shop/run-a.json": b"another of the name", "gate-out/shop/run-a.json": RUN, "comment.md": b"x"}, "gate-3"
    )
    assert read(artifacts) == {"run-a.json": RUN}


def test_files_of_several_artifacts_are_put_together(artifacts, storage):
    storage.put({"run-a.json": RUN}, "gate-shop-1")
    storage.put({"run-b.json": b"b"}, "gate-shop-2")
    storage.put({"run-c.json": b"c"}, "gate-shop-3")
    found = read(artifacts, recorded("run-a.json", RUN), recorded("run-b.json", b"b"))
    assert found == {"run-a.json": RUN, "run-b.json": b"b"}
    assert len(storage.heads) == 2, "what is not needed is not downloaded"


def test_no_credential_goes_to_the_storage(artifacts, storage, github, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login robot password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    storage.put({"run-a.json": RUN})
    read(artifacts)
    (head,) = storage.heads
    assert {"authorization", "cookie", "x-github-api-version"}.isdisjoint(head)
    assert TOKEN not in str(head)


def test_artifacts_of_others_are_left_alone(artifacts, storage):
    storage.put({"run-a.json": RUN}, "coverage")
    storage.put({"run-a.json": RUN}, "gate-1", run=WORKFLOW_RUN + 1)
    with pytest.raises(ApiError, match=f"no artifact of run {WORKFLOW_RUN} whose name begins with gate-"):
        read(artifacts)
    assert storage.heads == []


def test_an_artifact_is_found_among_many_others(artifacts, storage):
    for number in range(150):
        storage.put({"x": b""}, f"other-{number}")
    storage.put({"run-a.json": RUN})
    assert read(artifacts) == {"run-a.json": RUN}


@pytest.mark.parametrize("how", [{"expired": True}, {"gone": True}])
def test_an_expired_artifact_is_said_to_be(artifacts, storage, how):
    storage.put({"run-a.json": RUN}, **how)
    with pytest.raises(ApiError, match="1 of them expired"):
        read(artifacts)


@pytest.mark.parametrize("content", [b'{"run": {}} ', b"", RUN + b"\n", b'{"run": []}\n'])
def test_a_file_that_differs_is_as_good_as_none(artifacts, storage, content):
    storage.put({"run-a.json": content})
    with pytest.raises(ApiError) as caught:
        read(artifacts)
    assert caught.value.reason is Reason.MISMATCH


def linked(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("run-a.json", RUN)
    return content.getvalue()


def twice(name: str) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(name, RUN)
            archive.writestr(name, b"other")
    return content.getvalue()


def lying_about_size(content: bytes) -> bytes:
    """The central directory says that the member is as long as is recorded; it unfolds to much more."""
    packed = bytearray(zipped({"run-a.json": content}))
    at = packed.rindex(b"PK\x01\x02")
    struct.pack_into("<I", packed, at + 24, len(RUN))
    return bytes(packed)


def encrypted() -> bytes:
    packed = bytearray(zipped({"run-a.json": RUN}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", packed, packed.index(signature) + offset, 1)
    return bytes(packed)


ODD = {
    "no archive": b"<html>",
    "empty": b"",
    "cut": zipped({"run-a.json": RUN})[:-10],
    "climbs": zipped({"../run-a.json": RUN}),
    "climbs on Windows": zipped({"..\\run-a.json": RUN}),
    "absolute": zipped({"/run-a.json": RUN}),
    "drive": zipped({"C:run-a.json": RUN}),
    "elsewhere, but climbs": zipped({"run-a.json": RUN, "a/../../x": b""}),
    "link": linked("link"),
    "link under its name": linked("a/run-a.json"),
    "two of a name": twice("run-a.json"),
    "lies about its size": lying_about_size(b"x" * MIB),
    "encrypted": encrypted(),
    "another method": zipped({"run-a.json": RUN}, zipfile.ZIP_LZMA),
    "many members": zipped({f"{n}": b"" for n in range(10_001)}),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD.keys())
def test_an_archive_that_tries_anything_is_refused_as_a_whole(artifacts, storage, content):
    storage.put_bytes(content)
    with pytest.raises(ApiError, match="cannot be read") as caught:
        read(artifacts)
    assert caught.value.reason is Reason.MISMATCH


def test_an_archive_that_unfolds_to_a_thousand_times_its_size_is_not_unfolded():
    bomb = zipped({"run-a.json": b"\0" * (65 * MIB)})
    assert len(bomb) < MIB
    with pytest.raises(ArchiveError, match="more than 67108864 bytes"):
        members_named(bomb, {"run-a.json"}.__contains__, 64 * MIB)


@given(st.integers(0, 400), st.binary(max_size=3))
def test_a_damaged_archive_is_refused_or_gives_what_was_put_in(at, noise):
    packed = bytearray(zipped({"a/run-a.json": RUN * 20, "b": b"b"}))
    packed[at : at + len(noise)] = noise
    try:
        found = members_named(bytes(packed), {"run-a.json"}.__contains__, MIB)
    except ArchiveError:
        return
    assert found in ({"run-a.json": [RUN * 20]}, {})


def test_an_artifact_that_is_too_large_is_not_downloaded(artifacts, storage):
    storage.put({"run-a.json": RUN}, size=33 * MIB)
    with pytest.raises(ApiError, match="more than"):
        read(artifacts)
    assert storage.heads == []


def test_a_download_that_goes_wrong_is_asked_for_again(artifacts, storage, github, clock):
    storage.put({"run-a.json": RUN})
    storage.status = [503, 302]
    assert read(artifacts) == {"run-a.json": RUN}
    assert github.count("GET .*/artifacts/1/zip") == 3
    assert clock.pauses == [1.0, 2.0]


@pytest.mark.parametrize("wire", ["cut", "drip"])
def test_a_download_that_does_not_end_is_given_up(artifacts, storage, wire):
    storage.put({"run-a.json": RUN})
    storage.wire = wire
    with pytest.raises(ApiError, match="tried 3 times") as caught:
        read(artifacts)
    assert caught.value.reason is Reason.UNREACHABLE
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "http://storage.example/1",
        "ftp://127.0.0.1/1",
        "//127.0.0.1/1",
        "file:///etc/passwd",
        "https://u:p@h/1",
        "https://",
    ],
)
def test_only_https_is_downloaded_from(artifacts, storage, github, location):
    storage.put({"run-a.json": RUN})
    storage.location = location or "x"
    with pytest.raises(ApiError, match="not reached by https"):
        read(artifacts)
    assert storage.heads == []


def test_a_public_api_cannot_lead_to_this_machine_without_tls():
    with pytest.raises(WireError, match="not reached by https"):
        download("http://127.0.0.1:1/x", "https://api.github.com", 10, 1.0)


def test_a_body_beyond_the_limit_is_not_read_on(storage, github):
    storage.put_bytes(b"x" * 300_000)
    with pytest.raises(WireError, match="longer than 1000 bytes"):
        download(f"{storage.url}/1", github.url, 1000, 5.0)


@pytest.mark.parametrize("status", [200, 301, 303, 307])
def test_an_answer_without_the_one_redirect_is_no_download(artifacts, storage, github, status):
    storage.put({"run-a.json": RUN})
    github.fail("artifacts/1/zip", times=9, status=status, headers={"Location": f"{storage.url}/1"}, raw=b"<html>")
    with pytest.raises(ApiError) as caught:
        read(artifacts)
    assert caught.value.reason is Reason.UNREACHABLE
    assert storage.heads == []


def test_a_missing_permission_is_named(artifacts, storage, github):
    github.fail("GET .*/artifacts", status=403, message="Resource not accessible by integration")
    with pytest.raises(ApiError, match=r"actions: read"):
        read(artifacts)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "there is no verdict on cccccccccccc"),
        (Told(WORKFLOW_RUN, ()), "measured nothing"),
        (Told(WORKFLOW_RUN, (recorded("run-a.json", b"other"),)), "as it was when it was judged"),
        (Told(WORKFLOW_RUN, (recorded("run-a.json", RUN), recorded("run-b.json", b"b"))), "run-b.json"),
    ],
)
def test_what_cannot_be_judged_again_is_not_measured_and_says_what_helps(artifacts, storage, told, said):
    storage.put({"run-a.json": RUN})
    with pytest.raises(NotMeasured, match=said) as caught:
        stored_runs(SHA, told, artifacts)
    assert "run the check again" in caught.value.cure


def test_what_was_judged_comes_back(artifacts, storage):
    storage.put({"run-a.json": RUN})
    found = stored_runs(SHA, Told(WORKFLOW_RUN, (recorded("run-a.json", RUN),)), artifacts)
    assert (found.sha, found.files) == (SHA, {"run-a.json": RUN})
