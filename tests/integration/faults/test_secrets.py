"""Secrets stay out of everything that is written or said."""

from __future__ import annotations

import json
import socket
from urllib.parse import quote

import pytest

from tests.integration.faults.desks import CANARY, CANARY_FORMS, LOGIN, PLAIN, suite_text
from tests.integration.load.servers import answer, serving


def echo(connection: socket.socket, line: str, _number: int) -> bool:
    """Repeat the secret wherever an answer has room for it."""
    body = json.dumps({"token": CANARY, "forms": CANARY_FORMS}).encode()
    headers = "".join(f"{name}: {CANARY}\r\n" for name in ("Content-Type", "Server", "Set-Cookie", "Retry-After"))
    headers += f"X-Commit: {PLAIN}\r\n"
    status = 302 if "/list" in line else 500 if "/broken" in line else 200
    connection.sendall(answer(status, body, headers + f"Location: /{quote(CANARY)}?{CANARY}\r\n"))
    return True


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [("/home", (), 0), ("/broken", (), 3), ("/home", ("--commit", "a" * 40), 3)],
    ids=["sound", "failing", "wrong commit"],
)
def test_a_secret_is_in_no_output_even_if_the_preview_repeats_it(desk, monkeypatch, path, options, code):
    monkeypatch.setenv("GATE_CANARY", CANARY)
    monkeypatch.setenv("GATE_PLAIN", PLAIN)
    home = f"{{request: 'GET {path}?key=${{GATE_CANARY}}', rate: 200/s, identity: user, objectives: {{bytes: 1MB}}}}"
    second = "{request: GET /list, rate: 200/s, expect: {status: 302}}"
    preview = ", commit: {header: X-Commit}, headers: {X-Key: '${GATE_CANARY}', X-Plain: '${GATE_PLAIN}'}"
    desk.suite.write_text(suite_text(home, second, preview) + LOGIN)
    with serving(echo) as server:
        ended = desk.gate("check", *options, preview=server.origin)
        assert f"X-Key: {CANARY}".encode().lower() in server.heads[0].lower(), "the preview did get the value"
    assert ended.code == code
    assert ended.run_file.exists()
    assert [form for form in CANARY_FORMS if form in ended.everything] == []
