"""A small application that keeps its contract, and breaks it in one way at a time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ITEMS = [{"id": number, "name": f"item {number}"} for number in range(60)]
TOKEN = "token-of-somebody-4711"
BODY_LIMIT_BYTES = 50_000


class Shop:
    """What is stored, and what is wrong."""

    def __init__(self, *wrong: str) -> None:
        self.wrong = set(wrong)
        self.stored: list[str] = []
        self.audited = 0
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.inside = self.most_inside = 0
        self.gathered = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shop: Shop

    def log_message(self, *_args) -> None:
        pass

    def _enter(self) -> None:
        shop = self.shop
        with shop.lock:
            shop.asked.append(f"{self.command} {self.path}")
            shop.inside += 1
            shop.most_inside = max(shop.most_inside, shop.inside)

    def _serve(self) -> None:
        self._enter()
        try:
            length = int(self.headers.get("content-length") or 0)
            path = urlsplit(self.path).path
            query = {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}
            if length > BODY_LIMIT_BYTES and "size" not in self.shop.wrong:
                self.rfile.read(length)
                return self._send(413, {"error": "too large"})
            body = self.rfile.read(length)
            name = f"_{self.command.lower()}_{path.strip('/').replace('/', '_').replace('-', '_') or 'home'}"
            handler = getattr(self, name, None)
            if handler is None:
                return self._send(404, {"detail": "not found"})
            handler(query, body)
        except OSError:  # the gate has read enough
            self.close_connection = True
        finally:
            with self.shop.lock:
                self.shop.inside -= 1

    do_GET = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - names of http.server

    def _send(self, status: int, value: object = None, headers: tuple = (), raw: bytes | None = None) -> None:
        content = raw if raw is not None else json.dumps(value).encode()
        given = dict(headers)
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", given.pop("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        for name, text in headers:
            if name != "Content-Type":
                self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _get_home(self, _query, _body) -> None:
        self._send(200, {"status": "ok"})

    def _get_profile(self, _query, _body) -> None:
        if self.headers.get("authorization") != f"Token {TOKEN}":
            if "open" in self.shop.wrong:
                return self._send(200, {"name": "anybody"})
            return self._send(401, {"detail": "no"}, raw=b"<html>Traceback" if "trace" in self.shop.wrong else None)
        told = {"name": "somebody", "age": 40, "token": TOKEN, "debug": False}
        return self._send(200, told, (("Vary", "Authorization"), ("X-Content-Type-Options", "nosniff")))

    def _post_login(self, _query, body) -> None:
        try:
            given = json.loads(body)
        except ValueError:
            return self._send(500 if "json" in self.shop.wrong else 400, {"detail": "JSON"})
        if given.get("password") != "open sesame":
            with self.shop.lock:
                count = sum(line == "POST /login" for line in self.shop.asked)
            return self._send(429 if "throttle" in self.shop.wrong and count > 4 else 401, {"detail": "no"})
        flags = "" if "cookie" in self.shop.wrong else "; Secure; HttpOnly; SameSite=Lax; Max-Age=3600"
        cookies = (("Set-Cookie", "other=1"), ("Set-Cookie", f"sid=abc123{flags}"))
        return self._send(200, {"token": TOKEN}, cookies)

    def _get_items(self, query, _body) -> None:
        size = int(query.get("size", 10))
        found = ITEMS[:size]
        queries = 2 + (len(found) if "n+1" in self.shop.wrong else 0)
        if "slow" in self.shop.wrong:
            time.sleep(0.004 * len(found))
        said = [("Server-Timing", f'app;dur=1.000, db;dur=0.500;desc="{queries} queries"')]
        if "silent" in self.shop.wrong:
            said = []
        self._send(200, {"results": found}, (*said, ("X-Query-Count", str(queries))))

    def _get_zipped(self, _query, _body) -> None:
        content = json.dumps({"results": ITEMS}).encode()
        if "gzip" in (self.headers.get("accept-encoding") or ""):
            self._send(
                200, raw=gzip.compress(content), headers=(("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
            )
        else:
            self._send(200, raw=content, headers=(("Vary", "Accept-Encoding"),))

    def _get_bomb(self, _query, _body) -> None:
        self._send(200, raw=gzip.compress(b"[" + b" " * 200_000_000 + b"]", 1), headers=(("Content-Encoding", "gzip"),))

    def _get_huge(self, _query, _body) -> None:
        self._send(200, raw=b'"' + b"a" * 40_000_000 + b'"')

    def _get_endless(self, _query, _body) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"a" * 65536)
        except OSError:
            self.close_connection = True

    def _get_hang(self, _query, _body) -> None:
        self.shop.gathered.wait(20)
        self._send(200, {})

    def _get_garbage(self, _query, _body) -> None:
        self.wfile.write(b"\x00\xff garbage \r\n\r\n")
        self.close_connection = True

    def _get_meet(self, _query, _body) -> None:
        """Answers when ten are inside."""
        with self.shop.lock:
            if self.shop.inside >= 10:
                self.shop.gathered.set()
        self._send(200 if self.shop.gathered.wait(5) else 503, {})

    def _get_uneven(self, _query, _body) -> None:
        with self.shop.lock:
            count = sum(line == "GET /uneven" for line in self.shop.asked)
        if count == 4:
            time.sleep(0.5)
        self._send(200, {})

    def _get_secure_headers(self, _query, _body) -> None:
        self._send(200, {}, (("X-Content-Type-Options", "nosniff"), ("X-Echo", self.headers.get("x-secret", ""))))

    def _get_count(self, _query, _body) -> None:
        self._send(200, {"count": len(self.shop.stored)})

    def _post_store(self, _query, body) -> None:
        given = json.loads(body)
        is_double = given["name"] in self.shop.stored
        if not is_double or "double" in self.shop.wrong:
            self.shop.stored.append(given["name"])
        self._send(409 if is_double else 201, {"id": len(self.shop.stored)}, (("Location", "/store/1"),))

    def _delete_store(self, _query, _body) -> None:
        self.shop.stored.clear()
        self._send(204, raw=b"")

    def _get_audit(self, _query, _body) -> None:
        self._send(200, {"count": self.shop.audited, "text": "many"})

    def _get_audited(self, _query, _body) -> None:
        with self.shop.lock:
            self.shop.audited += 2 if "audit" in self.shop.wrong and self.shop.audited == 10 else 1
        self._send(200, {})

    def _get_about(self, _query, _body) -> None:
        self._send(200, {"framework": "none 1.0", "debug": False, "key": TOKEN, "deep": {}}, (("X-Cache", "redis"),))

    def _get_ws(self, _query, _body) -> None:
        if self.headers.get("authorization") != f"Token {TOKEN}" and "late" not in self.shop.wrong:
            return self._send(403, {"detail": "no"})
        key = (self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key).digest()).decode())
        self.end_headers()
        if "late" in self.shop.wrong:
            self.wfile.write(b"\x88\x02" + (4401).to_bytes(2, "big"))
        self.wfile.flush()
        self.rfile.read(2)
        self.close_connection = True
        return None


@contextmanager
def serving(*wrong: str) -> Iterator[tuple[str, Shop]]:
    """The application at its own address, broken in these ways."""
    shop = Shop(*wrong)
    handler = type("Handler", (_Handler,), {"shop": shop})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.request_queue_size = 128
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", shop
    finally:
        shop.gathered.set()
        server.shutdown()
        server.server_close()
