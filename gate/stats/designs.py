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
class StoredStage:
    """Some runs of the candidate, each on a runner of its own, then a look."""

    runs: int
    suspects_requests: int
    """Of each suspected endpoint in each run; in the first stage all are suspected."""
    others_requests: int
    """Of every other endpoint: enough to know what the runner does to all."""
    keep: tuple[float, float]
    """Least score by metric, over all runs so far, with which a row stays suspected."""


@dataclass(frozen=True)
class StoredDesign:
    """Stages of a comparison with stored runs."""

    name: str
    stages: tuple[StoredStage, ...]


@dataclass(frozen=True)
class Limits:
    """Scores from which a row blocks, in one situation."""

    endpoints: int
    """Calibrated with so many; good for fewer."""
    at: float
    """Duet: sigma_dep of the centre as believed, that of p95 being twice as large. Stored: number of stored runs."""
    scores: tuple[float, ...]
    """One for each of ``RATES``."""
