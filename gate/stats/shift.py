"""A change between baseline and candidate, tested against a margin: the value every comparison ends in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gate.stats.special import stdtr, stdtrit

CONFIDENCE = 0.90
"""Two-sided confidence of the interval shown; its two ends are the two one-sided 5 % tests (TOST)."""


@dataclass(frozen=True)
class Shift:
    """An estimated change of a log latency with its uncertainty."""

    effect: float
    """Candidate minus baseline, natural log; 0.05 is about 5 % slower."""
    se: float
    """Standard error of the effect from all sources."""
    se_parts: dict[str, float]
    """Standard error by source; their squares add up to that of ``se``."""
    df: float
    """Degrees of freedom of the t distribution the test refers to."""
    test: str
    """Which test, in words a statistician would look up."""
    n: int
    """Units of replication behind the effect: blocks in a duet, stored runs otherwise."""

    def p_slower(self, margin: float) -> float:
        """One-sided p of "slower by no more than ``margin``" (a ratio): small means really slower."""
        return float(stdtr(self.df, -(self.effect - math.log1p(margin)) / self.se))

    def p_faster(self, margin: float) -> float:
        """One-sided p of "faster by no more than ``margin``": small means really faster."""
        return float(stdtr(self.df, (self.effect + math.log1p(margin)) / self.se))

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Two-sided interval of the log ratio."""
        reach = float(stdtrit(self.df, 0.5 + confidence / 2)) * self.se
        return self.effect - reach, self.effect + reach

    def detectable(self, margin: float, level: float, power: float = 0.8) -> float:
        """Smallest slowdown (a ratio) seen with the given power by a one-sided test at ``level``.

        ``(1 + margin) exp((t_{1-level} + t_power) se) - 1``, the usual shifted-t approximation.

        References
        ----------
        Bloom, H. S. (1995). Minimum detectable effects. https://doi.org/10.1177/0193841X9501900504
        """
        reach = float(stdtrit(self.df, 1 - level)) + float(stdtrit(self.df, power))
        return (1 + margin) * math.exp(min(reach * self.se, 700.0)) - 1
