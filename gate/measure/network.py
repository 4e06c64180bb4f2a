"""The way to a deployment: names resolved once and pinned, so that no answer of a name server divides a run.

Nothing but this module has names resolved: libcurl is handed addresses that were checked, and is never asked to
connect to a name it would have to look up itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gate.config.addresses import is_address
from gate.load.job import Expectation, Request, Wire
from gate.load.transport import Answer, Fetched, readable
from gate.load.transport import origin as parts_of
from gate.measure.single import Fetch

Resolve = Callable[[str, int], tuple[str, ...]]
"""Addresses of a host and port; empty if there are none."""
Check = Callable[[str], None]
"""Raises UsageError for an address that may not be connected to."""

_NO_ADDRESS = Fetched(Answer("dns", 0, 0, 0.0, is_new_connection=False), b"", {})


def _any_address(_address: str) -> None:
    """Whoever types an address on the command line means it."""


@dataclass(frozen=True)
class Network:
    """What a run may do on the network besides its load; tests bring their own."""

    connect: Callable[[Wire], Fetch]
    """How single requests are made over a wire."""
    resolve: Resolve
    check: Check = _any_address
    """Asked about every address, resolved or written out, before anybody connects to it."""


def pins(origins: Iterable[str], resolve: Resolve, check: Check = _any_address) -> tuple[str, ...]:
    """``HOST:PORT:ADDRESS,...`` for every host that has addresses; one that has none may still appear, and is left out.

    All addresses of a host are pinned in their order, so that a host that listens on only one family is still found.

    Raises
    ------
    UsageError
        If one of the addresses may not be connected to; the others are not used then either.
    """
    found = {}
    for origin in origins:
        _, host, port = parts_of(origin)
        if (host, port) in found or port is None:
            continue
        if is_address(host):
            check(host)
            continue
        addresses = resolve(host, port)
        for address in addresses:
            check(address)
        if addresses:
            written = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
            found[host, port] = f"{host}:{port}:{written}"
    return tuple(found.values())


def is_pinned(origin: str, pinned: Iterable[str]) -> bool:
    """Whether the host of an origin needs no name server any more."""
    _, host, port = parts_of(origin)
    return is_address(host) or any(pin.startswith(f"{host}:{port}:") for pin in pinned)


def fetch_over(network: Network, wire: Wire, origin: str) -> Fetch:
    """Single requests to an origin over a wire that it is pinned in.

    Where it is not, because its name has no address yet, they fail as ``dns``: left to libcurl, the name would be
    resolved once more, and by then perhaps to an address that nobody checked. A proxy resolves names by itself.

    Raises
    ------
    UsageError
        If the origin is itself an address that may not be connected to.
    """
    _, host, _ = parts_of(origin)
    if is_address(host):
        network.check(host)
    if wire.proxy is None and not is_pinned(origin, wire.resolve):
        return lambda _request, _expect: _NO_ADDRESS
    return network.connect(readable(wire))


def fetch_resolving(network: Network, wire: Wire, origin: str) -> Fetch:
    """Single requests to an origin whose name is resolved and checked for each of them: it may be moving."""

    def fetch(request: Request, expect: Expectation) -> Fetched:
        pinned = replace(wire, resolve=pins([origin], network.resolve, network.check))
        return fetch_over(network, pinned, origin)(request, expect)

    return fetch
