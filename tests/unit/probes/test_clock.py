"""What a server's own clock says, from which the life of a cookie is seen."""

from __future__ import annotations

import time

import pytest

from gate.config.expectations import ProbeExpect
from gate.load.transport import Answer, Fetched, headers_of
from gate.probes.answers import judge
from gate.probes.asked import Known


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
@pytest.mark.parametrize(("most", "is_as_expected"), [("2h", True), ("30m", False)])
def test_the_life_of_a_cookie_does_not_depend_on_where_the_gate_runs(monkeypatch, zone, most, is_as_expected):
    head = (
        f"HTTP/1.1 200 OK\r\nDate: Wed, 21 Oct 2026 07:00:00 {zone}\r\n"
        "Set-Cookie: sid=1; Expires=Wed, 21 Oct 2026 08:00:00 GMT\r\n\r\n"
    )
    expect = ProbeExpect.model_validate({"cookies": {"sid": {"max_age": most}}})
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        judged = judge(expect, fetched(head), Known())
    finally:
        monkeypatch.undo()
        time.tzset()
    assert judged.is_as_expected is is_as_expected


def fetched(text):
    head = text.encode()
    return Fetched(Answer(None, 200, 0, 0.01, is_new_connection=False), b"", headers_of(head), head)
