"""What a request is called in the sums: its method and the route it took, or else the pattern of its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MOST_SEGMENTS = 8
_LONGEST = 32
"""Characters of a segment; longer ones are taken for a value."""


def name_of(method: object, route: object, path: object) -> str:
    """Name of an endpoint, as ``GET /items/{item}``; never raises, whatever odd values an application has there."""
    verb = method if isinstance(method, str) and method in _METHODS else "(other)"
    if isinstance(route, str) and route:
        return f"{verb} {route if route.startswith('/') else '/' + route}"
    return f"{verb} {pattern_of(path)}"


def pattern_of(path: object) -> str:
    """A path with ``*`` in place of segments that look like values: with a digit, or long."""
    if not isinstance(path, str):
        return "*"
    segments = path.strip("/").split("/", _MOST_SEGMENTS)
    return "/" + "/".join(
        "*" if len(segment) > _LONGEST or any(letter.isdigit() for letter in segment) else segment
        for segment in segments
    )


def of_wsgi(environ: Mapping[str, Any]) -> str:
    """Name by a WSGI environment; Flask's route is in the request that Werkzeug leaves there."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return name_of(environ.get("REQUEST_METHOD"), getattr(rule, "rule", None), environ.get("PATH_INFO"))


def of_asgi(scope: Mapping[str, Any]) -> str:
    """Name by an ASGI scope, where Starlette and FastAPI leave the route."""
    return name_of(scope.get("method"), getattr(scope.get("route"), "path", None), scope.get("path"))


def of_django(request: Any) -> str:  # noqa: ANN401 - Django is not imported here
    """Name by a request of Django."""
    match = getattr(request, "resolver_match", None)
    path = getattr(request, "path_info", None)
    return name_of(getattr(request, "method", None), getattr(match, "route", None), path)
