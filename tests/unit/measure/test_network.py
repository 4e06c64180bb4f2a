"""Names: asked for once, pinned with all their addresses."""

from __future__ import annotations

import pytest

from gate.load.names import resolve
from gate.measure.network import is_pinned, pins


def test_a_host_is_pinned_with_all_its_addresses_in_their_order():
    found = pins(
        ["https://a.example", "https://a.example/base", "http://b.example:8080"], lambda _h, _p: ("::1", "10.0.0.1")
    )
    assert found == ("a.example:443:[::1],10.0.0.1", "b.example:8080:[::1],10.0.0.1")
    assert is_pinned("https://a.example", found)
    assert not is_pinned("https://a.example:8443", found)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_an_address_needs_no_name_server(origin):
    assert is_pinned(origin, ())
    assert pins([origin], lambda _h, _p: ("10.0.0.1",)) == ()


def test_a_host_without_addresses_is_left_to_appear_later():
    assert pins(["http://later.example"], lambda _h, _p: ()) == ()


def test_the_system_knows_this_machine_and_no_invalid_name():
    assert set(resolve("localhost", 80)) & {"127.0.0.1", "::1"}
    assert resolve("a" * 70 + ".example", 80) == ()
