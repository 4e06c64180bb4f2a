"""What is refused before any connection is made."""

from __future__ import annotations

import pytest

from tests.integration.faults.desks import by_path, sound, suite_text
from tests.integration.load.servers import answer, serving


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (None, "No such file"),
        ("endpoints: {home: GET /}\npolice: {max_rate: 50/s}\n", "policy"),
    ],
    ids=["empty", "missing", "unknown key"],
)
def test_a_suite_that_cannot_be_used_is_refused_before_any_connection(desk, text, message):
    desk.suite.unlink() if text is None else desk.suite.write_text(text)
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
        assert server.connections == 0
    assert ended.code == 2
    assert message in ended.stderr
    assert "did you mean" in ended.stderr.lower() or text is None or "police" not in text
    assert not ended.out.exists()


def test_a_value_that_is_not_set_is_named_with_its_place_before_any_connection(desk, monkeypatch):
    monkeypatch.delenv("GATE_CANARY", raising=False)
    desk.suite.write_text(suite_text(preview=", headers: {X-Key: '${GATE_CANARY}'}"))
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
        assert server.connections == 0
    assert ended.code == 2
    assert "GATE_CANARY" in ended.stderr
    assert "preview.headers.X-Key" in ended.stderr


def test_a_host_that_the_suite_does_not_name_is_refused_before_any_connection(desk):
    with serving(by_path({}, answer(503))) as server:
        # 127.0.0.1 in a spelling that only a resolver knows for this machine.
        origin = server.origin.replace("127.0.0.1", "2130706433")
        desk.suite.write_text(suite_text(preview=", hosts: ['*.preview.example.com']"))
        ended = desk.gate("check", preview=origin)
        assert server.connections == 0
        assert ended.code == 2
        assert "the host in plain letters" in ended.stderr
        ended = desk.gate("check", preview="http://shop.example.org")
        assert ended.code == 2
        assert "preview.hosts: *.preview.example.com" in ended.stderr
        desk.suite.write_text(suite_text())
        assert desk.gate("check", preview=server.origin).code == 3
        assert server.connections > 0, "it would have been reached"


def test_a_place_for_reports_that_cannot_be_written_is_refused(desk):
    desk.out.write_text("a file, not a folder")
    with serving(sound) as server:
        ended = desk.gate("check", preview=server.origin)
    assert ended.code == 2
    assert f"{desk.out}" in ended.stderr
    assert "cannot be written" in ended.stderr
    assert desk.out.read_text() == "a file, not a folder"


def test_a_report_that_cannot_be_written_leaves_no_half_of_it(seasoned, refreshed):
    (seasoned.out / "verdict.json").mkdir(parents=True)
    ended = seasoned.gate("compare", refreshed[1][0].run_file)
    assert ended.code == 2
    assert "verdict.json cannot be written" in ended.stderr
