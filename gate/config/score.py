"""The score: which part of it weighs how much, and to which part a category of checks belongs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gate.config.base import Model
from gate.config.scalars import Name

Part = Literal["response", "concurrency", "queries", "stability", "reliability"]
_Weight = Annotated[float, Field(ge=0, le=100)]


class Weights(Model):
    """How much each part counts; a part of weight 0 counts for nothing, in the coverage too."""

    response: _Weight = 1.0
    """How fast requests are answered one beside a few others."""
    concurrency: _Weight = 1.0
    """What scenarios come to: many users, high rates, capacity."""
    queries: _Weight = 1.0
    """What answers ask of the database."""
    stability: _Weight = 1.0
    """What grows, leaks or gets lost while load goes on."""
    reliability: _Weight = 1.0
    """Right answers: errors, contracts, access."""

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if not sum(self.of_parts().values()) > 0:
            raise ValueError("gives no part any weight, so there is no score; give one of them more than 0")
        return self

    def of_parts(self) -> dict[str, float]:
        """Weight by part."""
        return {name: float(weight) for name, weight in self.model_dump().items()}


class Score(Model):
    """One table of weights for all systems, unless the suite says otherwise; the score decides nothing."""

    weights: Weights = Weights()
    """Of its parts; 1 each."""
    parts: dict[Name, Part] = Field(default_factory=dict, max_length=100)
    """Part that a category of checks belongs to, where the kind of its checks does not say it."""
