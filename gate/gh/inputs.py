"""The inputs of the action as one frozen value, read from the mapping of the environment.

The environment is passed in. One field of :class:`Inputs` stands for one input of ``action.yml``, with the same
name, default and description; a test compares the two.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Self
from urllib.parse import urlsplit

from gate.errors import UsageError

PUBLIC_API = "https://api.github.com"
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


class Mode(StrEnum):
    """What a run of the action does."""

    AUTO = "auto"
    CHECK = "check"
    MEASURE = "measure"
    REFRESH = "refresh"


def _about(description: str, default: str = "") -> dict[str, str]:
    return {"description": description, "default": default}


@dataclass(frozen=True)
class Inputs:
    """The inputs of the action."""

    token: str = field(
        metadata=_about(
            "Token for GitHub's API: reads suite and baselines at the base commit, writes the comment.",
            "${{ github.token }}",
        ),
        repr=False,
    )
    suite: str = field(
        metadata=_about(
            "Path of the suite in the repository; read at the base commit, never from the pull request.", "gate.yml"
        )
    )
    preview_url: tuple[str, ...] = field(
        metadata=_about(
            "URL of the deployment to measure; several deployments of one commit on lines of their own or with commas."
        )
    )
    base_url: tuple[str, ...] = field(
        metadata=_about("URL of a deployment of the base commit, measured side by side; several as above.")
    )
    mode: Mode = field(metadata=_about("auto follows the event; or check, measure, refresh.", "auto"))
    pull_request: int | None = field(metadata=_about("Number of the pull request, for workflow_dispatch."))
    baselines: str = field(
        metadata=_about("Where stored runs of main are, instead of what the suite says: dir:FOLDER in the repository.")
    )
    api_url: str = field(
        metadata=_about("Base of GitHub's API, for GitHub Enterprise Server; without it api.github.com and no other.")
    )
    out: str = field(metadata=_about("Folder in the workspace for the results.", "gate-out"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the inputs as the runner passes them.

        Raises
        ------
        UsageError
            Naming the input that cannot be used; a token is never repeated.
        """

        def text(name: str, default: str = "") -> str:
            return environment.get(variable(name), "").strip() or default

        return cls(
            token=_token(text("token")),
            suite=_repository_path("suite", text("suite", "gate.yml")),
            preview_url=_urls("preview-url", text("preview-url")),
            base_url=_urls("base-url", text("base-url")),
            mode=_mode(text("mode", "auto")),
            pull_request=_number("pull-request", text("pull-request")),
            baselines=_store(text("baselines")),
            api_url=_api_url(text("api-url"), environment.get("GITHUB_API_URL", "")),
            out=_workspace_path(text("out", "gate-out")),
        )


def variable(name: str) -> str:
    """Variable that holds an input: upper case, spaces as underscores, hyphens kept."""
    return "INPUT_" + name.replace(" ", "_").upper()


def _token(value: str) -> str:
    if not value:
        raise UsageError("input token is empty", "leave it out to use the token of the job")
    if _CONTROL.search(value) or not value.isascii():
        raise UsageError("input token holds a space, a line break or a character no token has")
    return value


def _mode(value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise UsageError(f"input mode is {value!r}", f"use one of {', '.join(Mode)}") from None


def _number(name: str, value: str) -> int | None:
    if not value:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,9}", value):
        raise UsageError(f"input {name} is {value!r}, not the number of a pull request")
    return int(value)


def _repository_path(name: str, value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.parts or re.search(r"[\x00-\x1f\x7f\\]", value):
        raise UsageError(f"input {name} is {value!r}, not a path inside the repository")
    return str(path)


def _workspace_path(value: str) -> str:
    return _repository_path("out", value)


def _store(value: str) -> str:
    if value and not value.startswith("dir:"):
        raise UsageError(f"input baselines is {value!r}", "this version reads dir:FOLDER, for example dir:baselines")
    return "dir:" + _repository_path("baselines", value.removeprefix("dir:")) if value else ""


def _urls(name: str, value: str) -> tuple[str, ...]:
    parts = [part.strip() for part in re.split(r"[\r\n,]+", value)]
    return tuple(_url(name, part) for part in parts if part)


def _url(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        raise UsageError(f"input {name} holds a URL that cannot be read") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"input {name} holds a URL with a user name", "send credentials as headers in the suite")
    if not usable or parts.fragment or _CONTROL.search(value):
        raise UsageError(f"input {name} holds {value!r}, which is not a plain http or https URL")
    return value


def _api_url(given: str, from_runner: str) -> str:
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
        raise UsageError(f"input api-url is {given!r}; it must be https, without a query")
    return url


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
