"""What one run says about one row: the location of its blocks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gate.record.run import Arm, Block, Run
from gate.stats.location import t_location

METRICS = ("p50", "p95")
"""Of latency. The row ``p50`` is the 10 %-trimmed mean of log latency, which estimates the same centre."""
LEAST_BLOCKS = 3
"""Fewer blocks are no measurement of an endpoint."""
LEAST_SHARE = 0.5
"""Blocks with fewer answers as expected than this have no latency worth comparing."""


def run_value(run: Run, endpoint: str, metric: str, arm: Arm = "candidate") -> float:
    """Natural log of seconds; NaN if the run has fewer than three usable blocks of the endpoint."""
    record = run.endpoints.get(endpoint)
    if record is None or arm not in record.arms:
        return math.nan
    values = np.array([block_value(block, metric) for block in record.arms[arm].blocks], dtype=np.float64)
    usable = values[np.isfinite(values)]
    return float(t_location(usable).centre) if len(usable) >= LEAST_BLOCKS else math.nan


def block_value(block: Block, metric: str) -> float:
    """Natural log of seconds; NaN where too few answers were as expected or the generator was late."""
    value = block.log_trimmed_mean if metric == "p50" else block.log_p95
    return math.nan if value is None or block.spoiled or block.n < LEAST_SHARE * block.planned else value


def block_differences(run: Run, endpoint: str, metric: str) -> NDArray[np.float64]:
    """Candidate minus base, natural log, for each round that both arms of a duet measured."""
    record = run.endpoints.get(endpoint)
    if record is None or len(record.arms) < 2:
        return np.array([])
    base = {block.round: block_value(block, metric) for block in record.arms["base"].blocks}
    differences = np.array(
        [
            block_value(block, metric) - base[block.round]
            for block in record.arms["candidate"].blocks
            if block.round in base
        ],
        dtype=np.float64,
    )
    return np.asarray(differences[np.isfinite(differences)])
