"""From the suite to requests: origin, headers and identity joined, placeholders still in."""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from gate.config.addresses import is_address, is_name
from gate.config.data import Data
from gate.config.endpoint import Endpoint
from gate.config.files import PEM
from gate.config.steps import SingleRequest
from gate.config.suite import Suite
from gate.config.templates import fill, placeholders
from gate.errors import UsageError
from gate.load.job import Expectation, Request, Source, Wire

_GITHUB = re.compile(r"(?:.*\.)?github\.com")
_USUAL_PORTS = (80, 443)
_FIRST_FREE_PORT = 1024


def endpoint_request(suite: Suite, name: str, origin: str) -> Request:
    """The request of an endpoint against one deployment."""
    endpoint = suite.endpoints[name]
    asker = {} if endpoint.identity is None else identity_headers(suite, endpoint.identity)
    return Request(
        endpoint.method,
        origin + endpoint.path,
        suite.preview.headers | asker | endpoint.headers,
        endpoint.content,
        endpoint.timeout_s,
        endpoint.follow,
        endpoint.connections,
        None if endpoint.graphql is None else endpoint.graphql.query,
    )


def step_request(suite: Suite, step: SingleRequest, identity: str | None, origin: str) -> Request:
    """A request outside the measurement against one deployment."""
    method, path = step.request.split(" ", 1)
    asker = {} if identity is None else identity_headers(suite, identity)
    return Request(method, origin + path, suite.preview.headers | asker | step.headers, step.json_body)


def identity_headers(suite: Suite, identity: str) -> dict[str, str]:
    """Headers of an identity, with the names its login extracts made its own: two identities may both have a token."""
    asker = suite.identities[identity]
    return {header: qualified(template, identity, asker.values) for header, template in asker.headers.items()}


def value_name(identity: str, name: str) -> str:
    """Name under which a value that a login extracted is sent to the worker."""
    return f"{identity}.{name}"


def qualified(template: str, identity: str, names: Iterable[str]) -> str:
    """A template with the names of what a login extracted made those under which the worker knows them."""
    for name in names:
        template = template.replace("{" + name + "}", "{" + value_name(identity, name) + "}")
    return template


def expectation(endpoint: Endpoint) -> Expectation:
    """What the suite expects of an answer, as the worker checks it."""
    expect = endpoint.expect
    return Expectation(
        tuple(expect.status or ()),
        expect.type,
        expect.body.min_bytes,
        expect.body.max_bytes,
        no_graphql_errors=endpoint.graphql is not None,
    )


def sources_of(suite: Suite, requests: Iterable[Request]) -> dict[str, Source]:
    """Where the placeholders of some requests take their values from; what they do not use stays at home."""
    names = placeholders([[request.url, request.headers, request.json, request.text] for request in requests])
    used = {name.partition(".")[0] for name in names} & suite.data.keys()
    return {name: _source(name, suite.data[name]) for name in sorted(used)}


def _source(name: str, data: Data) -> Source:
    if data.range is not None:
        return Source(low=data.range[0], high=data.range[1], pick=data.pick)
    if data.table is None:
        raise UsageError(f"the file {data.file} of data.{name} was not read", "read the suite together with its files")
    return Source(rows=data.table.rows, key=data.table.sha256, member=data.column, pick=data.pick)


def wire_of(suite: Suite, environment: Mapping[str, str]) -> Wire:
    """How connections to the preview are made.

    Raises
    ------
    UsageError
        If what the environment holds is no certificate or no proxy. The value is not repeated.
    """
    preview = suite.preview
    ca = preview.ca_text
    if preview.ca is not None and preview.ca_file is None:
        ca = fill(preview.ca, environment=environment)
        if PEM not in ca.encode():
            raise UsageError(f"{preview.ca} of preview.ca holds no PEM certificate", f"it must hold {PEM.decode()}")
    proxy = None if preview.proxy is None else fill(preview.proxy, environment=environment)
    if proxy is not None and (urlsplit(proxy).scheme not in ("http", "https") or not urlsplit(proxy).hostname):
        raise UsageError(f"{preview.proxy} of preview.proxy is no proxy", "write it like http://proxy.example:3128")
    return Wire(preview.http, ca, proxy, preview.compression)


def origin_of(url: str) -> str:
    """Scheme, host and port of a preview URL; its path, if any, is kept as a prefix.

    Raises
    ------
    UsageError
        If it is not a plain http or https URL. The URL itself is not repeated: it may hold a secret.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_origin() from None
    is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc and "\\" not in url
    if not is_plain or not (is_address(host) or is_name(host)):
        raise _no_origin()
    written = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{written}" + (f":{port}" if port else "") + parts.path.rstrip("/")


def _no_origin() -> UsageError:
    return UsageError(
        "a preview URL is not of the form https://host[:port][/path], or http://",
        "give it whole, without user and password, the host in plain letters (xn--... for others) or as a full"
        " address; see preview.url, --preview and --base",
    )


def is_loopback(origin: str) -> bool:
    """Whether an origin names this machine."""
    host = urlsplit(origin).hostname or ""
    if is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def host_class(suite: Suite, origin: str) -> str:
    """The pattern of ``preview.hosts`` that a host matches, ``loopback``, or ``other``."""
    if is_loopback(origin):
        return "loopback"
    return _matching_host(suite.preview.hosts, origin) or "other"


def check_allowed(suite: Suite, origin: str, shown: str, *, hosts_required: bool) -> None:
    """Refuse a host that the suite does not name; with ``hosts_required`` an empty list allows nothing.

    GitHub itself is never a target. With ``hosts_required`` neither are ports below 1024 but those of HTTP: a port is
    no part of what a suite names, and behind the others are mail, shells and the like.

    ``shown`` stands for the URL in the message: one that comes from the environment is not repeated.

    Raises
    ------
    UsageError
        Before any connection is made.
    """
    parts = urlsplit(origin)
    if _GITHUB.fullmatch((parts.hostname or "").rstrip(".")):
        raise UsageError(f"{shown} is GitHub itself, which is never loaded", "name the address of the preview")
    if hosts_required and parts.port is not None and not _may_be_http(parts.port):
        raise UsageError(
            f"the port of {shown} is {parts.port}, which is for something else than HTTP",
            "serve the preview at port 80, 443, or one from 1024 on",
        )
    if not suite.preview.hosts and not hosts_required:
        return
    if is_loopback(origin) and not hosts_required:
        return
    if _matching_host(suite.preview.hosts, origin) is None:
        raise UsageError(
            f"the host of {shown} is not a target this suite allows"
            f" (preview.hosts: {', '.join(suite.preview.hosts) or 'empty'})",
            "name the host, or *.its.domain, in preview.hosts of the suite on the base branch",
        )


def _may_be_http(port: int) -> bool:
    return port in _USUAL_PORTS or port >= _FIRST_FREE_PORT


def _matching_host(patterns: list[str], origin: str) -> str | None:
    host = (urlsplit(origin).hostname or "").lower()
    for pattern in patterns:
        wanted = pattern.lower()
        if wanted == host or (wanted.startswith("*.") and fnmatch.fnmatchcase(host, "?" + wanted)):
            return pattern
        if _in_network(host, wanted):
            return pattern
    return None


def _in_network(host: str, pattern: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
    except ValueError:
        return False
