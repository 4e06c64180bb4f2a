"""Blocks as arrays: what the statistics work on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gate.record.endpoint import Block
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


def block_table(cells: Sequence[Sequence[Block]]) -> Floats:
    """Values of the blocks of several cells, shape ``(cells, metrics, blocks)``, padded with NaN."""
    longest = max((len(blocks) for blocks in cells), default=0)
    table = np.full((len(cells), 2, longest), np.nan)
    for row, blocks in enumerate(cells):
        for column, block in enumerate(blocks):
            table[row, :, column] = block_values(block)
    return table


def run_values(cells: Sequence[Sequence[Block]]) -> tuple[Floats, Floats]:
    """Location of the blocks of each cell (one endpoint in one run), and its squared standard error.

    Returns
    -------
    tuple of ndarray, shape (cells, metrics)
        NaN with fewer than three blocks that have a value.
    """
    table = block_table(cells)
    enough = np.isfinite(table).sum(axis=-1) >= MIN_BLOCKS
    fit = t_location(table)
    return np.where(enough, fit.centre, np.nan), np.where(enough, fit.variance, np.nan)
