"""The first endpoints of a suite: as named, or as an OpenAPI description lists them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from gate.errors import UsageError
from gate.setup.wanted import Endpoint

MOST_LISTED = 12
"""More share the time of one check without being seen any better."""
_PATH = re.compile(r"/(?!/)[A-Za-z0-9/._~%+,;:=@&?!*()-]{0,500}")


@dataclass(frozen=True)
class Listed:
    """What a description offers."""

    paths: tuple[str, ...]
    left_out: int
    """Operations that need a parameter or a login, or are too many."""


def named(requests: Iterable[str]) -> tuple[Endpoint, ...]:
    """Endpoints with names made of their paths.

    Parameters
    ----------
    requests : iterable of str
        ``GET /path``, or the path alone.

    Raises
    ------
    UsageError
        For another method: what changes data is loaded only by somebody who wrote so.
    """
    found: dict[str, Endpoint] = {}
    for request in requests:
        verb, _, path = request.strip().rpartition(" ")
        if verb.strip() not in ("", "GET"):
            raise UsageError(
                f"--endpoint is {request!r}", "only GET is written; add others to the suite, with mutates: true"
            )
        if not _PATH.fullmatch(path):
            raise UsageError(f"--endpoint is {request!r}", "write it like 'GET /api/items/?page=1'")
        if path not in [endpoint.path for endpoint in found.values()]:
            name = _free(_name(path), found)
            found[name] = Endpoint(name, path)
    return tuple(found.values())


def listed(description: object) -> Listed:
    """GET operations of an OpenAPI description that can be asked as they stand.

    Parameters
    ----------
    description : object
        The parsed file: version 2 or 3 (https://spec.openapis.org/oas/v3.1.0#openapi-object).

    Raises
    ------
    UsageError
        If it is no description, or offers no such operation.
    """
    paths = _mapping(description).get("paths")
    if not isinstance(paths, Mapping):
        raise UsageError("--from-openapi names a file without paths", "give an OpenAPI description as JSON or YAML")
    prefix, everywhere = _prefix(_mapping(description)), bool(_mapping(description).get("security"))
    usable, left_out = [], 0
    for path, item in paths.items():
        operation = _mapping(item).get("get")
        if not isinstance(operation, Mapping):
            continue
        whole = prefix + str(path)
        if _PATH.fullmatch(whole) and not _needs(_mapping(item), operation, everywhere=everywhere):
            usable.append(whole)
        else:
            left_out += 1
    if not usable:
        raise UsageError(
            "--from-openapi names a file without a GET operation that needs no parameter and no login",
            "name what to measure with --endpoint",
        )
    return Listed(tuple(usable[:MOST_LISTED]), left_out + len(usable[MOST_LISTED:]))


def _prefix(description: Mapping[str, object]) -> str:
    """What stands before every path, of the server that is named first."""
    base = description.get("basePath")
    servers = description.get("servers")
    if isinstance(servers, list) and servers:
        url = _mapping(servers[0]).get("url")
        base = urlsplit(url).path if isinstance(url, str) else None
    return base.rstrip("/") if isinstance(base, str) else ""


def _needs(item: Mapping[str, object], operation: Mapping[str, object], *, everywhere: bool) -> bool:
    """Whether an operation cannot be asked without knowing more."""
    security = operation.get("security")
    if everywhere if security is None else bool(security):
        return True
    parameters = [*_several(item.get("parameters")), *_several(operation.get("parameters"))]
    # One that is only referred to may be required; nobody can tell without following it.
    return any(one.get("required") is True or "$ref" in one for one in parameters)


def _several(value: object) -> Iterator[Mapping[str, object]]:
    yield from map(_mapping, value if isinstance(value, list) else ())


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _name(path: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", path.partition("?")[0].lower()).strip("-")
    return words[-50:].strip("-") or "home"


def _free(name: str, taken: Mapping[str, object]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
