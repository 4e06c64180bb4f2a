"""Values for ``${NAME}``: which a suite needs, whether they are there, and how to keep them out of all output.

Pure: the environment is passed in. What is filled in is never stored; the suite itself keeps the names.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from gate.config import shown
from gate.config.asking import asked_beside
from gate.config.checks import Location
from gate.config.hooks import after_load, before_load, identities_in_use
from gate.config.suite import Suite
from gate.config.templates import environment_names, fill, fill_json
from gate.errors import UsageError

_MOST_PLACES = 3
_LEAST_LENGTH = 4
_LEAST_BASE64 = 6
_NOT_SENDABLE = re.compile("[\\x00-\\x1f\\x7f\ud800-\udfff]")


def uses(suite: Suite) -> dict[str, list[str]]:
    """Names of environment values that the suite sends, each with the places that use it.

    Identities that nothing asks as are not sent and need nothing.
    """
    found: dict[str, list[str]] = {}
    for location, value in _sent(suite):
        for name in sorted(environment_names(value)):
            found.setdefault(name, []).append(shown.path(location))
    return dict(sorted(found.items()))


def missing_names(suite: Suite, environment: Mapping[str, str]) -> list[str]:
    """Values that the environment does not have, or has empty: each name with where the suite uses it."""
    return [f"{name} ({_listed(places)})" for name, places in uses(suite).items() if not environment.get(name)]


def needed_values(suite: Suite, environment: Mapping[str, str]) -> dict[str, str]:
    """Just the values that the suite sends, by name.

    Raises
    ------
    UsageError
        If one of them is missing or empty, or holds what no header or URL can hold.
    """
    missing = missing_names(suite, environment)
    if missing:
        raise UsageError(f"values are not in the environment: {'; '.join(missing)}", "set them where the gate runs")
    places = uses(suite)
    sent = [name for name in places if set(places[name]) != {"preview.ca"}]  # certificates have lines, and stay here
    broken = [f"{name} ({_listed(places[name])})" for name in sent if _NOT_SENDABLE.search(environment[name])]
    if broken:
        cure = "set them again without a line break, also at the end"
        raise UsageError(f"values hold a line break or a control character: {'; '.join(broken)}", cure)
    return {name: environment[name] for name in places}


def values_to_hide(suite: Suite, environment: Mapping[str, str]) -> list[str]:
    """Values that the suite sends, for whoever hides them elsewhere: those that :class:`Redactor` hides.

    None is missed for being unfit to be sent; certificates are public and left out.
    """
    sent = [name for name, places in uses(suite).items() if set(places) != {"preview.ca"}]
    found = (environment.get(name, "") for name in sent)
    return sorted({value for value in found if len(value.strip()) >= _LEAST_LENGTH})


def resolve(value: object, environment: Mapping[str, str]) -> object:
    """A value of the suite with every ``${NAME}`` filled in; names in braces stay for each request.

    Raises
    ------
    KeyError
        If a name has no value; :func:`missing_names` tells before.
    """
    return fill_json(value, lambda text: fill(text, environment=environment))


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return ", ".join(places[:_MOST_PLACES]) + more


def _sent(suite: Suite) -> Iterator[tuple[Location, object]]:
    """Everything of a suite that is sent, with its place."""
    preview = suite.preview
    yield ("preview", "url"), preview.url
    yield ("preview", "base"), preview.base
    yield ("preview", "ready", "path"), preview.ready.path
    yield ("preview", "commit", "path"), preview.commit.path if preview.commit else None
    if preview.redeploy is not None:
        yield ("preview", "redeploy", "url"), preview.redeploy.url
        yield ("preview", "redeploy", "base_url"), preview.redeploy.base_url
        yield ("preview", "redeploy", "fresh", "path"), preview.redeploy.fresh.path
    yield ("preview", "ca"), preview.ca
    yield ("preview", "proxy"), preview.proxy
    telemetry = suite.telemetry
    yield ("telemetry", "prometheus", "url"), telemetry.prometheus.url if telemetry.prometheus else None
    yield ("telemetry", "postgres", "dsn"), telemetry.postgres.dsn if telemetry.postgres else None
    yield ("telemetry", "redis", "url"), telemetry.redis.url if telemetry.redis else None
    yield from _headers(("preview",), preview.headers)
    for name in identities_in_use(suite):
        for index, step in enumerate(suite.identities[name].login):
            here: Location = ("identities", name, "login", index)
            yield (*here, "request"), step.request
            yield (*here, "json"), step.json_body
            yield from _headers(here, step.headers)
        yield from _headers(("identities", name), suite.identities[name].headers)
    for name, endpoint in suite.endpoints.items():
        yield ("endpoints", name, "request"), endpoint.request
        yield ("endpoints", name, "json"), endpoint.json_body
        if endpoint.graphql is not None:
            yield ("endpoints", name, "graphql", "path"), endpoint.graphql.path
            yield ("endpoints", name, "graphql", "variables"), endpoint.graphql.variables
        yield from _headers(("endpoints", name), endpoint.headers)
    for name, socket in suite.sockets.items():
        yield ("sockets", name, "connect"), socket.connect
        yield ("sockets", name, "message"), socket.message
        yield from _headers(("sockets", name), socket.headers)
    for hook in (*before_load(suite), *after_load(suite)):
        yield from hook.texts
    for asking in asked_beside(suite):
        yield from asking.sent
        yield from asking.wanted


def _headers(here: Location, headers: Mapping[str, str]) -> Iterator[tuple[Location, object]]:
    for name, text in headers.items():
        yield (*here, "headers", name), text


class Redactor:
    """Puts the name where a value stands: a second line of defence for everything that is printed.

    Parameters
    ----------
    values : Mapping[str, str]
        Values by name. Those shorter than four characters are left: they would be found inside other words.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._names: dict[str, str] = {}
        for name, value in values.items():
            for form in _forms(value) if len(value.strip()) >= _LEAST_LENGTH else ():
                self._names.setdefault(form, name)
        # Longest first: a value that holds another one is replaced as a whole.
        forms = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def redact(self, text: str) -> str:
        """The text with ``${NAME}`` for each value: raw, percent-encoded, base64, or escaped for JSON or HTML."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: f"${{{self._names[match[0]]}}}", text)


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield value.strip()
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    for escaped in (json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)):
        yield escaped[1:-1]
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield from _base64_forms(raw)


def _base64_forms(value: bytes) -> Iterator[str]:
    """Base64 of the value alone, and its part in the base64 of something longer, such as ``user:password``."""
    found = [base64.b64encode(value).decode()]
    found.append(found[0].rstrip("="))
    for before in range(3):
        first = -(-before * 8 // 6)  # the characters up to here also hold bits of what stands before
        last = (before + len(value)) * 8 // 6  # and from here on of what follows
        found.append(base64.b64encode(bytes(before) + value).decode()[first:last])
    for text in found:
        if len(text) >= _LEAST_BASE64:
            yield text
            yield text.replace("+", "-").replace("/", "_")
