"""What goes wrong with a preview: each fault has its exit code, names its cause and damages nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.faults.desks import AS_USER, BODY, CANARY, CANARY_FORMS, LOGIN, by_path, sound, suite_text
from tests.integration.load.servers import answer, serving


def test_a_preview_that_is_never_ready_is_not_measured(desk):
    with serving(by_path({}, answer(503))) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 3
    assert "not ready within 1 s at /: status 503" in ended.comment
    assert ended.verdict["measured"] is False
    assert ended.run["complete"] is False


def test_a_refused_connection_is_not_measured(desk):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = desk.gate("check", preview=f"http://127.0.0.1:{port}")
    assert ended.code == 3
    assert "connection refused" in ended.comment


def test_a_host_without_an_address_is_not_measured(desk):
    ended = desk.gate("check", preview="http://nothing.invalid")
    assert ended.code == 3
    # A resolver that cannot reach its servers takes longer than the preview is given.
    assert "host name not found" in ended.comment or "no answer in time" in ended.comment


@contextmanager
def self_signed(folder: Path) -> Iterator[str]:
    """An https server on loopback whose certificate nobody vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(answer())

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def test_a_certificate_that_nobody_vouches_for_is_not_measured(desk, tmp_path):
    with self_signed(tmp_path) as origin:
        ended = desk.gate("check", preview=origin)
    assert ended.code == 3
    assert "its certificate or its TLS version is not accepted" in ended.comment


def test_a_preview_that_serves_another_commit_is_not_measured(desk):
    desk.suite.write_text(suite_text(preview=", commit: {header: X-Commit}"))
    with serving(by_path({}, answer(headers=f"X-Commit: {'b' * 40}\r\n"))) as server:
        ended = desk.gate("check", "--commit", "a" * 40, preview=server.origin)
    assert ended.code == 3
    assert "did not serve commit aaaaaaaaaaaa within 1 s" in ended.verdict["reasons"][0]["message"]
    assert f"serves commit '{'b' * 40}'" in ended.verdict["reasons"][0]["message"]


def test_a_preview_that_throttles_the_load_is_not_measured(desk):
    with serving(by_path({"/": answer()}, answer(429))) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 3
    assert "throttled" in ended.comment
    assert "429" in ended.comment


@pytest.mark.parametrize(
    ("answered", "message"),
    [
        (answer(403, body=CANARY.encode()), "login of identity 'user' was refused: step 1, POST /login"),
        (answer(body=b'{"no": "token"}'), "login of identity 'user' gave no 't': step 1 answered without $.token"),
    ],
    ids=["refused", "without a token"],
)
def test_a_login_that_fails_names_identity_and_step_and_no_secret(desk, monkeypatch, answered, message):
    monkeypatch.setenv("GATE_CANARY", CANARY)
    desk.suite.write_text(suite_text(home=AS_USER) + LOGIN)
    with serving(by_path({"/login": answered})) as server:
        ended = desk.gate("check", preview=server.origin)
        assert CANARY in server.heads[-1].decode(), "the login did take the value"
    assert ended.code == 3
    assert message in ended.verdict["reasons"][0]["message"]
    assert not [form for form in CANARY_FORMS if form in ended.everything]


def test_unexpected_answers_with_nothing_to_compare_are_not_measured(desk):
    with serving(by_path({"/home": answer(404)})) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 3
    assert "status 404" in ended.verdict["reasons"][0]["message"]
    assert ended.verdict["reasons"][0]["code"] == "not-measured"


def test_unexpected_answers_where_main_answered_block(seasoned):
    with serving(by_path({"/home": answer(404)})) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 1
    assert ended.comment.startswith("**BLOCKED**: home answers 100 % of requests with errors")
    assert "status 404" in ended.comment.splitlines()[0].replace("\N{NO-BREAK SPACE}", " ")


def test_empty_answers_where_main_had_bodies_block(seasoned):
    with serving(by_path({"/home": answer(body=b"")})) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 1
    assert ended.rows["s/home/body"] == "regressed"
    assert ended.rows["s/list/body"] == "unchanged"
    assert ended.comment.startswith("**BLOCKED**: home answers with 0 B, main with 402 B")


@pytest.mark.parametrize("every", [1, 2, 3])
def test_fast_failures_are_no_improvement_and_blame_no_neighbour(seasoned, every):
    seasoned.suite.write_text(suite_text(policy="absolute_floor: 15ms"))
    numbers = itertools.count()

    def behave(connection: socket.socket, line: str, number: int) -> bool:
        if "/home" not in line:
            return sound(connection, line, number)
        connection.sendall(answer(500) if next(numbers) % every == 0 else answer(body=BODY))
        return True

    with serving(behave) as server:
        ended = seasoned.gate("check", preview=server.origin)
    assert ended.code == 1
    assert ended.rows["s/home/errors"] == "regressed"
    assert "improved" not in (ended.rows["s/home/p50"], ended.rows["s/home/p95"])
    blamed = {row for reason in ended.verdict["reasons"] for row in reason["rows"]}
    assert {row.split("/")[1] for row in blamed} == {"home"}
    assert "home answers" in ended.comment.splitlines()[0]
