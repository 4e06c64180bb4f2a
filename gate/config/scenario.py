"""Load patterns over a mix of endpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gate.config.base import Model
from gate.config.loads import Load
from gate.config.objectives import ScenarioObjectives
from gate.config.scalars import Name, RateRps
from gate.config.serving import Variables


class Target(Model):
    """What a scenario is measured against without being judged by it."""

    rate_rps: RateRps = Field(alias="rate", le=100_000)
    """Requests answered as expected per second that would do; the report says how many times as many there are."""


class Scenario(Model):
    """One load pattern over a weighted mix of endpoints; feeds objectives, never comparison rows."""

    load: Load
    """How requests arrive."""
    mix: dict[Name, Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=500)
    """Endpoints and journeys with their weights: ``{materials: 5, buy: 1}``."""
    beside: list[Name] = Field(default_factory=list, max_length=16)
    """Scenarios that run at the same time: it starts together with them."""
    target: Target | None = None
    """A rate to tell headroom against: ``{rate: 2/s}``. It blocks nothing; an objective does."""
    objectives: ScenarioObjectives = ScenarioObjectives()
    """Absolute limits over the whole mix."""
    category: Name | None = None
    """What kind of check its rows are, for counting and the score; ``concurrency`` unless said."""
    advisory: bool = False
    """Shown, never blocks."""
    serve: Variables = Field(default_factory=dict)
    """What ``preview.serve`` is started again with before it, over its ``env``; afterwards it is started as before."""
