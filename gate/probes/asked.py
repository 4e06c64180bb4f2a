"""What a probe asks, and the way it has to the deployment: everything it may do to the world is handed to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.config.probe_requests import Body, ProbeStep
from gate.config.probes import Probe
from gate.config.templates import fill, fill_json
from gate.load.job import Request, Scalar
from gate.load.transport import Fetched
from gate.probes.knock import Knocked

BODY_CAP_BYTES = 16 * 2**20
"""An answer is read so far; one that may be larger by its ``expect`` as far as that."""
NOT_SENT = frozenset({"dns", "connect", "tls", "proxy", "bad_url"})
"""Kinds of errors with which no request reached the application: nothing is known of it then."""


@dataclass(frozen=True)
class Asked:
    """One request of a probe, placeholders still in."""

    request: str
    """``METHOD /path``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    text: str | None = None
    identity: str | None = None
    timeout_s: float = 10.0

    @property
    def method(self) -> str:
        return self.request.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.request.split(" ", 1)[1]


@dataclass(frozen=True)
class Way:
    """How one deployment is asked. Filling is apart from sending: requests are sent side by side, one of each."""

    fill: Callable[[Asked, Mapping[str, Scalar]], Request]
    """Fills every placeholder; raises KeyError with the name of one that has no value."""
    send: Callable[[Request, int], Fetched]
    """Sends a request once and reads its answer up to so many bytes, whatever its status is."""
    knock: Callable[[Request], Knocked]
    """Asks for a WebSocket."""
    given: Callable[[], Mapping[str, Scalar]]
    """What setup extracted."""
    environment: Mapping[str, str]
    now_s: Callable[[], float]


@dataclass(frozen=True)
class Known:
    """Values by which what is expected of an answer is filled."""

    environment: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Scalar] = field(default_factory=dict)

    def text(self, template: str) -> str:
        """A text with its names filled.

        Raises
        ------
        KeyError
            If one has no value, by its name.
        """
        return fill(template, environment=self.environment, data=self.values)

    def json(self, value: object) -> object:
        """A JSON value with its names filled; ``{before}`` alone stands for the number itself, not for its digits."""

        def leaf(template: str) -> object:
            whole = template[1:-1] if template.startswith("{") and template.endswith("}") else ""
            return self.values[whole] if whole in self.values else self.text(template)

        return fill_json(value, leaf)


def of_request(asked: Probe | ProbeStep) -> Asked:
    """The request of a probe, or of one of its steps."""
    return Asked(
        asked.request or "GET /",
        asked.headers,
        asked.json_body,
        None if asked.body is None else _text(asked.body),
        asked.identity,
        asked.timeout_s,
    )


def _text(body: Body) -> str | None:
    return body.text if body.size_bytes is None else '"' + "a" * (body.size_bytes - 2) + '"'
