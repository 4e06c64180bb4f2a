"""Probes of a suite made against a real server, without the load around them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from time import monotonic

from gate.config.read import read_suite
from gate.load.job import Expectation, Request, Wire
from gate.load.transport import fetch
from gate.measure.access import identity_headers
from gate.measure.single import filled, tokens
from gate.probes.asked import Way
from gate.probes.knock import knock
from gate.probes.probing import Elsewhere, Probing

HEAD = """\
suite: s
identities: {user: {headers: {Authorization: "Token ${TOKEN}"}}}
endpoints: {items: "GET /items?page=1&size=10"}
"""


def probing(
    origin: str,
    text: str,
    environment: Mapping[str, str] | None = None,
    elsewhere: Elsewhere | None = None,
    made: Mapping[str, tuple[int, int]] | None = None,
    head: str = HEAD,
) -> Probing:
    """Probes of a suite at an address; ``text`` is the YAML of the suite below its head."""
    from tests.integration.probes.server import TOKEN

    suite = read_suite((head + text).encode(), "gate.yml")
    environment = {"TOKEN": TOKEN, **(environment or {})}
    unique, send_over = tokens("t"), partial(fetch, wire=Wire())

    def fill(asked, own):
        who = {} if asked.identity is None else identity_headers(suite, asked.identity)
        headers = {**who, **asked.headers}
        request = Request(asked.method, origin + asked.path, headers, asked.json, asked.timeout_s, text=asked.text)
        return filled(suite, environment, request, unique, own)

    def send(request, most_bytes):
        return send_over(request, Expectation(tuple(range(100, 600)), max_bytes=most_bytes))

    way = Way(fill, send, lambda request: knock(request, Wire()), dict, environment, monotonic)
    return Probing(
        suite, 1, way, lambda name: (made or {}).get(name, (0, 0)), elsewhere or Elsewhere(), lambda: environment, str
    )


def records(origin: str, text: str, **more):
    """Records of all probes before the load, by name."""
    made = probing(origin, "probes:\n" + text, **more)
    made.before()
    return made.records


def record(origin: str, text: str, **more):
    """Of one probe, written as the keys beside its name."""
    return records(origin, f"  - {{name: it, {text}}}\n", **more)["it"]
