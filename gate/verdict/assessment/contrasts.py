"""Endpoints that the suite puts beside another one: what a cache saves, what a filter costs. Pure; judges nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gate.config.suite import Suite
from gate.record.blocks import block_values
from gate.record.run import Run
from gate.stats.contrast import contrast
from gate.verdict.assessment.figures import records_of
from gate.verdict.loaded import Contrast


def contrasts(suite: Suite, runs: Sequence[Run]) -> Iterator[Contrast]:
    """Of every endpoint with ``against``: its blocks beside those of the other one, in the same rounds."""
    for name, endpoint in suite.endpoints.items():
        if endpoint.against is None:
            continue
        own, other = _typical_s(runs, name), _typical_s(runs, endpoint.against)
        rounds = sorted(own.keys() & other.keys())
        found = contrast([own[turn] for turn in rounds], [other[turn] for turn in rounds])
        yield Contrast(
            endpoint=name,
            against=endpoint.against,
            pairs=len(rounds),
            difference_s=found.difference_s if found else None,
            lo_s=found.lo_s if found else None,
            hi_s=found.hi_s if found else None,
            factor=found.factor if found else None,
            factor_lo=found.factor_lo if found else None,
            factor_hi=found.factor_hi if found else None,
        )


def _typical_s(runs: Sequence[Run], name: str) -> dict[tuple[int, int], float]:
    """Time of a typical answer of each block that has one, by run and round."""
    found = {
        (number, block.round): block_values(block)[0]
        for number, run in enumerate(runs)
        for record in records_of([run], name)
        for block in record.blocks
    }
    return {turn: math.exp(value) for turn, value in found.items() if math.isfinite(value)}
