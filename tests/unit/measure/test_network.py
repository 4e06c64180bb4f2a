"""Names: asked for once, pinned with all their addresses."""

from __future__ import annotations

import pytest

from gate.errors import UsageError
from gate.load.job import Expectation, Request, Wire
from gate.load.names import resolve
from gate.measure.guard import guard
from gate.measure.network import Network, fetch_over, fetch_resolving, is_pinned, pins


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


def test_one_bad_address_spoils_a_name():
    with pytest.raises(UsageError, match=r"169\.254\.169\.254"):
        pins(["https://a.example"], lambda _h, _p: ("93.184.216.34", "169.254.169.254"), guard([]))


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://[64:ff9b::a9fe:a9fe]"])
def test_an_address_that_is_written_out_is_checked_as_well(origin):
    with pytest.raises(UsageError):
        pins([origin], lambda _h, _p: (), guard([]))
    network = Network(lambda _wire: pytest.fail("connected"), lambda _h, _p: (), guard([]))
    with pytest.raises(UsageError):
        fetch_over(network, Wire(), origin)


def test_a_name_without_address_is_not_left_to_libcurl():
    network = Network(lambda _wire: pytest.fail("connected"), lambda _h, _p: ())
    for fetch in (
        fetch_over(network, Wire(), "http://later.example"),
        fetch_resolving(network, Wire(), "http://later.example"),
    ):
        assert fetch(Request("GET", "http://later.example/"), Expectation()).answer.kind == "dns"


def test_behind_a_proxy_names_are_the_proxys():
    asked = []
    network = Network(
        lambda wire: lambda request, _expect: asked.append((wire.resolve, request.url)), lambda _h, _p: ()
    )
    fetch_over(network, Wire(proxy="http://proxy.example"), "http://a.example")(
        Request("GET", "http://a.example/"), None
    )
    assert asked == [((), "http://a.example/")]
