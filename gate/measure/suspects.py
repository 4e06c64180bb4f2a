"""What is still suspected after each stage of a duet, given the blocks that were measured. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gate.stats.beliefs import Beliefs
from gate.stats.designs import DuetDesign, Stage
from gate.stats.duet import Deployed, PairFit, fit_pair
from gate.stats.location import Floats
from gate.stats.looks import row_scores, suite_score

Part = Literal["first", "fresh"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """Blocks of the pairs of one part, and how many rounds of each pair belong to each stage."""

    tables: tuple[Floats, ...]
    """One for each pair, shape ``(endpoints, metrics, rounds)``: log latency of the candidate less that of the base."""
    rounds: tuple[tuple[int, ...], ...]
    """By stage, then by pair."""

    def until(self, stage: int) -> list[Floats]:
        """Tables up to the end of a stage, which counts from zero."""
        done = [sum(rounds) for rounds in zip(*self.rounds[: stage + 1], strict=True)]
        return [table[..., :count] for table, count in zip(self.tables, done, strict=True)]


class Looks:
    """The looks of a duet, one after the other; what one of them cleared is never suspected again.

    Parameters
    ----------
    watched : ndarray, shape (endpoints,)
        Endpoints that may block: no other is measured again.
    """

    def __init__(
        self,
        design: DuetDesign,
        beliefs: Beliefs,
        first: Sequence[Deployed],
        fresh: Sequence[Deployed],
        watched: Mask,
    ) -> None:
        self._design = design
        self._beliefs = beliefs
        self._deployed: dict[Part, Sequence[Deployed]] = {"first": first, "fresh": fresh}
        self._priors: list[Floats] = []
        self._watched = watched
        self.rows: Mask = np.ones(beliefs.sigma_dep.shape, dtype=bool)
        """Rows that are suspected, shape ``(endpoints, metrics)``; before the first look all of them."""
        self.suite = False
        """Whether the suite as a whole is."""

    @property
    def endpoints(self) -> Mask:
        """Endpoints with a suspected row, shape ``(endpoints,)``."""
        return np.asarray(self.rows.any(axis=-1))

    def after(self, part: Part, number: int, seen: Seen) -> None:
        """Look after stage ``number`` of a part; a row that it did not measure is not suspected, it is unmeasured."""
        priors = self._priors if part == "fresh" else []
        fits = fits_of(seen.until(number), priors)
        stages = self._design.first if part == "first" else self._design.fresh
        scores = row_scores(fits, self._deployed[part], self._beliefs)
        self.rows = self.rows & _reaches(scores, stages[number]) & self._watched[:, np.newaxis]
        if part == "first":
            self._priors = [fit.prior for fit in fits]
            if number == 0 and self._watched.any():
                self.suite = suite_score(fits, self._deployed[part], self._beliefs) >= self._design.suite_suspect


def fits_of(tables: Sequence[Floats], priors: Sequence[Floats]) -> list[PairFit]:
    """What each pair says; fresh pairs draw their few suspects towards the spread that the first pairs showed."""
    return [fit_pair(table, priors[number % len(priors)] if priors else None) for number, table in enumerate(tables)]


def _reaches(scores: Floats, stage: Stage) -> Mask:
    return np.asarray(scores >= np.array(stage.keep))  # NaN reaches nothing
