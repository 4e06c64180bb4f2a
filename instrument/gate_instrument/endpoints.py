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
    rule = _member(environ.get("werkzeug.request"), "url_rule")
    return name_of(environ.get("REQUEST_METHOD"), _member(rule, "rule"), environ.get("PATH_INFO"))


def of_asgi(scope: Mapping[str, Any]) -> str:
    """Name by an ASGI scope, where Starlette and FastAPI leave the route."""
    return name_of(scope.get("method"), _member(scope.get("route"), "path"), scope.get("path"))


def of_django(request: Any) -> str:  # noqa: ANN401 - Django is not imported here
    """Name by a request of Django."""
    route = _member(_member(request, "resolver_match"), "route")
    return name_of(_member(request, "method"), route, _member(request, "path_info"))


def _member(value: object, name: str) -> object:
    """What an object of the application has there; None whatever goes wrong, for a name is not worth an answer."""
    try:
        return getattr(value, name, None)
    except Exception:  # properties may raise what they like
        return None
