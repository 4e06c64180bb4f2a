"""Whether anything is counted, and whether sums are served: both only when asked for."""

from __future__ import annotations

import os

SWITCH = "GATE_INSTRUMENT"
METRICS_SWITCH = "GATE_INSTRUMENT_METRICS"
METRICS_PATH = "/gate-instrument/metrics"


def is_on(on: bool | None = None) -> bool:
    """Whether to count; without a word in code the environment says so, by ``1`` and nothing else."""
    return os.environ.get(SWITCH) == "1" if on is None else on


def serves_metrics(metrics: bool | None = None) -> bool:
    """Whether to answer at ``METRICS_PATH``; whoever may ask the application anything may then read it."""
    return os.environ.get(METRICS_SWITCH) == "1" if metrics is None else metrics
