"""The deployment under test: where it is, when it is up, how it is spoken to."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from gate.config.base import Model
from gate.config.scalars import (
    CA_PATTERN,
    DurationS,
    HeaderName,
    Headers,
    Host,
    JsonPath,
    Path,
    Proxy,
    Status,
    Url,
    Urls,
)


class Ready(Model):
    """When a preview counts as up."""

    path: Path = "/"
    """Asked again and again until it answers; only ``${NAME}`` may stand in it."""
    status: Status | None = None
    """Status to wait for; without it any answer below 500 will do."""
    timeout_s: DurationS = Field(default=60.0, alias="timeout", gt=0, le=3600)
    """How long to wait, apart from the budget of the measurement."""


class Revealed(Model):
    """Where a deployment tells something of itself: a header, or a member of a JSON answer."""

    header: HeaderName | None = None
    """Header of the answer that holds it."""
    json_path: JsonPath | None = Field(default=None, alias="json")
    """Member of the JSON answer that holds it."""
    path: Path | None = None
    """Asked for it; without it the path of ``ready``."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.header is None) == (self.json_path is None):
            raise ValueError("needs either header or json; write {header: X-Commit} or {json: $.commit}")
        return self


class Redeploy(Model):
    """How fresh deployments of the same commits are made, to confirm on them what the first ones make suspected."""

    url: Url
    """Hook of the host: asked once with POST, and the preview is deployed again. Take it from the environment."""
    base_url: Url | None = None
    """The same for the base; without it the base stays the deployment it is."""
    timeout_s: DurationS = Field(default=300.0, alias="timeout", gt=0, le=3600)
    """How long to wait until the new deployment answers."""
    fresh: Revealed
    """What has another value after a new deployment: a build number, an instance id. The hook answers long before the
    deployment is made, and without this nobody could tell the new one from the old."""


def _in_quotes(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'is a number to YAML; write it in quotes: http: "{value}"')
    return value


class Preview(Model):
    """The deployment under test, and if there is one the deployment of the merge base."""

    url: Urls | None = None
    """One URL, or several deployments of the same commit."""
    base: Urls | None = None
    """A deployment of the merge base; with it both are measured side by side (duet)."""
    hosts: list[Host] = Field(default_factory=list, max_length=64)
    """Allowed hosts, ``*.`` matching whole labels. Empty: any host on the command line, none on GitHub."""
    ready: Ready = Ready()
    """When it counts as up."""
    commit: Revealed | None = None
    """How the served commit is told; it must be the head."""
    redeploy: Redeploy | None = None
    """How fresh deployments are made; used in a duet with one preview, only where something is suspected."""
    headers: Headers = Field(default_factory=dict)
    """Sent with every request to the preview; only ``${NAME}`` may stand in them."""
    http: Annotated[Literal["1.1", "2"], BeforeValidator(_in_quotes)] = "1.1"
    """Version of HTTP: ``"2"`` is spoken over TLS where the server offers it, over plain TCP at once."""
    compression: bool = False
    """Ask for compressed bodies; they are counted as sent and not unpacked."""
    ca: Annotated[str, Field(pattern=CA_PATTERN, max_length=500)] | None = None
    """PEM certificates to trust besides the usual ones: a file beside the suite, or ``${NAME}``."""
    proxy: Proxy | None = None
    """Proxy for every request to the preview; those of the environment are never used."""

    _ca_text: str | None = PrivateAttr(default=None)

    @property
    def ca_file(self) -> str | None:
        """The file that holds the certificates, relative to the suite."""
        return None if self.ca is None or self.ca.startswith("$") else self.ca

    @property
    def ca_text(self) -> str | None:
        """Content of that file; None where there is none or it was not read."""
        return self._ca_text

    def with_ca(self, text: str) -> Self:
        """The same with the content of that file."""
        copy = self.model_copy()
        copy._ca_text = text
        return copy
