"""Changes of latency between baseline and candidate, as findings that wait for their adjusted p."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gate.baseline.history import history_of
from gate.baseline.select import comparable
from gate.baseline.windows import in_window, window_notices
from gate.config.suite import Suite
from gate.record.run import Arm, ArmRecord, Block, Notice, Run
from gate.stats.duet import MIN_BLOCKS, common_shift, duet_shift, pooled_block_variance
from gate.stats.location import t_location
from gate.stats.shift import Shift
from gate.stats.stored import FEW_RUNS, SharedFactor, compare_stored

METRICS = ("p50", "p95")
MARGINS = {"duet": {"p50": 0.01, "p95": 0.02}, "stored": {"p50": 0.02, "p95": 0.03}}
"""Ratio that a test has to rule out; the user's tolerance is a second condition on the estimate."""
SIGMA_DEP = {True: {"p50": 0.015, "p95": 0.03}, False: {"p50": 0.05, "p95": 0.08}}
"""How much one deployment differs from the next until it is learnt: both arms on one host, or not."""
_HALF = 0.5
"""With one or two stored runs only such a change may block."""
_LEAST_SHARE = 0.5
"""Blocks with fewer answers as expected than this have no latency worth comparing."""

FloatArray = NDArray[np.float64]
_COMMON_SHARE = 0.75
_OTHER_HOST = Notice(
    code="different-environment",
    message="most endpoints moved by the same factor: base and preview may run in different environments",
    cure="deploy base and preview alike; how the two hosts differ is not learnt in this version",
)
_BEYOND = Notice(
    code="beyond-the-shared",
    message="most endpoints moved by the same factor, which may be the hosts' own; this change is what lies beyond it",
)
_MANY_MOVED = Notice(
    code="ambiguous-factor",
    message="so many endpoints moved against each other that it is open which of them moved; judged without taking out"
    " what all share",
    cure="give a base deployment (preview.base) to measure side by side",
)


@dataclass(frozen=True)
class Change:
    """One latency metric of one endpoint, measured on both sides."""

    endpoint: str
    metric: str
    baseline_s: float | None
    candidate_s: float | None
    shift: Shift | None
    margin: float
    tolerance: float
    notices: list[Notice] = field(default_factory=list)
    doubt: Notice | None = None
    """Why this row is inconclusive whatever its test says: something else may have moved it."""


@dataclass(frozen=True)
class Changes:
    """All latency metrics of a pull request."""

    rows: tuple[Change, ...]
    factors: dict[str, SharedFactor]
    """By metric, where what all endpoints share was taken out."""


def duet_changes(suite: Suite, runs: tuple[Run, ...]) -> Changes:
    """Compare the arms of one or several duets, block by block."""
    rows = []
    for metric in METRICS:
        differences = {name: _block_differences(runs, name, metric) for name in suite.endpoints}
        prior = pooled_block_variance(list(differences.values()))
        sigma_dep = SIGMA_DEP[all(run.one_host for run in runs)][metric]
        for name, d in differences.items():
            base, candidate = _pooled_value(runs, name, "base", metric), _pooled_value(runs, name, "candidate", metric)
            shift = duet_shift(d, sigma_dep, len(runs), prior)
            margin, tolerance = MARGINS["duet"][metric], suite.tolerance_of(name, metric)
            rows.append(Change(name, metric, _exp(base), _exp(candidate), shift, margin, tolerance))
    if all(run.one_host for run in runs):
        return Changes(tuple(rows), {})
    return _doubt_common_shift(rows, len(runs))


def _doubt_common_shift(rows: list[Change], pairs: int) -> Changes:
    """On two hosts, doubt a shift that most endpoints share: it may be the hosts' own, so it only is told.

    Endpoints that do not share it are judged by how far they lie from it, or the host's own shift would be theirs.
    """
    factors: dict[str, SharedFactor] = {}
    doubted = list(rows)
    for metric in METRICS:
        shifts = {i: row.shift for i, row in enumerate(rows) if row.metric == metric and row.shift is not None}
        common = common_shift(list(shifts.values()), SIGMA_DEP[False][metric], pairs)
        if common is None:
            continue
        share = {i for i, shift in shifts.items() if abs(shift.effect - common.effect) <= _near(shift, metric)}
        is_common = len(share) >= _COMMON_SHARE * len(shifts)
        factors[metric] = SharedFactor(common, frozenset(share) if is_common else frozenset())
        is_large = abs(math.expm1(common.effect)) > min(rows[i].tolerance for i in shifts)
        for i, shift in shifts.items() if is_common and is_large else ():
            if i in share:
                doubted[i] = replace(rows[i], doubt=_OTHER_HOST)
            else:
                doubted[i] = replace(rows[i], shift=_beyond(shift, common), notices=[*rows[i].notices, _BEYOND])
    return Changes(tuple(doubted), factors)


def _beyond(shift: Shift, common: Shift) -> Shift:
    """The change of one endpoint less the one that most share."""
    blocks = math.hypot(shift.se_parts["blocks"], common.se_parts["blocks"])
    deployments = shift.se_parts["deployments"]
    return replace(
        shift,
        effect=shift.effect - common.effect,
        se=math.hypot(blocks, deployments),
        se_parts={"blocks": blocks, "deployments": deployments},
        test=f"{shift.test}, less the median over endpoints",
    )


def _near(shift: Shift, metric: str) -> float:
    return 2 * shift.se_parts["blocks"] + math.log1p(MARGINS["duet"][metric])


def stored_changes(suite: Suite, runs: tuple[Run, ...], baselines: tuple[Run, ...]) -> Changes:
    """Compare candidate runs with stored ones, all endpoints at once."""
    rows: list[Change] = []
    factors: dict[str, SharedFactor] = {}
    names = list(suite.endpoints)
    history = history_of(baselines, {name: record.config_hash for name, record in runs[0].endpoints.items()})
    for metric in METRICS:
        old = np.array([[_comparable_value(run, runs[0], name, metric) for run in baselines] for name in names])
        old = np.where(in_window(history, names, metric), old, np.nan)
        new = np.array([[_run_value(run, name, "candidate", metric) for run in runs] for name in names])
        result = compare_stored(old, new, metric)
        if result.factor is not None:
            factors[metric] = result.factor
        for index, name in enumerate(names):
            row = _stored_change(
                suite, name, metric, old[index], new[index], result.shifts[index], result.factor, index
            )
            rows.append(replace(row, notices=[*row.notices, *window_notices(history, name, metric)]))
    return Changes(tuple(rows), factors)


def _stored_change(
    suite: Suite,
    name: str,
    metric: str,
    old: FloatArray,
    new: FloatArray,
    shift: Shift | None,
    factor: SharedFactor | None,
    index: int,
) -> Change:
    tolerance, notices = suite.tolerance_of(name, metric), []
    if shift is not None and shift.n < FEW_RUNS:
        tolerance = max(tolerance, _HALF)
        notices.append(
            Notice(
                code="few-baselines",
                message=f"{shift.n} comparable stored run(s): only a change of half or more can block",
                cure="refresh on main until ten runs are stored",
            )
        )
    if factor is not None and index in factor.ambiguous:
        notices.append(_MANY_MOVED)
    old, new = old[np.isfinite(old)], new[np.isfinite(new)]
    return Change(
        endpoint=name,
        metric=metric,
        baseline_s=_exp(float(np.median(old))) if len(old) else None,
        candidate_s=_exp(float(np.mean(new))) if len(new) else None,
        shift=shift,
        margin=MARGINS["stored"][metric],
        tolerance=tolerance,
        notices=notices,
    )


def _arm(run: Run, name: str, arm: Arm) -> ArmRecord | None:
    record = run.endpoints.get(name)
    return record.arms.get(arm) if record is not None else None


def _block_value(block: Block, metric: str) -> float:
    """Log latency of a block, NaN where too few of its answers were as expected."""
    value = block.log_trimmed_mean if metric == "p50" else block.log_p95
    return math.nan if value is None or block.spoiled or block.n < _LEAST_SHARE * block.planned else value


def _block_values(record: ArmRecord | None, metric: str) -> FloatArray:
    values = np.array([_block_value(block, metric) for block in record.blocks] if record else [], dtype=np.float64)
    return values[np.isfinite(values)]


def has_latency(run: Run, name: str) -> bool:
    """Whether a run can serve as a baseline of an endpoint's latency."""
    return all(math.isfinite(_run_value(run, name, "candidate", metric)) for metric in METRICS)


def _run_value(run: Run, name: str, arm: Arm, metric: str) -> float:
    """Location of a run's blocks, NaN with fewer than three."""
    values = _block_values(_arm(run, name, arm), metric)
    return t_location(values).centre if len(values) >= MIN_BLOCKS else math.nan


def _comparable_value(run: Run, candidate: Run, name: str, metric: str) -> float:
    record = candidate.endpoints.get(name)
    if record is None or not comparable(run, name, record.config_hash):
        return math.nan
    return _run_value(run, name, "candidate", metric)


def _pooled_value(runs: tuple[Run, ...], name: str, arm: Arm, metric: str) -> float:
    values = np.concatenate([_block_values(_arm(run, name, arm), metric) for run in runs])
    return t_location(values).centre if len(values) >= MIN_BLOCKS else math.nan


def _block_differences(runs: tuple[Run, ...], name: str, metric: str) -> FloatArray:
    """Preview minus base for each round that both arms measured."""
    differences = []
    for run in runs:
        base, candidate = _arm(run, name, "base"), _arm(run, name, "candidate")
        if base is None or candidate is None:
            continue
        by_round = {block.round: _block_value(block, metric) for block in base.blocks}
        differences += [
            _block_value(block, metric) - by_round[block.round] for block in candidate.blocks if block.round in by_round
        ]
    values = np.array(differences, dtype=np.float64)
    return values[np.isfinite(values)]


def _exp(value: float) -> float | None:
    return math.exp(value) if math.isfinite(value) else None
