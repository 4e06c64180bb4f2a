"""What may stand where the suite names a target: URLs of deployments and patterns of allowed hosts.

Only the form is judged here. Whether a target is allowed is decided where names are resolved, before any connection.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

URL_PATTERN = r"^([Hh][Tt][Tt][Pp][Ss]?://|\$\{[A-Za-z_][A-Za-z0-9_]*\})[^\s#]*$"

_ENVIRONMENT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LOOSE = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LOOSE}(?:\.{_LOOSE})*")
# WHATWG URL, "ends in a number": such hosts are IPv4 addresses in disguise (127.1, 0x7f.1, 2130706433).
_DISGUISED = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)")


def checked_url(text: str, names: Collection[str] = ()) -> str:
    """The text, if it is an ``http`` or ``https`` URL or a template that can become one.

    Parameters
    ----------
    names : collection of str
        Names that may stand in braces.

    Raises
    ------
    ValueError
        If it is anything else, or holds credentials, a query or a fragment.
    """
    if re.search(r"[\s\\]", text):
        raise ValueError("holds a blank or a backslash; percent-encode it")
    whole = re.sub("|".join(rf"\{{{name}\}}" for name in names), "1", text) if names else text
    outside = _ENVIRONMENT.sub("", whole)
    if "{" in outside or "}" in outside:
        also = "".join(f", {{{name}}}" for name in names)
        raise ValueError(f"holds braces; only ${{NAME}}{also} may stand in a URL")
    if _ENVIRONMENT.match(text) is None:
        _check_parts(_ENVIRONMENT.sub("1", whole))
    elif re.search(r"[@#?]", outside):
        raise ValueError("holds one of '@', '?' and '#'; queries belong to the endpoints, credentials to headers")
    return text


def _check_parts(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL; write it like https://preview.example.app") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an http or https URL; write it like https://preview.example.app or ${PREVIEW_URL}")
    if "@" in parts.netloc:
        raise ValueError("holds credentials; put them into headers, from ${NAME}")
    if "?" in url or "#" in url:
        raise ValueError("holds a query or a fragment; queries belong to the endpoints")
    if port == 0:
        raise ValueError("names port 0; write the port the server listens on, or none")


def is_address(host: str) -> bool:
    """Whether a host is an IP address, written out in full."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_name(host: str) -> bool:
    """Whether a host is a name that nobody reads as something else.

    No address in disguise (``127.1``, ``0x7f.1``, ``2130706433``), nothing beyond ASCII whose letters look like others,
    no dot at the end, nothing percent-encoded. Names of containers may hold underscores.
    """
    return _NAME.fullmatch(host) is not None and not _DISGUISED.fullmatch(host)


def checked_host(text: str) -> str:
    """The text, if it is a host, ``*.`` before a domain, an IP address or a network such as ``10.0.0.0/8``.

    Raises
    ------
    ValueError
        If it is anything else, or so wide that it would allow nearly everything.
    """
    if "${" in text:
        raise ValueError("comes from the environment, which a pull request may shape; write the host itself")
    if "://" in text:
        raise ValueError("is a URL; write only its host")
    if ":" in text or "/" in text or _DISGUISED.fullmatch(text):
        _check_network(text)
        return text
    name = text.removeprefix("*.")
    if not _HOST.fullmatch(name):
        raise ValueError("is not a host; write preview.example.app, *.example.app or 10.0.0.0/8, without port")
    if name != text and "." not in name:
        raise ValueError("allows a whole top-level domain; name at least two labels after the star: *.example.app")
    return text


def _check_network(text: str) -> None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise ValueError(f"is no network; write {ipaddress.ip_network(text, strict=False)}") from None
        raise ValueError("is not an address; write 10.0.0.7, 10.0.0.0/8 or fd00::/8, and hosts without port") from None
    if network.prefixlen == 0:
        raise ValueError("allows every address; name the networks that are meant")
