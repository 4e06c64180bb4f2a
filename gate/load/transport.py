"""HTTP over libcurl: handles set up once and used again, answers classified, nothing sent twice.

Errors are kinds, not texts: library messages may hold URLs and with them secrets, and their number has no bound.
"""

from __future__ import annotations

import io
import json as jsonlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pycurl

from gate.load.job import Expectation, Request, Wire
from gate.load.trust import Trust, usual_certificates

_STEP_S = 0.1
BODY_CAP_BYTES = 64 * 2**20
"""No answer is read further than this."""
HEADER_CAP_BYTES = 300 * 2**10
"""libcurl's own limit for all headers of one answer; beyond it the kind is ``reset``."""
SAFE = ("GET", "HEAD")

_KINDS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_RESOLVE_PROXY: "proxy",
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
    pycurl.E_ABORTED_BY_CALLBACK: "reset",  # Slot stopped libcurl from sending the request a second time
    pycurl.E_PARTIAL_FILE: "short_body",
    pycurl.E_FILESIZE_EXCEEDED: "too_large",
    pycurl.E_WRITE_ERROR: "too_large",
    pycurl.E_TOO_MANY_REDIRECTS: "too_many_redirects",
    8: "protocol",  # CURLE_WEIRD_SERVER_REPLY, which pycurl does not name
    pycurl.E_UNSUPPORTED_PROTOCOL: "protocol",
    pycurl.E_HTTP2: "protocol",
    92: "protocol",  # CURLE_HTTP2_STREAM, not named either
    pycurl.E_URL_MALFORMAT: "bad_url",
}
PROTOCOLS = {
    pycurl.CURL_HTTP_VERSION_1_0: "1.0",
    pycurl.CURL_HTTP_VERSION_1_1: "1.1",
    pycurl.CURL_HTTP_VERSION_2_0: "2",
}
"""Versions of HTTP by libcurl's numbers."""

THROTTLED = "throttled"
"""429, or 503 with Retry-After: the preview asks to slow down."""
PROTECTED = "protected"
"""A login or protection page instead of the answer."""


@dataclass(frozen=True)
class Answer:
    """One request as it went."""

    kind: str | None
    """Error kind; None if answered as expected."""
    status: int
    """0 if there was no complete answer."""
    body_bytes: int
    """As sent, before any decompression."""
    total_s: float
    """From the start of the transfer to the last byte, on the monotonic clock."""
    is_new_connection: bool


def new_handle(trust: Trust, wire: Wire = Wire()) -> pycurl.Curl:  # noqa: B008 - frozen
    """A handle with everything set that no request changes."""
    handle = pycurl.Curl()
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.USERAGENT, "gate")
    handle.setopt(pycurl.PROXY, wire.proxy or "")
    trust.give(handle, wire.ca)
    handle.setopt(pycurl.DNS_CACHE_TIMEOUT, -1)
    handle.setopt(pycurl.TCP_NODELAY, 1)
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.REDIR_PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.HTTP_TRANSFER_DECODING, 1)
    handle.setopt(pycurl.HTTP_CONTENT_DECODING, 0)
    if wire.resolve:
        handle.setopt(pycurl.RESOLVE, list(wire.resolve))
    return handle


def prepare(
    handle: pycurl.Curl, request: Request, expect: Expectation, write: Callable[[bytes], int | None], wire: Wire
) -> None:
    """Set a handle up for one request whose placeholders are filled in."""
    body = _body(request)
    handle.setopt(pycurl.URL, request.url)
    handle.setopt(pycurl.HTTPHEADER, header_lines(request, wire))
    handle.setopt(pycurl.TIMEOUT_MS, max(1, round(request.timeout_s * 1000)))
    handle.setopt(pycurl.MAXFILESIZE_LARGE, min(BODY_CAP_BYTES, expect.max_bytes or BODY_CAP_BYTES))
    handle.setopt(pycurl.WRITEFUNCTION, write)
    handle.setopt(pycurl.HTTP_VERSION, _version(request.url, wire))
    handle.setopt(pycurl.FRESH_CONNECT, request.connections == "fresh")
    handle.setopt(pycurl.FORBID_REUSE, request.connections == "fresh")
    # libcurl would follow to another origin; the loop follows by itself and looks first.
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
    handle.setopt(pycurl.NOBODY, request.method == "HEAD")
    if body is not None:
        handle.setopt(pycurl.POST, 1)
        handle.setopt(pycurl.POSTFIELDS, body)
    elif request.method != "HEAD":
        handle.setopt(pycurl.HTTPGET, 1)
    handle.setopt(pycurl.CUSTOMREQUEST, request.method)


def header_lines(request: Request, wire: Wire) -> list[bytes]:
    """Headers as they are handed to libcurl: bytes, for text it takes for ASCII, and a password may hold more."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if _body(request) is not None:
        headers.setdefault("content-type", "application/json")
        headers.setdefault("expect", "")  # libcurl would ask first whether a large body is welcome
    if wire.compression:
        headers.setdefault("accept-encoding", "gzip, br")
    return [f"{name}: {value}".encode() for name, value in headers.items()]


def _body(request: Request) -> bytes | None:
    if request.text is not None:
        return request.text.encode()
    content = request.json if request.graphql is None else {"query": request.graphql, "variables": request.json or {}}
    return None if content is None else jsonlib.dumps(content, separators=(",", ":")).encode()


def readable(wire: Wire) -> Wire:
    """The same for an answer whose body is read: not compressed, so that nothing has to be unpacked."""
    return replace(wire, compression=False)


def _version(url: str, wire: Wire) -> int:
    if wire.http == "1.1":
        return int(pycurl.CURL_HTTP_VERSION_1_1)
    is_tls = url.startswith("https:")
    return int(pycurl.CURL_HTTP_VERSION_2TLS if is_tls else pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)


discard = len
"""Take a piece of a body and forget it. libcurl counts the bytes itself and wants to hear how many were taken, which
this builtin says without a function of Python being called for every answer."""


def answer_of(handle: pycurl.Curl, errno: int, expect: Expectation) -> Answer:
    """Classify a finished transfer; ``errno`` is libcurl's, 0 for a complete answer."""
    status = int(handle.getinfo(pycurl.RESPONSE_CODE)) if errno == 0 else 0
    size = int(handle.getinfo(pycurl.SIZE_DOWNLOAD_T))
    return Answer(
        kind=_KINDS.get(errno, f"curl_{errno}") if errno else unexpected(handle, status, size, expect),
        status=status,
        body_bytes=size,
        total_s=handle.getinfo(pycurl.TOTAL_TIME_T) / 1e6,
        is_new_connection=handle.getinfo(pycurl.NUM_CONNECTS) > 0,
    )


def kind_of(errno: int) -> str:
    """Error kind of a transfer that libcurl gave up."""
    return _KINDS.get(errno, f"curl_{errno}")


def unexpected(handle: pycurl.Curl, status: int, size: int, expect: Expectation) -> str | None:
    """Why a complete answer is an error, or None."""
    is_expected = status in expect.statuses if expect.statuses else 200 <= status < 300
    if not is_expected:
        asked_to_wait = status == 503 and handle.getinfo(pycurl.RETRY_AFTER) > 0
        if status == 429 or asked_to_wait:
            return THROTTLED
        return PROTECTED if _is_guarded(handle, status, expect) else f"status_{status}"
    if expect.media_type is not None:
        media_type = (handle.getinfo(pycurl.CONTENT_TYPE) or "").lower()
        if not media_type.startswith(expect.media_type.lower()):
            return "content_type"
    if expect.min_bytes is not None and size < expect.min_bytes:
        return "body_too_small"
    if expect.max_bytes is not None and size > expect.max_bytes:
        return "body_too_large"
    return None


def _is_guarded(handle: pycurl.Curl, status: int, expect: Expectation) -> bool:
    """Whether somebody else than the application answers: a redirect to another host, or a refusal in HTML."""
    if 300 <= status < 400:
        target = handle.getinfo(pycurl.REDIRECT_URL)
        return bool(target) and origin(target) != origin(handle.getinfo(pycurl.EFFECTIVE_URL))
    is_html = (handle.getinfo(pycurl.CONTENT_TYPE) or "").lower().startswith("text/html")
    return status in (401, 403) and is_html and expect.media_type != "text/html"


def redirect_within(handle: pycurl.Curl) -> str | None:
    """Where an answer sends its asker within the same origin; None if nowhere, or to another."""
    target = handle.getinfo(pycurl.REDIRECT_URL)
    is_within = bool(target) and origin(target) == origin(handle.getinfo(pycurl.EFFECTIVE_URL))
    return str(target) if is_within else None


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, the port as it is used."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)


@dataclass(frozen=True)
class Fetched:
    """One answer with its body and headers, for readiness, commit checks and logins."""

    answer: Answer
    body: bytes
    headers: dict[str, str]
    """Lower-case names; the last of equal ones."""
    head: bytes = b""
    """The header lines as they came, for what may stand in several."""


def fetch(
    request: Request,
    expect: Expectation,
    *,
    body_cap: int = 2**20,
    wire: Wire = Wire(),  # noqa: B008 - frozen
) -> Fetched:
    """Make one request outside any load, with a total deadline and a bounded body; never raises for the network.

    An answer that is expected to be larger than ``body_cap`` is read as far as that.

    A signal may end it at any moment. An exception inside a callback of libcurl would be lost, so what libcurl calls is
    compiled code, and it is driven in short steps between which Python gets its turn.
    """
    body, head = io.BytesIO(), io.BytesIO()
    handle, multi = new_handle(Trust(usual_certificates()), wire), pycurl.CurlMulti()
    try:
        prepare(handle, request, expect, body.write, wire)
        handle.setopt(pycurl.MAXFILESIZE_LARGE, min(BODY_CAP_BYTES, max(body_cap, expect.max_bytes or 0)))
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
        return Fetched(answer, body.getvalue(), headers_of(head.getvalue()), head.getvalue())
    finally:
        multi.close()
        handle.close()


def headers_of(raw: bytes) -> dict[str, str]:
    """Headers by lower-case name, the last of equal ones; of at most 200 lines."""
    pairs = (line.partition(":") for line in raw.decode("latin-1").split("\r\n")[:200])
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
