"""Blocks as arrays: what the statistics work on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gate.record.run import Block
from gate.stats.location import Floats, t_location

MIN_BLOCKS = 3
"""Fewer blocks say nothing about their own spread."""

_LEAST_SHARE = 0.5
"""Blocks with fewer answers as expected than this have no latency worth comparing."""


def block_values(block: Block) -> tuple[float, float]:
    """Log latency of a block, centre and p95; NaN where too few of its answers were as expected."""
    if block.spoiled or not block.n >= _LEAST_SHARE * block.planned:
        return math.nan, math.nan
    return _known(block.log_trimmed_mean), _known(block.log_p95)


def pair_differences(
    candidate: Mapping[str, Sequence[Block]], base: Mapping[str, Sequence[Block]], names: Sequence[str]
) -> Floats:
    """Candidate minus base, block by block of the same round.

    Parameters
    ----------
    candidate, base : mapping
        Blocks of each arm by endpoint; an endpoint may be missing, and a round too.
    names : sequence of str
        Endpoints, in the order of the result.

    Returns
    -------
    ndarray, shape (endpoints, metrics, rounds)
        Rounds in order, from zero to the last that either arm has; NaN where an arm has no value.
    """
    sides = (candidate, base)
    last = max((block.round for side in sides for blocks in side.values() for block in blocks), default=-1)
    tables = np.full((2, len(names), 2, last + 1), np.nan)
    for table, side in zip(tables, sides, strict=True):
        for row, name in enumerate(names):
            for block in side.get(name, ()):
                table[row, :, block.round] = block_values(block)
    return np.asarray(tables[0] - tables[1])


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def run_values(blocks: Sequence[Block]) -> tuple[Floats, Floats]:
    """Location of one endpoint's blocks in one run, and its squared standard error; each of shape ``(metrics,)``.

    NaN with fewer than three blocks that have a value.
    """
    values = np.array([block_values(block) for block in blocks], dtype=np.float64).reshape(-1, 2).T
    enough = np.isfinite(values).sum(axis=-1) >= MIN_BLOCKS
    if not enough.any():
        return np.full(2, np.nan), np.full(2, np.nan)
    fit = t_location(values)
    return np.where(enough, fit.centre, np.nan), np.where(enough, fit.variance, np.nan)
