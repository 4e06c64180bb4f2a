"""How much stored runs vary: what a comparison that is yet to be made would have to see through. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gate.baseline.learnt import duet_differences, same_code_duets
from gate.baseline.select import comparable
from gate.config.suite import Suite
from gate.measure.hashes import endpoint_hash
from gate.measure.plan import compared
from gate.record.blocks import run_values
from gate.record.endpoint import Block
from gate.record.run import Run
from gate.stats.duet import fit_pair
from gate.stats.location import Floats, median
from gate.stats.stored import FACTOR_COST, Moved, StoredComparison, compare_stored

_ARMS = 2


@dataclass(frozen=True)
class StoredNoise:
    """Of the endpoints that are compared; arrays of shape ``(endpoints, metrics)`` unless said, natural logs."""

    names: list[str]
    latency_s: Floats
    """Typical latency; NaN where nothing comparable is stored."""
    pair_variance: Floats
    """Squared standard error of a change by one pair of blocks."""
    from_duets: bool
    """Whether pairs of blocks were seen; else runs of one arm stand in for them, which share less and vary more."""
    request_variance: Floats
    """Squared standard error of a run, times its requests."""
    requests: float
    """Typical number in a run, of one endpoint."""
    rows: Moved
    """A candidate like the typical stored run, against all of them."""
    removed: NDArray[np.bool_]
    """Shape ``(metrics,)``: what all endpoints of a run share would be taken out."""
    shown: Floats
    """What main itself has shown and a change has to exceed; minus infinity where nothing is stored."""
    runs: int
    """Stored runs that could be compared with."""
    runner_sd: Floats
    """Shape ``(metrics,)``: standard deviation of what all endpoints of a run share; assumed with fewer than three."""


def noise_of(suite: Suite, stored: Sequence[Run]) -> StoredNoise | None:
    """What stored runs like the newest say of noise; None if none of them can be compared.

    Parameters
    ----------
    stored : sequence of Run
        Oldest first.
    """
    sound = [run for run in stored if run.complete and not run.not_measured]
    names = list(compared(suite))
    if not sound or not names:
        return None
    newest = sound[-1]
    alike = [run for run in sound if run.environment == newest.environment]
    baselines = [run for run in alike if run.calibration is None][-suite.baselines.window :]
    # A calibration varies within itself like any other run, so it serves where there is nothing else.
    values, noise, counts = _table(suite, names, baselines or alike)
    if not np.isfinite(values).any():
        return None
    typical, usual = median(values), median(noise)
    found = compare_stored(values, typical[..., np.newaxis], noise, usual[..., np.newaxis])
    per_request = median(noise * counts)
    pairs = [_pair_variance(suite, run) for run in same_code_duets(alike, newest.environment, one_host=newest.one_host)]
    of_pairs = median(np.stack(pairs, axis=-1)) if pairs else np.full(typical.shape, np.nan)
    block = float(np.median([block.planned for run in alike for block in _blocks(run, names[0])] or [1]))
    return StoredNoise(
        names=names,
        latency_s=np.exp(typical),
        pair_variance=np.where(np.isfinite(of_pairs), of_pairs, _ARMS * per_request / block),
        from_duets=bool(np.isfinite(of_pairs).any()),
        request_variance=per_request,
        requests=float(np.nanmedian(np.where(counts > 0, counts, np.nan))),
        rows=replace(found.rows, candidate_variance=_of_one_run(found)),
        removed=found.removed,
        shown=found.shown,
        runs=len(baselines),
        runner_sd=np.sqrt(found.factor.candidate_variance),
    )


def _of_one_run(found: StoredComparison) -> Floats:
    """Variance of one ordinary run of the candidate: that of the stored centre, times the runs behind it.

    Not as compared: the typical run that stood for the candidate is calmer than any real one.
    """
    endpoints = np.maximum(np.isfinite(found.rows.effect).sum(axis=0), 1)
    shared = np.where(found.removed, FACTOR_COST / endpoints, 0.0)
    stored = np.where(found.runs > 0, found.rows.stored_variance, np.nan)
    return np.asarray(stored * found.runs * (1 + shared))


def _table(suite: Suite, names: Sequence[str], runs: Sequence[Run]) -> tuple[Floats, Floats, Floats]:
    """Values, squared errors and requests of each run, shape ``(endpoints, metrics, runs)``."""
    cells = [
        _blocks(run, name) if comparable(run, name, endpoint_hash(suite, name)) else []
        for name in names
        for run in runs
    ]
    shape = (len(names), len(runs), 2)
    values, noise = (np.swapaxes(found.reshape(shape), 1, 2) for found in run_values(cells))
    counts = np.array([sum(block.n for block in blocks) for blocks in cells], dtype=np.float64)
    requests = np.broadcast_to(counts.reshape(len(names), 1, len(runs)), values.shape)
    return values, noise, np.where(np.isfinite(values), requests, np.nan)


def _blocks(run: Run, name: str) -> Sequence[Block]:
    record = run.endpoints.get(name)
    return record.arms["candidate"].blocks if record is not None and "candidate" in record.arms else []


def _pair_variance(suite: Suite, run: Run) -> Floats:
    differences = duet_differences(suite, run)
    if not differences.shape[-1]:
        return np.full(differences.shape[:-1], np.nan)
    return np.asarray(fit_pair(differences).variance * np.isfinite(differences).sum(axis=-1))
