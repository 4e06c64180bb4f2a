"""Which addresses may be loaded where the suite decides and not the person who started the gate. Pure.

A preview's name is somebody else's to resolve. Behind it may stand the runner's own services, its private network or
the metadata service of its cloud, which hands out credentials; names such as ``169.254.169.254.nip.io`` exist for that.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from gate.errors import UsageError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that IANA has given out as global unicast; beyond it lie only special things."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Stands for the IPv4 address in its last 32 bits (RFC 6052); where a network has no IPv4, every name gets these."""
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's wire server, a public address: agents fetch certificates and secrets from it
        "100.64.0.0/10",  # shared by carriers (RFC 6598), and metadata on Alibaba Cloud
        "192.0.0.0/24",  # protocol assignments, and metadata on Oracle Cloud; global to Python before 3.13
        "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
        "2001::/23",  # protocol assignments, among them Teredo with an IPv4 address inside
        "2002::/16",  # 6to4 with an IPv4 address inside; global to Python before 3.12
        "3fff::/20",  # documentation (RFC 9637); global to Python before 3.13
    )
)
"""What ``is_global`` of any Python that the gate runs on calls global, and nobody deploys a preview at."""


def is_public(text: str) -> bool:
    """Whether an address is one that a public server may have."""
    address = _parsed(text)
    if address is None:
        return False
    meant = _meant(address)
    if meant.version == 6 and meant not in _UNICAST:
        return False
    return meant.is_global and not meant.is_multicast and all(meant not in network for network in _SPECIAL)


def guard(hosts: Iterable[str]) -> Callable[[str], None]:
    """Refuses addresses that are not public, but for those that patterns of ``preview.hosts`` name.

    What it gives raises :class:`~gate.errors.UsageError` for such an address, before anybody connects to it.
    """
    named = tuple(network for host in hosts if (network := _network(host)) is not None)

    def check(text: str) -> None:
        address = _parsed(text)
        is_named = address is not None and any(
            one in network for one in (address, _meant(address)) for network in named
        )
        if not (is_named or is_public(text)):
            raise UsageError(
                f"a target has the address {text}, which is private or special and which preview.hosts does not name",
                "if it is meant, name the address or its network, such as 10.0.0.0/8, in preview.hosts of the suite on"
                " the base branch",
            )

    return check


def _meant(address: Address) -> Address:
    """The IPv4 address that is reached by an IPv6 address, or that address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
