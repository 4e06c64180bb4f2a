"""The deployment under test: where it is, when it is up, how it is spoken to."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from gate.config.base import Model
from gate.config.scalars import (
    CA_PATTERN,
    BaseUrls,
    DurationS,
    HeaderName,
    Headers,
    Host,
    JsonPath,
    Logins,
    Path,
    PreviewUrls,
    Proxy,
    Status,
    Text,
    Texts,
    Url,
)
from gate.config.serving import WrittenServe


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


class Find(Model):
    """How deployments are found through GitHub's Deployments API, where neither an input nor the suite has a URL."""

    environment: Texts = Field(default_factory=lambda: ["Preview*"])
    """Environment of the preview, ``*`` and ``?`` as in file names, capital and small letters alike. Each of several
    patterns stands for one deployment of the same commit."""
    base_environment: Text | None = None
    """Environment in which commits of the default branch are deployed; what is found there is measured beside the
    preview, and so gets the same load. Without it no base is looked for."""
    creators: Logins
    """Accounts whose deployments count. Whoever may write deployments can make one, and name any URL in it."""
    timeout_s: DurationS = Field(default=600.0, alias="timeout", gt=0, le=3600)
    """How long to wait for a successful deployment of the commit under test."""


def _in_quotes(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'is a number to YAML; write it in quotes: http: "{value}"')
    return value


class Preview(Model):
    """The deployment under test, and if there is one the deployment of the merge base."""

    url: PreviewUrls | None = None
    """One URL, or several deployments of the same commit. On GitHub ``{number}``, ``{sha}``, ``{short_sha}`` and
    ``{branch}`` stand for the pull request, its head, and the head's branch as a label of a host name."""
    base: BaseUrls | None = None
    """A deployment of the merge base; with it both are measured side by side (duet). ``{base_sha}``,
    ``{base_short_sha}`` and ``{base_branch}`` stand for the merge base."""
    find: Find | None = None
    """How deployments are found on GitHub where there is no URL."""
    hosts: list[Host] = Field(default_factory=list, max_length=64)
    """Allowed hosts, ``*.`` matching whole labels. Empty: any host on the command line, none on GitHub. A host with a
    private or special address needs that address or its network here as well, on GitHub."""
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

    serve: WrittenServe | None = None
    """The preview as a program that the gate starts itself. On the command line it goes before ``url`` and after
    ``--preview``; on GitHub it is never started."""

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
