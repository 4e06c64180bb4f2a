"""Single requests outside the measurement: of logins, of setup and teardown, and what cleans up behind an endpoint."""

from __future__ import annotations

from pydantic import Field

from gate.config.base import Model
from gate.config.scalars import Headers, Json, JsonPath, Name, RequestLine, Status


class SingleRequest(Model):
    """One request that is made once and counts nowhere."""

    request: RequestLine
    """``METHOD /path``."""
    json_body: Json = Field(default=None, alias="json")
    """Body, sent as JSON."""
    headers: Headers = Field(default_factory=dict)
    """Sent with this request, over those of the preview and the identity."""
    status: Status | None = None
    """Expected status; without it any 2xx."""


class LoginStep(SingleRequest):
    """One request of a login; what it extracts may stand in later steps and in the identity's headers."""

    extract: dict[Name, JsonPath] = Field(default_factory=dict, max_length=64)
    """Names for members of the JSON answer: ``{token: $.token}``."""


class HookStep(LoginStep):
    """One request of setup or teardown; what setup extracts may stand in endpoints and in all later steps."""

    identity: Name | None = None
    """Who asks: one of ``identities``."""


class Cleanup(SingleRequest):
    """What takes away what an endpoint left behind: asked once after the measurement, as the endpoint's identity."""
