"""Who asks: headers, and the login that makes them."""

from __future__ import annotations

from pydantic import Field

from gate.config.base import Model
from gate.config.scalars import DurationS, Headers
from gate.config.steps import LoginStep


class Identity(Model):
    """Who asks: headers, made once before the load by an optional login."""

    login: list[LoginStep] = Field(default_factory=list, max_length=8)
    """Steps in their order."""
    headers: Headers = Field(default_factory=dict)
    """Sent with every request of this identity; ``{token}`` is what the login extracted."""
    lasts_s: DurationS | None = Field(default=None, alias="lasts", gt=0, le=86_400)
    """How long a login is good for; it is made again in time. JSON web tokens say it themselves."""

    @property
    def values(self) -> frozenset[str]:
        """Names of what its login extracts."""
        return frozenset(name for step in self.login for name in step.extract)
