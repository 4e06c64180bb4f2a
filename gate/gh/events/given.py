"""What stands in an input of the action, checked and as a value; an error names the input."""

from __future__ import annotations

import ipaddress
import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from gate.config.scalars import NAME_PATTERN
from gate.errors import UsageError
from gate.units import parse_duration_s

PUBLIC_API = "https://api.github.com"
MOST_BUDGET_S = 6 * 3600.0
"""As long as a job on a hosted runner may take."""
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def token_of(value: str) -> str:
    """Credential for the API; it is never repeated."""
    if not value:
        raise UsageError("input token is empty", "leave it out to use the token of the job")
    if _CONTROL.search(value) or not value.isascii():
        raise UsageError("input token holds a space, a line break or a character no token has")
    return value


def number_of(name: str, value: str) -> int | None:
    """Number of a pull request."""
    if not value:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,9}", value):
        raise UsageError(f"input {name} is {value!r}, not the number of a pull request")
    return int(value)


def repository_path_of(name: str, value: str) -> str:
    """Path of a file or folder inside the repository."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.parts or re.search(r"[\x00-\x1f\x7f\\]", value):
        raise UsageError(f"input {name} is {value!r}, not a path inside the repository")
    return str(path)


def workspace_path_of(value: str) -> str:
    """Folder below the workspace."""
    return repository_path_of("out", value)


def store_of(value: str) -> str:
    """Where stored runs are, as the suite would say it."""
    kind, _, rest = value.partition(":")
    if value and kind not in ("dir", "branch"):
        raise UsageError(f"input baselines is {value!r}", "write branch:perf-baselines, or dir:baselines for a folder")
    if kind == "branch":
        return value  # what a branch may be called is judged where it is opened
    return f"dir:{repository_path_of('baselines', rest)}" if value else ""


def _listed(value: str) -> list[str]:
    return [part.strip() for part in re.split(r"[\r\n,]+", value) if part.strip()]


def suites_of(value: str) -> tuple[str, ...]:
    """Paths of suites, each once."""
    paths = [repository_path_of("suite", part) for part in _listed(value)]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None or not paths:
        raise UsageError(f"input suite names {twice} twice" if twice else "input suite names no file")
    return tuple(paths)


def app_of(value: str) -> str:
    """Slug of a GitHub app."""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?", value):
        raise UsageError(f"input app is {value!r}, which is no slug of an app", "it is the last part of the app's page")
    return value


def names_of(name: str, value: str) -> tuple[str, ...]:
    """Names from the suite."""
    for part in _listed(value):
        if not re.fullmatch(NAME_PATTERN, part):
            raise UsageError(f"input {name} holds {part!r}, which is no name of the suite")
    return tuple(_listed(value))


def budget_of(value: str) -> float | None:
    """Seconds of a duration."""
    if not value:
        return None
    try:
        budget_s = parse_duration_s(value)
    except ValueError as error:
        raise UsageError(f"input budget is {value!r}: {error}", "write it like 90s or 10m") from None
    if not 0 < budget_s <= MOST_BUDGET_S:
        raise UsageError(f"input budget is {value!r}, not between 0 and {MOST_BUDGET_S / 3600:.0f} hours")
    return budget_s


def urls_of(name: str, value: str) -> tuple[str, ...]:
    """Addresses of deployments."""
    return tuple(_url(name, part) for part in _listed(value))


def _url(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        raise UsageError(f"input {name} holds a URL that cannot be read") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"input {name} holds a URL with a user name", "send credentials as headers in the suite")
    if not usable or parts.fragment or _CONTROL.search(value):
        raise UsageError(
            f"input {name} holds {value!r}, which is not a plain http or https URL", "write it like https://HOST/PATH"
        )
    return value


def api_url_of(given: str, from_runner: str) -> str:
    """Where the token may be sent: the public API, or a host that the workflow names itself.

    An earlier step can set GITHUB_API_URL for the whole job, so by itself the variable may name only the public API.
    """
    if not given:
        if from_runner.rstrip("/") not in ("", PUBLIC_API):
            raise UsageError(
                f"GITHUB_API_URL is {from_runner!r}",
                "on GitHub Enterprise Server pass `api-url: ${{ github.api_url }}`",
            )
        return PUBLIC_API
    url = _url("api-url", given).rstrip("/")
    parts = urlsplit(url)
    if parts.query or (parts.scheme != "https" and not _loopback(parts.hostname or "")):
        raise UsageError(
            f"input api-url is {given!r}; it must be https, without a query", "write it like https://HOST/api/v3"
        )
    return url


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
