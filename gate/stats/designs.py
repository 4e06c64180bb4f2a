"""How a check is laid out: stages, and how far a row must lie beyond its margin to stay a suspect.

The figures are not chosen here: ``constants.py`` holds them, written by the decision study.
"""

from __future__ import annotations

from dataclasses import dataclass

METRICS = ("p50", "p95")
"""Of every array over metrics: the centre of a block and its p95."""
MARGINS = {"duet": (0.01, 0.02), "stored": (0.02, 0.03)}
"""Ratio that a test has to rule out, by metric; the user's tolerance is a second condition."""


@dataclass(frozen=True)
class Stage:
    """Some rounds of blocks on whatever is left, then a look."""

    rounds: int
    """In all pairs of deployments of this part together."""
    keep: tuple[float, float]
    """Least score by metric with which a row stays suspected."""


@dataclass(frozen=True)
class DuetDesign:
    """Stages of a duet."""

    effort: str
    """How much it measures: short, quick or thorough."""
    first: tuple[Stage, ...]
    """On the first pairs of deployments; all blocks so far count."""
    fresh: tuple[Stage, ...]
    """On fresh deployments, whose blocks alone are looked at; empty where there are none."""
    first_pairs: int = 1
    fresh_pairs: int = 1
    suite_suspect: float = 1.8
    """Score of the whole suite from which all of it is measured on fresh deployments too."""
    suite_again: float = 0.8
    """Least score of the whole suite on the fresh deployments alone."""

    @property
    def name(self) -> str:
        """Such as ``quick 1+1``: the effort, and pairs of deployments at first and afresh."""
        return f"{self.effort} {self.first_pairs}+{self.fresh_pairs if self.fresh else 0}"


@dataclass(frozen=True)
class StoredDesign:
    """Runs of the candidate, each on a runner of its own, that are compared with stored ones."""

    name: str
    runs: int
    """That decide."""
    requests: int
    """Of each endpoint in each run."""
    suspected_share: float | None = None
    """One run before these only suspects: rows that score as no more than so many harmless pull requests have one that
    does. What it saw by luck is not counted against anybody. None where there is no such run."""
    others_requests: int | None = None
    """Then of every endpoint that is not suspected: enough to know what a runner does to all."""


@dataclass(frozen=True)
class Limits:
    """Scores from which a row blocks, in one situation."""

    endpoints: int
    """Calibrated with so many; good for fewer."""
    at: float
    """Duet: sigma_dep of the centre as believed, that of p95 being twice as large. Stored: number of stored runs."""
    scores: tuple[float, ...]
    """One for each of ``RATES``."""
