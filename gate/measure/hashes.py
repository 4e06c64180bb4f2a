"""What makes numbers comparable: the identity of an endpoint, of a scenario, and of one block's arrivals. Pure."""

from __future__ import annotations

from gate.config.journeys import endpoints_of, is_of_sockets, names_in, side_by_side
from gate.config.suite import Suite
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.sockets import socket_hash
from gate.record.codec import digest

_ENDPOINT_KEYS = {"request", "headers", "json_body", "expect", "rate_rps"}
_LATER_KEYS = {"graphql", "follow", "connections", "timeout_s"}
_WIRE_KEYS = {"http", "compression", "ca", "proxy"}
"""What came after the first stored runs is part of a hash only where a suite uses it, so that those stay comparable."""


def block_seed(suite: str, endpoint: str, number: int) -> int:
    """Seed of one block's arrivals and data: the same in every run and in both arms."""
    return int(digest([suite, endpoint, number])[:15], 16)


def endpoint_hash(suite: Suite, name: str) -> str:
    """Identity of everything that makes an endpoint's numbers comparable; templates stay unfilled."""
    endpoint = suite.endpoints[name]
    asker = suite.identities[endpoint.identity] if endpoint.identity else None
    identity = None if asker is None else asker.model_dump(mode="json", exclude={"lasts_s"})
    later = {
        **endpoint.model_dump(mode="json", include=_LATER_KEYS, exclude_defaults=True),
        **suite.preview.model_dump(mode="json", include=_WIRE_KEYS, exclude_defaults=True),
        **_files(suite, names_in(endpoint)),
        **_ordered(suite, names_in(endpoint)),
        **({"setup": [step.model_dump(mode="json") for step in suite.setup]} if suite.setup else {}),
    }
    ranges = {key: data for key, data in suite.data.items() if data.range is not None}
    return digest(
        {
            "request": endpoint.model_dump(mode="json", include=_ENDPOINT_KEYS),
            "identity": identity,
            "preview_headers": suite.preview.headers,
            "data": {key: data.model_dump(mode="json", exclude_defaults=True) for key, data in ranges.items()},
            "load": {"block": BLOCK_REQUESTS, "arrivals": "poisson", "max_rate_rps": suite.policy.max_rate_rps},
            **({"later": later} if later else {}),
        }
    )[:32]


def _files(suite: Suite, names: set[str]) -> dict[str, object]:
    """Files that an endpoint draws from, each with the hash of its content."""
    used = {name.partition(".")[0] for name in names} & suite.data.keys()
    return {
        f"data.{key}": [data.model_dump(mode="json", exclude_defaults=True), data.table.sha256 if data.table else None]
        for key in sorted(used)
        if (data := suite.data[key]).file is not None
    }


def _ordered(suite: Suite, names: set[str]) -> dict[str, object]:
    """Data that an endpoint picks in order, which first began anew with every block."""
    used = {name.partition(".")[0] for name in names} & suite.data.keys()
    return {f"order.{key}": "goes on" for key in sorted(used) if suite.data[key].pick == "order"}


_FIRST_LOAD_KEYS = ("rate_rps", "users", "count", "for_s", "think_s", "concurrent")


def scenario_hash(suite: Suite, name: str) -> str:
    """Identity of a scenario: its load, its mix, what runs beside it, and the endpoints in it."""
    scenario = suite.scenarios[name]
    hash_of = socket_hash if is_of_sockets(suite, name) else endpoint_hash
    members = {member: hash_of(suite, member) for member in endpoints_of(suite, name)}
    given = scenario.load.model_dump(mode="json", exclude_defaults=True)
    load = dict.fromkeys(_FIRST_LOAD_KEYS) | given
    if scenario.load.users is not None and len(scenario.load.users) == 1:
        load["users"] = scenario.load.users[0]
    journeys = {
        member: [[step, suite.endpoints[step].extract] for step in suite.journeys[member]]
        for member in scenario.mix
        if member in suite.journeys
    }
    group = next(group for group in side_by_side(suite) if name in group)
    beside = {
        other: [suite.scenarios[other].load.model_dump(mode="json"), suite.scenarios[other].mix]
        for other in group
        if other != name
    }
    later = [part for part in (journeys, beside) if part]
    return digest([load, scenario.mix, members, *later])[:32]
