"""HTTP over libcurl: one handle per request in flight, answers classified, never a redirect, never a proxy.

Errors are kinds, not texts: library messages may hold URLs and with them secrets, and their number has no bound.
"""

from __future__ import annotations

import io
import json as jsonlib
from collections.abc import Callable
from dataclasses import dataclass

import certifi
import pycurl

from gate.load.job import Expectation, Request

_STEP_S = 0.1
_GO_ON, _STOP = int(pycurl.PREREQFUNC_OK), int(pycurl.PREREQFUNC_ABORT)
BODY_CAP_BYTES = 64 * 2**20
"""No answer is read further than this."""

_KINDS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_CONNECT: "connect",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_SSL_CACERT_BADFILE: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_SSL_ISSUER_ERROR: "tls",
    pycurl.E_GOT_NOTHING: "empty_reply",
    pycurl.E_RECV_ERROR: "reset",
    pycurl.E_SEND_ERROR: "reset",
    pycurl.E_PARTIAL_FILE: "short_body",
    pycurl.E_FILESIZE_EXCEEDED: "too_large",
    8: "protocol",  # CURLE_WEIRD_SERVER_REPLY, which pycurl does not name
    pycurl.E_UNSUPPORTED_PROTOCOL: "protocol",
    pycurl.E_HTTP2: "protocol",
    pycurl.E_URL_MALFORMAT: "bad_url",
}

_KINDS[pycurl.E_ABORTED_BY_CALLBACK] = "reset"  # Once stopped libcurl from sending it again

THROTTLED = "throttled"
"""429, or 503 with Retry-After: the preview asks to slow down."""


@dataclass(frozen=True)
class Answer:
    """One request as it went."""

    kind: str | None
    """Error kind; None if answered as expected."""
    status: int
    """0 if there was no complete answer."""
    body_bytes: int
    total_s: float
    """From the start of the transfer to the last byte, on the monotonic clock."""
    is_new_connection: bool


def ca_bundle() -> bytes:
    """Certificates to trust; read before the worker gives up its rights."""
    with open(certifi.where(), "rb") as file:
        return file.read()


def new_handle(ca: bytes) -> pycurl.Curl:
    """A handle with everything set that no request changes."""
    handle = pycurl.Curl()
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
    handle.setopt(pycurl.CAINFO_BLOB, ca)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.DNS_CACHE_TIMEOUT, -1)
    handle.setopt(pycurl.TCP_NODELAY, 1)
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    return handle


def prepare(
    handle: pycurl.Curl,
    request: Request,
    expect: Expectation,
    write: Callable[[bytes], int | None],
) -> None:
    """Set a handle up for one request whose placeholders are filled in."""
    body = None if request.json is None else jsonlib.dumps(request.json, separators=(",", ":")).encode()
    headers = {"accept": "*/*", "user-agent": "gate"} | {name.lower(): value for name, value in request.headers.items()}
    if body is not None:
        headers.setdefault("content-type", "application/json")
    handle.setopt(pycurl.URL, request.url)
    handle.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()] + ["Expect:"])
    handle.setopt(pycurl.TIMEOUT_MS, max(1, round(request.timeout_s * 1000)))
    handle.setopt(pycurl.MAXFILESIZE_LARGE, min(BODY_CAP_BYTES, expect.max_bytes or BODY_CAP_BYTES))
    handle.setopt(pycurl.WRITEFUNCTION, write)
    handle.setopt(pycurl.NOBODY, request.method == "HEAD")
    if body is not None:
        handle.setopt(pycurl.POST, 1)
        handle.setopt(pycurl.POSTFIELDS, body)
    elif request.method != "HEAD":
        handle.setopt(pycurl.HTTPGET, 1)
    handle.setopt(pycurl.CUSTOMREQUEST, request.method)


class Once:
    """Keeps libcurl from silently sending a request a second time when a kept connection is reset under it.

    A preview that breaks off one answer in ten would look sound, and an order could be placed twice. One case is left
    to libcurl: a safe request on a connection that lay idle, for there a server may have closed in the same instant,
    which says nothing of its answers.

    References
    ----------
    RFC 9110, section 9.2.2 (idempotent methods) and RFC 9112, section 9.3.1 (retrying requests).
    """

    STALE_S = 1.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used_s: dict[int, float] = {}

    def guard(self, handle: pycurl.Curl, method: str) -> None:
        """Watch the next transfer of a handle."""
        attempts: list[bool] = []

        def begin(_to: str, _from: str, _to_port: int, port: int) -> int:
            if attempts:
                return _GO_ON if attempts[0] else _STOP
            idle_s = self._clock() - self._used_s.get(port, self._clock())
            attempts.append(idle_s > self.STALE_S and method in ("GET", "HEAD"))
            return _GO_ON

        handle.setopt(pycurl.PREREQFUNCTION, begin)

    def done(self, handle: pycurl.Curl) -> None:
        """Note when a connection was last used."""
        self._used_s[int(handle.getinfo(pycurl.LOCAL_PORT))] = self._clock()


def discard(_chunk: bytes) -> None:
    """Take a piece of a body and forget it; libcurl counts the bytes."""


def answer_of(handle: pycurl.Curl, errno: int, expect: Expectation) -> Answer:
    """Classify a finished transfer; ``errno`` is libcurl's, 0 for a complete answer."""
    status = int(handle.getinfo(pycurl.RESPONSE_CODE)) if errno == 0 else 0
    size = int(handle.getinfo(pycurl.SIZE_DOWNLOAD_T))
    return Answer(
        kind=_KINDS.get(errno, f"curl_{errno}") if errno else _unexpected(handle, status, size, expect),
        status=status,
        body_bytes=size,
        total_s=handle.getinfo(pycurl.TOTAL_TIME_T) / 1e6,
        is_new_connection=handle.getinfo(pycurl.NUM_CONNECTS) > 0,
    )


def _unexpected(handle: pycurl.Curl, status: int, size: int, expect: Expectation) -> str | None:
    """Why a complete answer is an error, or None."""
    is_expected = status in expect.statuses if expect.statuses else 200 <= status < 300
    if not is_expected:
        asked_to_wait = status == 503 and handle.getinfo(pycurl.RETRY_AFTER) > 0
        return THROTTLED if status == 429 or asked_to_wait else f"status_{status}"
    media_type = handle.getinfo(pycurl.CONTENT_TYPE) or ""
    if expect.media_type is not None and not media_type.lower().startswith(expect.media_type.lower()):
        return "content_type"
    if expect.min_bytes is not None and size < expect.min_bytes:
        return "body_too_small"
    if expect.max_bytes is not None and size > expect.max_bytes:
        return "body_too_large"
    return None


@dataclass(frozen=True)
class Fetched:
    """One answer with its body and headers, for readiness, commit checks and logins."""

    answer: Answer
    body: bytes
    headers: dict[str, str]
    """Lower-case names; the last of equal ones."""


def fetch(request: Request, expect: Expectation, *, body_cap: int = 2**20) -> Fetched:
    """Make one request outside any load, with a total deadline and a bounded body; never raises for the network.

    A signal may end it at any moment. An exception inside a callback of libcurl would be lost, so what libcurl calls is
    compiled code, and it is driven in short steps between which Python gets its turn.
    """
    body, head = io.BytesIO(), io.BytesIO()
    handle, multi = new_handle(ca_bundle()), pycurl.CurlMulti()
    try:
        prepare(handle, request, expect, body.write)
        handle.setopt(pycurl.MAXFILESIZE_LARGE, body_cap)
        handle.setopt(pycurl.HEADERFUNCTION, head.write)
        multi.add_handle(handle)
        finished: list[tuple[pycurl.Curl, int, str]] = []
        done: list[pycurl.Curl] = []
        while not done and not finished:
            multi.perform()
            _, done, finished = multi.info_read()
            if not done and not finished:
                multi.select(_STEP_S)
        answer = answer_of(handle, finished[0][1] if finished else 0, expect)
        multi.remove_handle(handle)
        return Fetched(answer, body.getvalue(), _headers(head.getvalue()))
    finally:
        multi.close()
        handle.close()


def _headers(raw: bytes) -> dict[str, str]:
    """Headers by lower-case name, the last of equal ones; of at most 200 lines."""
    pairs = (line.partition(":") for line in raw.decode("latin-1").split("\r\n")[:200])
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
