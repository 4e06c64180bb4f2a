"""A duet, look by look: which rows were suspected after each stage, and what decides those that were to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.record.blocks import pair_differences
from gate.record.run import Run
from gate.record.value import Arm
from gate.stats.beliefs import Beliefs
from gate.stats.constants import DUET_LIMITS
from gate.stats.designs import MARGINS, DuetDesign, Stage
from gate.stats.duet import PairFit, Pooled, fit_pair
from gate.stats.location import Floats
from gate.stats.looks import pooled_rows, pooled_suite, suite_score
from gate.verdict.shared import blocks_of
from gate.verdict.sittings import Course, Sitting

Mask = NDArray[np.bool_]

_MARGIN = np.array(MARGINS["duet"])
_MOST_FIXED = 4
"""Pairs without looks for which limits were computed; more count as so many."""


@dataclass(frozen=True)
class Walk:
    """Where every row came to; arrays of shape ``(endpoints, metrics)``."""

    rows: Pooled
    """Over everything that was measured of a row."""
    judged: Mask
    """All looks were taken and the row was suspected in each."""
    open: Mask
    """Suspected still, but the looks that would decide it were not taken."""
    level: Pooled
    """Of the suite as a whole, shape ``()``."""
    level_judged: bool
    level_open: bool
    blocks: NDArray[np.int64]
    """Pairs of blocks behind each row."""
    design: str
    """Whose limits hold."""


def walk(course: Course, names: Sequence[str], beliefs: Beliefs) -> Walk:
    """Take every look that was taken while measuring, in the same order."""
    tables = {id(sitting): _differences(sitting.run, names) for sitting in course.sittings}
    blocks = np.sum([np.isfinite(table).sum(axis=-1) for table in tables.values()], axis=0)
    first, fresh = course.part("first"), course.part("fresh")
    fits = _fits(first, tables, None)
    if course.design is None:
        rows, level = _pooled(fits, first, beliefs), _level(fits, first, beliefs)
        design = _limits(None, len(first), 0)
        return Walk(rows, np.isfinite(rows.effect), _none(rows), level, True, False, blocks, design)
    live, finished = _look_at_first(course.design, first, tables, beliefs)
    suite_live = _suite_score(_fits(first, tables, 1), first, beliefs) >= course.design.suite_suspect
    if not (course.design.fresh and fresh):
        rows, level = _pooled(fits, first, beliefs), _level(fits, first, beliefs)
        judged, open_ = (live, _none(rows)) if finished else (_none(rows), live)
        design = _limits(course.design, len(first), 0)
        return Walk(rows, judged, open_, level, True, False, blocks, design)
    priors = [fit.prior for fit in fits]
    still, lost, ended = _look_afresh(course.design, fresh, tables, beliefs, live, priors)
    again = _fits(fresh, tables, None, priors)
    both, sittings = [*fits, *again], [*first, *fresh]
    rows, level = _pooled(both, sittings, beliefs), _level(both, sittings, beliefs)
    alone = _suite_score(again, fresh, beliefs)
    unseen = bool(suite_live and not np.isfinite(alone))
    confirmed = bool(suite_live and alone >= course.design.suite_again)
    judged, open_ = (still, lost) if finished and ended else (_none(rows), still | lost)
    design = _limits(course.design, len(first), min(len(fresh), course.design.fresh_pairs))
    return Walk(rows, judged, open_, level, confirmed, unseen, blocks, design)


def _limits(design: DuetDesign | None, first: int, fresh: int) -> str:
    """Whose limits hold for so many pairs; those without looks, which ask for more, where none were computed."""
    name = f"{design.effort} {first}+{fresh}" if design is not None else ""
    return name if name in DUET_LIMITS else f"fixed {min(first + fresh, _MOST_FIXED)}"


def _look_at_first(
    design: DuetDesign, sittings: list[Sitting], tables: dict[int, Floats], beliefs: Beliefs
) -> tuple[Mask, bool]:
    """Rows that stayed suspected, and whether every look was taken."""
    live: Mask = np.ones(tables[id(sittings[0])].shape[:2], dtype=bool)
    for number, stage in enumerate(design.first, 1):
        if not live.any():
            return live, True
        if not all(len(sitting.rounds) >= number for sitting in sittings):
            return live, False
        live = live & ~_cleared(_pooled(_fits(sittings, tables, number), sittings, beliefs), stage)
    return live, True


def _look_afresh(
    design: DuetDesign,
    sittings: list[Sitting],
    tables: dict[int, Floats],
    beliefs: Beliefs,
    live: Mask,
    priors: list[Floats],
) -> tuple[Mask, Mask, bool]:
    """Rows that fresh deployments confirm so far, rows that those did not answer for, and whether all was seen."""
    lost = np.zeros(live.shape, dtype=bool)
    for number, stage in enumerate(design.fresh, 1):
        if not live.any():
            return live, lost, True
        if not all(len(sitting.rounds) >= number for sitting in sittings):
            return live, lost, False
        alone = _pooled(_fits(sittings, tables, number, priors), sittings, beliefs)
        lost = lost | (live & ~np.isfinite(alone.effect))
        live = live & _suspected(alone, stage)
    return live, lost, True


def _cleared(rows: Pooled, stage: Stage) -> Mask:
    """Shown to be no suspect; a row that was not measured enough for a score is not."""
    return np.asarray(rows.z(_MARGIN) < np.array(stage.keep))


def _suspected(rows: Pooled, stage: Stage) -> Mask:
    return np.asarray(rows.z(_MARGIN) >= np.array(stage.keep))


def _fits(
    sittings: list[Sitting], tables: dict[int, Floats], stages: int | None, priors: list[Floats] | None = None
) -> list[PairFit]:
    """What each run says after so many stages, or after all of them."""
    found = []
    for number, sitting in enumerate(sittings):
        table = tables[id(sitting)]
        rounds = table.shape[-1] if stages is None else sum(sitting.rounds[:stages])
        prior = priors[number % len(priors)] if priors else None
        found.append(fit_pair(table[..., :rounds], prior))
    return found


def _pooled(fits: list[PairFit], sittings: list[Sitting], beliefs: Beliefs) -> Pooled:
    return pooled_rows(fits, [sitting.deployed for sitting in sittings], beliefs)


def _level(fits: list[PairFit], sittings: list[Sitting], beliefs: Beliefs) -> Pooled:
    return pooled_suite(fits, [sitting.deployed for sitting in sittings], beliefs)


def _suite_score(fits: list[PairFit], sittings: list[Sitting], beliefs: Beliefs) -> float:
    return suite_score(fits, [sitting.deployed for sitting in sittings], beliefs)


def _differences(run: Run, names: Sequence[str]) -> Floats:
    arms: tuple[Arm, Arm] = ("candidate", "base")
    candidate, base = ({name: blocks_of(run, name, arm) for name in names} for arm in arms)
    return pair_differences(candidate, base, names)


def _none(rows: Pooled) -> Mask:
    return np.zeros(rows.effect.shape, dtype=bool)
