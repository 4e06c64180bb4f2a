"""Artifacts of workflow runs, permissions and merged pull requests of the fake GitHub, and a storage beside it.

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
from urllib.parse import unquote

from fake_github import REPOSITORY, FakeGitHub, Operation, user

API = f"https://api.github.com/repos/{REPOSITORY}"
WORKFLOW_RUN = 4711
ROLES = {"maintain": "write", "triage": "read"}
Answered = tuple[int, dict, object]


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


@dataclass
class People:
    """Roles on the repository, and whom a merge commit belongs to."""

    roles: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    """Commits of the default branch, oldest first."""
    pulls: dict[str, list[dict]] = field(default_factory=dict)
    """By commit."""


def pull_request(number: int, head: str, base: str = "main", merged_at: str | None = "2026-11-20T14:00:00Z") -> dict:
    """As a list has it."""
    page = f"https://github.com/{REPOSITORY}/pull/{number}"
    side = {"label": "octo:x", "repo": None, "user": user("octo")}
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    return {
        "url": f"{API}/pulls/{number}",
        "id": number,
        "node_id": "PR_1",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": f"{API}/issues/{number}",
        **{f"{name}_url": f"{API}/x" for name in ("commits", "review_comments", "comments", "statuses")},
        "review_comment_url": f"{API}/x{{/number}}",
        "number": number,
        "state": "closed",
        "locked": False,
        "title": "x",
        "user": user("author"),
        "body": None,
        "labels": [],
        "milestone": None,
        "created_at": "2026-11-20T12:00:00Z",
        "updated_at": "2026-11-20T12:00:00Z",
        "closed_at": merged_at,
        "merged_at": merged_at,
        "merge_commit_sha": None,
        "assignee": None,
        "head": side | {"ref": "topic", "sha": head},
        "base": side | {"ref": base, "sha": "b" * 40},
        "_links": {name: {"href": f"{API}/x"} for name in links},
        "author_association": "NONE",
        "auto_merge": None,
    }


def answer_first(github: FakeGitHub, operations: dict[str, Operation]) -> None:
    """Before what else answers to the same: other modules have pull requests and histories of their own."""
    others = {pattern: operation for pattern, operation in github.operations.items() if pattern not in operations}
    github.operations = operations | others


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


def add_people(github: FakeGitHub, people: People) -> None:
    def permission(matched: re.Match[str], _: dict[str, str], __: dict) -> Answered:
        login = unquote(matched["login"])
        role = people.roles.get(login)
        if role is None:
            return 404, {}, {"message": f"{login} is not a user"}
        found = user(login) | {"role_name": role}
        return 200, {}, {"permission": ROLES.get(role, role), "role_name": role, "user": found}

    def compared(matched: re.Match[str], query: dict[str, str], _: dict) -> Answered:
        base, head = matched["base"], matched["head"]
        if base not in people.history or head not in people.history:
            return 404, {}, {"message": "Not Found"}
        between = people.history[people.history.index(base) + 1 : people.history.index(head) + 1]
        size, page = int(query["per_page"]), int(query["page"])
        commits = [_commit(people, sha) for sha in between]
        return 200, {}, {
            **{f"{name}_url": f"{API}/x" for name in ("html", "permalink", "diff", "patch")},
            "url": f"{API}/compare/{base}...{head}",
            "base_commit": _commit(people, base),
            "merge_base_commit": _commit(people, base),
            "status": "ahead" if between else "identical",
            "ahead_by": len(between),
            "behind_by": 0,
            "total_commits": len(between),
            "commits": commits[(page - 1) * size : page * size],
            "files": [],
        }  # fmt: skip

    def pulls(matched: re.Match[str], _: dict[str, str], __: dict) -> Answered:
        return 200, {}, people.pulls.get(matched["sha"], [])

    answer_first(github, {
        r"GET collaborators/(?P<login>[^/]+)/permission": permission,
        r"GET compare/(?P<base>\w+)\.\.\.(?P<head>\w+)": compared,
        r"GET commits/(?P<sha>\w+)/pulls": pulls,
    })  # fmt: skip


def _commit(people: People, sha: str) -> dict:
    place = people.history.index(sha)
    parents = [people.history[place - 1]] if place else []
    by = {"name": "a", "email": "a@example.com", "date": "2026-11-20T12:00:00Z"}
    return {
        "url": f"{API}/commits/{sha}",
        "sha": sha,
        "node_id": "C_1",
        "html_url": f"https://github.com/{REPOSITORY}/commit/{sha}",
        "comments_url": f"{API}/commits/{sha}/comments",
        "commit": {
            "url": f"{API}/git/commits/{sha}",
            "author": by,
            "committer": by,
            "message": "x",
            "comment_count": 0,
            "tree": {"sha": sha, "url": f"{API}/git/trees/{sha}"},
        },
        "author": user("author"),
        "committer": user("author"),
        "parents": [{"sha": parent, "url": f"{API}/commits/{parent}"} for parent in parents],
    }


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
