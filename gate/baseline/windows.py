"""From which run on stored values may be compared: after the last change of their row, found or accepted. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gate.baseline.history import History
from gate.baseline.series import Series
from gate.record.value import Notice
from gate.stats.changepoints import LEAST_AFTER
from gate.stats.designs import METRICS
from gate.units import format_ratio


def window_start(history: History, endpoint: str, metric: str) -> int:
    """Index of the run from which on a row's stored values may be compared: after its last change, found or accepted.

    A change that was found counts once three runs lie at the new level (``gate.stats.changepoints.LEAST_AFTER``): with
    fewer two bad runs would throw a sound window away. Until then it is told. An accepted change counts at once. 0 for
    a row without a series.
    """
    series = history.series.get((endpoint, metric))
    return series.window_start if series is not None else 0


def in_window(history: History, endpoints: Sequence[str]) -> NDArray[np.bool_]:
    """Which values may be compared, shape ``(endpoints, metrics, runs)``."""
    starts = np.array([[window_start(history, name, metric) for metric in METRICS] for name in endpoints])
    starts = starts.reshape(len(endpoints), len(METRICS), 1)
    return np.asarray(np.arange(len(history.runs)) >= starts)


def window_notices(history: History, endpoint: str, metric: str) -> tuple[Notice, ...]:
    """What a reader of a comparison with this history should know of a row's window."""
    series = history.series.get((endpoint, metric))
    if series is None:
        return ()
    told = []
    if series.window_start > 0:
        told.append(
            Notice(
                code="new-level",
                message=f"compared with the {len(series.current)} stored run(s) since {_since(history, series)}",
            )
        )
    if series.unsettled is not None:
        off = format_ratio(math.expm1(series.unsettled), signed=True)
        told.append(
            Notice(
                code="level-unsettled",
                message=f"the newest {LEAST_AFTER - 1} stored runs lie {off} off the level that is compared with",
                cure=f"{LEAST_AFTER} runs make a new level: refresh once more, or accept the change on main",
            )
        )
    return tuple(told)


def _since(history: History, series: Series) -> str:
    """When the window began and by what."""
    run = history.runs[series.window_start]
    day = run.created[:10]
    meant = next((change for index, change in series.accepted if index == series.window_start), None)
    if meant is not None:
        return f"{day}, when a change was accepted: {meant.reason}"
    size = next(change.size for change in series.changes if change.run == series.window_start)
    return f"{day}, when main changed by {format_ratio(math.expm1(size.effect), signed=True)}"
