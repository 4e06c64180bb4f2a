"""Artifacts of workflow runs of the fake GitHub, and a storage beside it.

The storage is a server of its own that keeps what it is asked with: nothing of the API's credentials may get there.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fake_github import REPOSITORY, FakeGitHub
from fake_people import Answered, answer_first

API = f"https://api.github.com/repos/{REPOSITORY}"
WORKFLOW_RUN = 4711


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@dataclass(frozen=True)
class Recorded:
    """A run file as a check recorded it."""

    name: str
    sha256: str
    size_bytes: int


def recorded(name: str, content: bytes) -> Recorded:
    return Recorded(name, hashlib.sha256(content).hexdigest(), len(content))


@dataclass
class Stored:
    """One artifact."""

    id: int
    run: int
    name: str
    content: bytes
    expired: bool = False
    gone: bool = False
    """Expired between listing and download."""
    size: int | None = None


@dataclass
class Storage:
    """What the storage serves, what goes wrong there, and the headers it got."""

    url: str = ""
    artifacts: list[Stored] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    """Of the next answers, before those that are fine."""
    wire: str = ""
    location: str = ""
    """In place of its own address."""
    heads: list[dict[str, str]] = field(default_factory=list)

    def put(self, files: dict[str, bytes], name: str = "gate-1", run: int = WORKFLOW_RUN, **more: object) -> Stored:
        return self.put_bytes(zipped(files), name, run, **more)

    def put_bytes(self, content: bytes, name: str = "gate-1", run: int = WORKFLOW_RUN, **more: object) -> Stored:
        stored = Stored(len(self.artifacts) + 1, run, name, content, **more)  # type: ignore[arg-type]
        self.artifacts.append(stored)
        return stored


def add_artifacts(github: FakeGitHub, storage: Storage) -> None:
    def listed(matched: re.Match[str], query: dict[str, str], _: dict) -> Answered:
        found = [_described(a) for a in storage.artifacts if a.run == int(matched["run"])]
        size, page = int(query["per_page"]), int(query["page"])
        return 200, {}, {"total_count": len(found), "artifacts": found[(page - 1) * size : page * size]}

    def located(matched: re.Match[str], _: dict[str, str], __: dict) -> Answered:
        found = next((a for a in storage.artifacts if a.id == int(matched["id"])), None)
        if found is None:
            return 404, {}, {"message": "Not Found"}
        if found.expired or found.gone:
            return 410, {}, {"message": "Artifact has expired"}
        return 302, {"Location": storage.location or f"{storage.url}/{found.id}?sig=SECRET"}, None

    answer_first(github, {
        r"GET actions/runs/(?P<run>\d+)/artifacts": listed,
        r"GET actions/artifacts/(?P<id>\d+)/zip": located,
    })  # fmt: skip


def _described(artifact: Stored) -> dict:
    return {
        "id": artifact.id,
        "node_id": "A_1",
        "name": artifact.name,
        "size_in_bytes": len(artifact.content) if artifact.size is None else artifact.size,
        "url": f"{API}/actions/artifacts/{artifact.id}",
        "archive_download_url": f"{API}/actions/artifacts/{artifact.id}/zip",
        "expired": artifact.expired,
        "created_at": "2026-11-20T12:00:00Z",
        "expires_at": "2027-02-20T12:00:00Z",
        "updated_at": "2026-11-20T12:00:00Z",
        "workflow_run": {"id": artifact.run, "head_branch": "topic", "head_sha": "c" * 40},
    }


class _Handler(BaseHTTPRequestHandler):
    storage: Storage

    def do_GET(self) -> None:
        storage = self.storage
        storage.heads.append({name.lower(): value for name, value in self.headers.items()})
        number = int(self.path.split("?")[0].strip("/") or 0)
        content = next((a.content for a in storage.artifacts if a.id == number), b"")
        status = storage.status.pop(0) if storage.status else 200
        self.send_response_only(status)
        if status == 302:
            self.send_header("Location", f"{storage.url}/1")
        # Longer than what comes, where the connection is to be cut.
        self.send_header("Content-Length", str(len(content) + (100 if storage.wire else 0)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)
            while storage.wire == "drip":
                time.sleep(0.02)
                self.wfile.write(b" ")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def storing() -> Iterator[Storage]:
    storage = Storage()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"storage": storage}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is part of the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    storage.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield storage
    finally:
        storage.wire = ""
        server.shutdown()
        server.server_close()
        thread.join()
