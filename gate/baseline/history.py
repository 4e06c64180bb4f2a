"""How each row developed over stored runs: where its level changed, and from which run on stored values compare.

Pure. A row's series are its values in runs of one environment class that measured the endpoint as the newest does,
with what all endpoints of a run share taken out; the shared part is a series of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gate.baseline.select import comparable
from gate.baseline.series import Series, common_variance, levels_of, series_of
from gate.record.blocks import run_values
from gate.record.endpoint import Block
from gate.record.run import AcceptedChange, Environment, Run
from gate.stats.designs import METRICS
from gate.stats.shared import separate

APPLICATION = "*"
"""The endpoint of the series that all endpoints share."""


@dataclass(frozen=True)
class History:
    """Stored runs of one environment class, oldest first, and the series of every row in them."""

    runs: tuple[Run, ...]
    series: Mapping[tuple[str, str], Series] = field(default_factory=dict)
    """By endpoint and metric. A row that no run measured has none."""
    shared: frozenset[str] = frozenset()
    """Metrics of which the shared part was taken out."""


def by_environment(runs: Iterable[Run]) -> dict[Environment, tuple[Run, ...]]:
    """Runs of each environment class, in the order given; the class of the newest run last."""
    classes: dict[Environment, tuple[Run, ...]] = {}
    for run in runs:
        classes[run.environment] = (*classes.pop(run.environment, ()), run)
    return classes


def history_of(runs: Sequence[Run], hashes: Mapping[str, str] | None = None) -> History:
    """The history of every row in runs of one environment class.

    Parameters
    ----------
    runs : sequence of Run
        Oldest first. Runs that were not measured completely keep their index and give no value.
    hashes : mapping of str to str, optional
        The config hash that makes an endpoint's values comparable, by endpoint: those of a candidate. By default those
        of the newest sound run.

    Raises
    ------
    ValueError
        If the runs are of several environment classes: their values do not form one series.
    """
    if len({run.environment for run in runs}) > 1:
        raise ValueError("a history is of one environment class")
    hashes = _newest_hashes(runs) if hashes is None else hashes
    series: dict[tuple[str, str], Series] = {}
    shared: set[str] = set()
    table = _table(runs, hashes)
    for metric, values in zip(METRICS, table, strict=True):
        accepted = [_accepted(runs, name, metric) for name in hashes]
        separated = separate(values, levels_of)
        prior = common_variance(separated.own)
        for name, row, meant in zip(hashes, separated.own, accepted, strict=True):
            found = series_of(name, metric, row, prior, meant)
            if found is not None:
                series[name, metric] = found
        if separated.shared is not None:
            shared.add(metric)
            meant = _accepted(runs, APPLICATION, metric)
            whole = series_of(APPLICATION, metric, separated.shared, None, meant)
            if whole is not None:
                series[APPLICATION, metric] = whole
    return History(tuple(runs), series, frozenset(shared))


def _newest_hashes(runs: Sequence[Run]) -> dict[str, str]:
    newest = next((run for run in reversed(runs) if is_sound(run)), None)
    return {name: record.config_hash for name, record in newest.endpoints.items()} if newest is not None else {}


def is_sound(run: Run) -> bool:
    """Whether a run of main was measured completely; otherwise it keeps its place and gives no value."""
    return run.complete and not run.not_measured and run.calibration is None and run.spent is None


def _table(runs: Sequence[Run], hashes: Mapping[str, str]) -> NDArray[np.float64]:
    """Log values, shape ``(metrics, endpoints, runs)``; NaN where a run has none that is comparable."""
    cells = [_blocks(run, name, config_hash) for name, config_hash in hashes.items() for run in runs]
    values, _ = run_values(cells)
    return np.asarray(np.moveaxis(values.reshape(len(hashes), len(runs), len(METRICS)), -1, 0))


def _blocks(run: Run, endpoint: str, config_hash: str) -> Sequence[Block]:
    if not (is_sound(run) and comparable(run, endpoint, config_hash)):
        return []
    return run.endpoints[endpoint].arms["candidate"].blocks


def _accepted(runs: Sequence[Run], endpoint: str, metric: str) -> tuple[tuple[int, AcceptedChange], ...]:
    return tuple(
        (index, change)
        for index, run in enumerate(runs)
        for change in run.accepted
        if change.row == f"{run.suite}/{endpoint}/{metric}"
    )
