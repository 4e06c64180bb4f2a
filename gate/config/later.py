"""Keys of the format that a later version fills: refused by name, neither ignored nor taken for a typing error."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.config.checks import Location

LATER: dict[tuple[str, ...], str] = {}
"""Paths of keys, ``*`` for any name, with what to do until then."""

_OTHER_STORE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def later_keys(suite: object) -> Iterator[tuple[Location, str]]:
    """Where a suite, as read from its file, uses what is not in this version; each with what to do until then."""
    for pattern, cure in LATER.items():
        for place, _ in _found(suite, pattern):
            yield place, cure
    for place, store in _found(suite, ("baselines", "store")):
        if isinstance(store, str) and _OTHER_STORE.match(store):
            yield place, "write a directory or a branch, dir:baselines or branch:perf-baselines"
    if not any(_found(suite, ("endpoints", "login"))) and not any(_found(suite, ("journeys", "login"))):
        for place, _ in _found(suite, ("scenarios", "*", "mix", "login")):
            yield place, "the logins of identities are made before the load; write the login as an endpoint to load it"


def _found(value: object, pattern: tuple[str, ...], below: Location = ()) -> Iterator[tuple[Location, object]]:
    if not pattern:
        yield below, value
    elif isinstance(value, dict):
        for key in value if pattern[0] == "*" else value.keys() & {pattern[0]}:
            yield from _found(value[key], pattern[1:], (*below, key))
