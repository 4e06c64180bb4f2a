"""Addresses that may be loaded on GitHub: public ones, and those that the suite names."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.measure.guard import guard, is_public

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",  # what every name becomes where a network speaks IPv6 alone
]
SPECIAL = [
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.17.0.1",
    "192.168.1.1",
    "192.0.0.192",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff0e::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:168.63.129.16",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a83f:8110",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::1",
    "2002:808:808::1",
    "2001:0:a9fe:a9fe::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address):
    assert is_public(address)
    guard([])(address)


@pytest.mark.parametrize("address", SPECIAL)
def test_special_addresses_are_refused(address):
    assert not is_public(address)
    with pytest.raises(UsageError, match=r"which is private or special.*\n.*name the address or its network") as caught:
        guard(["*.vercel.app", "shop.example.app"])(address)
    assert address in str(caught.value)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "2130706433", "0x7f.1", "10.0.0.1/8", "[::1]", "8.8.8.8 "])
def test_what_is_no_address_is_refused(text):
    assert not is_public(text)
    with pytest.raises(UsageError):
        guard(["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"])(text)


@pytest.mark.parametrize(
    ("hosts", "address"),
    [
        (["10.0.0.0/8"], "10.1.2.3"),
        (["10.0.0.0/8"], "::ffff:10.1.2.3"),
        (["10.0.0.0/8"], "64:ff9b::a01:203"),
        (["127.0.0.1"], "127.0.0.1"),
        (["web", "172.16.0.0/12"], "172.17.0.2"),
        (["fd00::/8"], "fd12::1"),
        (["fe80::/10"], "fe80::1%eth0"),
        (["169.254.169.254"], "169.254.169.254"),
    ],
)
def test_named_networks_are_meant(hosts, address):
    guard(hosts)(address)


@pytest.mark.parametrize(
    ("hosts", "address"),
    [
        (["10.0.0.0/8"], "11.0.0.0"),
        (["10.0.0.0/8"], "192.168.0.1"),
        (["127.0.0.1"], "127.0.0.2"),
        (["fd00::/8"], "::1"),
    ],
)
def test_naming_one_network_opens_no_other(hosts, address):
    if not is_public(address):
        with pytest.raises(UsageError):
            guard(hosts)(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_in_each_form_that_leads_to_it(address):
    plain = is_public(str(address))
    number = int(address)
    assert is_public(f"::ffff:{address}") is plain
    assert is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | number))) is plain
    assert plain <= address.is_global
    assert not is_public(str(ipaddress.IPv6Address(number)))
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)))


@given(st.ip_addresses(v=6))
def test_ipv6_is_public_only_within_global_unicast(address):
    in_unicast = address in ipaddress.ip_network("2000::/3")
    in_nat64 = address in ipaddress.ip_network("64:ff9b::/96")
    assert is_public(str(address)) <= (in_unicast or in_nat64 or address.ipv4_mapped is not None)


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_named_network_allows_what_is_in_it(address, length):
    network = ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False)
    guard([str(network)])(str(address))
