"""The way to a deployment: names resolved once and pinned, so that no answer of a name server divides a run."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gate.load.job import Wire
from gate.load.transport import origin as parts_of
from gate.measure.single import Fetch

Resolve = Callable[[str, int], tuple[str, ...]]
"""Addresses of a host and port; empty if there are none."""


@dataclass(frozen=True)
class Network:
    """What a run may do on the network besides its load; tests bring their own."""

    connect: Callable[[Wire], Fetch]
    """How single requests are made over a wire."""
    resolve: Resolve


def pins(origins: Iterable[str], resolve: Resolve) -> tuple[str, ...]:
    """``HOST:PORT:ADDRESS,...`` for every host that has addresses; one that has none may still appear, and is left out.

    All addresses of a host are pinned in their order, so that a host that listens on only one family is still found.
    """
    found = {}
    for origin in origins:
        _, host, port = parts_of(origin)
        if (host, port) in found or port is None or _is_address(host):
            continue
        addresses = [f"[{address}]" if ":" in address else address for address in resolve(host, port)]
        if addresses:
            found[host, port] = f"{host}:{port}:{','.join(addresses)}"
    return tuple(found.values())


def is_pinned(origin: str, pinned: Iterable[str]) -> bool:
    """Whether the host of an origin needs no name server any more."""
    _, host, port = parts_of(origin)
    return _is_address(host) or any(pin.startswith(f"{host}:{port}:") for pin in pinned)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
