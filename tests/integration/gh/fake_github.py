"""A small GitHub on loopback: files at commits, comments with pages, pull requests, and every fault on order.

Its answers have the members that GitHub's published description demands (``test_gh_description.py`` holds them to it).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

REPOSITORY = "octo/shop"
TOKEN = "ghs_TOKEN"
BASE = "b" * 40
HEAD = "c" * 40
BOT = "github-actions[bot]"
DATE = "Wed, 18 Nov 2026 12:00:00 GMT"
INTEGRATION = "Resource not accessible by integration"
CONTENTS_LIMIT = 1000
INLINE_LIMIT = 2**20


@dataclass
class Fault:
    """What goes wrong, with which requests, how often, and whether the request is carried out all the same."""

    on: str
    """Pattern for ``VERB path``."""
    times: int = 1
    after: int = 0
    """Matching requests that still go well."""
    applied: bool = False
    status: int | None = None
    message: str = "fault"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """A body that is no JSON of GitHub's."""
    wire: str = ""
    """``reset``, ``cut``, ``drip`` or ``slow head``."""
    then: Callable[[], None] | None = None
    """Something that happens at this moment elsewhere."""


Operation = Callable[[re.Match[str], dict[str, str], dict], tuple[int, dict, object]]
"""From what the path held, query and body to status, headers and content."""


def git_id(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


_PROFILE = {
    **dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio")),
    **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
    **dict.fromkeys(("created_at", "updated_at"), "2026-11-18T12:00:00Z"),
}


def user(login: str, number: int = 1) -> dict:
    base = f"https://api.github.com/users/{login}"
    urls = ("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events")
    return {
        "login": login,
        "id": number,
        "node_id": "U_1",
        "avatar_url": "https://avatars.example/u/1",
        "gravatar_id": "",
        "url": base,
        "html_url": f"https://github.com/{login}",
        **{f"{name}_url": f"{base}/{name}" for name in urls},
        "received_events_url": f"{base}/received_events",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


class FakeGitHub:
    """The state; tests change it as they like."""

    def __init__(self) -> None:
        self.url = ""
        self.token_login: str | None = None
        """Whose token it is; None as with a job's token: it may not ask."""
        self.writes_as = BOT
        self.commits: dict[str, dict[str, bytes]] = {}
        self.links: set[str] = set()
        self.branches: dict[str, str] = {}
        self.comments: list[dict] = []
        self.pulls: dict[int, dict] = {}
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.exchanges: list[tuple[str, str, int, object]] = []
        self.lock = threading.RLock()
        self._last_comment = 0
        self.operations: dict[str, Operation] = {
            pattern: partial(operation, self) for pattern, operation in _OPERATIONS.items()
        }
        """What is answered to ``VERB path``; modules beside this one add theirs."""

    def commit(self, sha: str, files: dict[str, bytes], branch: str = "main") -> str:
        self.commits[sha] = dict(files)
        self.branches[branch] = sha
        return sha

    def comment(self, author: str | None, body: str, number: int = 7) -> dict:
        with self.lock:
            self._last_comment += 1
            where = f"https://github.com/{REPOSITORY}/pull/{number}"
            made = {
                "id": self._last_comment,
                "node_id": "IC_1",
                "url": f"https://api.github.com/repos/{REPOSITORY}/issues/comments/{self._last_comment}",
                "html_url": f"{where}#issuecomment-{self._last_comment}",
                "issue_url": f"https://api.github.com/repos/{REPOSITORY}/issues/{number}",
                "user": user(author) if author else None,
                "created_at": "2026-11-18T12:00:00Z",
                "updated_at": "2026-11-18T12:00:00Z",
                "author_association": "NONE",
                "body": body,
                "number": number,
            }
            self.comments.append(made)
            return made

    def fail(self, on: str, **how: object) -> Fault:
        fault = Fault(on, **how)  # type: ignore[arg-type]
        self.faults.append(fault)
        return fault

    def bodies(self, author: str | None = BOT) -> list[str]:
        return [c["body"] for c in self.comments if (c["user"] or {}).get("login") == author]

    def count(self, pattern: str) -> int:
        return sum(1 for request in self.requests if re.search(pattern, request))

    def answer(self, verb: str, path: str, query: dict[str, str], body: dict) -> tuple[int, dict, object]:
        if verb == "GET" and path == "/user":
            if self.token_login is None:
                return 403, {}, {"message": INTEGRATION}
            return 200, {}, user(self.token_login) | _PROFILE
        prefix = f"/repos/{REPOSITORY}/"
        for pattern, operation in self.operations.items():
            matched = re.fullmatch(pattern, f"{verb} {path.removeprefix(prefix)}")
            if matched:
                with self.lock:
                    return operation(matched, query, body)
        return 404, {}, {"message": "Not Found"}

    def _contents(self, matched: re.Match[str], query: dict[str, str], _: dict) -> tuple[int, dict, object]:
        path, ref = unquote(matched["path"]), query.get("ref", self.branches.get("main", ""))
        files = self.commits.get(ref)
        if files is None:
            return 404, {}, {"message": f"No commit found for the ref {ref}"}
        if path in files:
            return 200, {}, self._entry(path, files[path], ref, whole=True)
        below = _names_below(files, path)
        if not below:
            return 404, {}, {"message": "Not Found"}
        entries = [self._entry(f"{path}/{name}".lstrip("/"), content, ref) for name, content in below.items()]
        return 200, {}, entries[:CONTENTS_LIMIT]

    def _entry(self, path: str, content: bytes | None, ref: str, *, whole: bool = False) -> dict:
        api, sha = (
            f"https://api.github.com/repos/{REPOSITORY}",
            git_id("blob", path.encode() if content is None else content),
        )
        entry = {
            "type": "dir" if content is None else "symlink" if path in self.links else "file",
            "size": len(content or b""),
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": sha,
            "url": f"{api}/contents/{path}?ref={ref}",
            "git_url": f"{api}/git/blobs/{sha}",
            "html_url": f"https://github.com/{REPOSITORY}/blob/{ref}/{path}",
            "download_url": None if content is None else f"https://raw.example/{path}",
            "_links": {
                "self": f"{api}/contents/{path}",
                "git": f"{api}/git/blobs/{sha}",
                "html": "https://github.com/",
            },
        }
        if whole and content is not None:
            small = len(content) <= INLINE_LIMIT
            entry["encoding"] = "base64" if small else "none"
            entry["content"] = base64.encodebytes(content).decode() if small else ""
        return entry

    def _blob(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        for files in self.commits.values():
            for content in files.values():
                if git_id("blob", content) == matched["sha"]:
                    return 200, {}, {
                        "sha": matched["sha"],
                        "node_id": "B_1",
                        "url": f"https://api.github.com/repos/{REPOSITORY}/git/blobs/{matched['sha']}",
                        "size": len(content),
                        "encoding": "base64",
                        "content": base64.encodebytes(content).decode(),
                    }  # fmt: skip
        return 404, {}, {"message": "Not Found"}

    def _tree(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        sha = matched["sha"]
        for ref, files in self.commits.items():
            folders = {"": ref} | {f: git_id("blob", f.encode()) for f in _folders(files)}
            for folder, folder_id in folders.items():
                if folder_id == sha:
                    entries = []
                    for name, content in _names_below(files, folder).items():
                        path = f"{folder}/{name}".lstrip("/")
                        file_id = git_id("blob", content if content is not None else path.encode())
                        mode = "040000" if content is None else "120000" if path in self.links else "100644"
                        kind = "tree" if content is None else "blob"
                        entries.append({"path": name, "mode": mode, "type": kind, "sha": file_id})
                    url = f"https://api.github.com/repos/{REPOSITORY}/git/trees/{sha}"
                    return 200, {}, {"sha": sha, "url": url, "tree": entries, "truncated": False}
        return 404, {}, {"message": "Not Found"}

    def _ref(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        sha = self.branches.get(unquote(matched["branch"]))
        if sha is None:
            return 404, {}, {"message": "Not Found"}
        api = f"https://api.github.com/repos/{REPOSITORY}/git"
        return 200, {}, {
            "ref": f"refs/heads/{unquote(matched['branch'])}",
            "node_id": "R_1",
            "url": f"{api}/refs/heads/{matched['branch']}",
            "object": {"type": "commit", "sha": sha, "url": f"{api}/commits/{sha}"},
        }  # fmt: skip

    def _pull(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        pull = self.pulls.get(int(matched["number"]))
        return (200, {}, pull) if pull else (404, {}, {"message": "Not Found"})

    def _list_comments(self, matched: re.Match[str], query: dict[str, str], _: dict) -> tuple[int, dict, object]:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        found = [c for c in self.comments if c["number"] == int(matched["number"])]
        headers = {"Link": f'<{self.url}/x?page={page + 1}>; rel="next"'} if len(found) > page * size else {}
        return 200, headers, [_shown(c) for c in found[(page - 1) * size : page * size]]

    def _create_comment(self, matched: re.Match[str], _: dict[str, str], body: dict) -> tuple[int, dict, object]:
        if len(body["body"].encode("utf-16-le")) // 2 > 65_536:
            return 422, {}, {"message": "Validation Failed", "errors": [{"message": "body is too long"}]}
        return 201, {}, _shown(self.comment(self.writes_as, body["body"], int(matched["number"])))

    def _one_comment(self, matched: re.Match[str], _: dict[str, str], body: dict) -> tuple[int, dict, object]:
        found = next((c for c in self.comments if c["id"] == int(matched["id"])), None)
        if found is None:
            return 404, {}, {"message": "Not Found"}
        verb = matched["verb"]
        if verb == "GET":
            return 200, {}, _shown(found)
        if (found["user"] or {}).get("login") != self.writes_as:
            return 403, {}, {"message": INTEGRATION}
        if verb == "DELETE":
            self.comments.remove(found)
            return 204, {}, None
        found["body"] = body["body"]
        return 200, {}, _shown(found)


_OPERATIONS = {
    r"GET contents/(?P<path>.*)": FakeGitHub._contents,
    r"GET git/blobs/(?P<sha>\w+)": FakeGitHub._blob,
    r"GET git/trees/(?P<sha>\w+)": FakeGitHub._tree,
    r"GET git/ref/heads/(?P<branch>.+)": FakeGitHub._ref,
    r"GET pulls/(?P<number>\d+)": FakeGitHub._pull,
    r"GET issues/(?P<number>\d+)/comments": FakeGitHub._list_comments,
    r"POST issues/(?P<number>\d+)/comments": FakeGitHub._create_comment,
    r"(?P<verb>GET|PATCH|DELETE) issues/comments/(?P<id>\d+)": FakeGitHub._one_comment,
}


def _shown(comment: dict) -> dict:
    return {name: value for name, value in comment.items() if name != "number"}


def _folders(files: dict[str, bytes]) -> set[str]:
    return {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}


def _names_below(files: dict[str, bytes], folder: str) -> dict[str, bytes | None]:
    """Names in a folder with their content; None for a folder."""
    found: dict[str, bytes | None] = {}
    prefix = f"{folder}/" if folder else ""
    for path, content in sorted(files.items()):
        if path.startswith(prefix):
            name, _, rest = path.removeprefix(prefix).partition("/")
            found[name] = None if rest else content
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement of its headers
    github: FakeGitHub

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        request = f"{self.command} {parts.path}"
        github = self.github
        with github.lock:
            github.requests.append(request + (f"?{parts.query}" if parts.query else ""))
            fault = self._fault(request)
        if self.headers.get("Authorization") not in (f"token {TOKEN}", f"Bearer {TOKEN}"):
            return self._send(401, {}, {"message": "Bad credentials"})
        query = dict(parse_qsl(parts.query))
        if fault is None or fault.applied:
            status, headers, content = github.answer(self.command, parts.path, query, body)
            if fault is None:
                github.exchanges.append((self.command, parts.path, status, content))
                return self._send(status, headers, content)
        if fault.then:
            fault.then()
        return self._break(fault)

    def _fault(self, request: str) -> Fault | None:
        for fault in self.github.faults:
            if re.search(fault.on, request) and fault.times > 0:
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def _break(self, fault: Fault) -> None:
        if fault.wire == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif fault.wire == "slow head":
            self._pieces(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        elif fault.wire:
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self._pieces(b'{"sha": "', 0 if fault.wire == "cut" else 1000)
        elif fault.raw is not None:
            self._send(fault.status or 200, {**fault.headers, "Content-Type": "text/html"}, fault.raw)
        else:
            self._send(fault.status or 500, fault.headers, {"message": fault.message})

    def _pieces(self, first: bytes, then: int = 1000) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(first)
            for _ in range(then):
                time.sleep(0.02)
                self.wfile.write(b" ")

    def _send(self, status: int, headers: dict[str, str], content: object) -> None:
        body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response_only(status)
        for name, value in {"Date": DATE, "Content-Type": "application/json; charset=utf-8", **headers}.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving(github: FakeGitHub) -> Iterator[FakeGitHub]:
    handler = type("Handler", (_Handler,), {"github": github})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is part of the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    github.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
