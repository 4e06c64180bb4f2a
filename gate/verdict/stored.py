"""Changes of latency between candidate runs and stored runs of main."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from gate.baseline.history import APPLICATION, History, history_of
from gate.baseline.select import comparable
from gate.baseline.windows import in_window, window_notices
from gate.config.suite import Suite
from gate.measure.plan import compared
from gate.record.blocks import run_values
from gate.record.run import Notice, Run
from gate.stats.designs import MARGINS, METRICS
from gate.stats.limits import stored_scores
from gate.stats.location import Floats
from gate.stats.shift import Shift
from gate.stats.stored import FEW_RUNS, Moved, StoredComparison, compare_stored
from gate.verdict.change import Change, Changes, SuiteChange
from gate.verdict.hosts import SUSPECTED_AT
from gate.verdict.shared import LATENCY_SHARE, blocks_of, detectable, limit_of, score_faster, score_slower, share_of

_DESIGNS = ("one", "two", "three")
"""By the number of the candidate's runs; more count as three."""
_HALF = 0.5
"""With one or two stored runs only such a change may block."""
_MANY_MOVED = Notice(
    code="ambiguous-factor",
    message="so many endpoints moved against each other that it is open which of them moved; judged without taking out"
    " what all share",
    cure="give a base deployment (preview.base) to measure side by side",
)
_SEEN_BEFORE = Notice(
    code="seen-on-main",
    message="a stored run of main was as slow without a reason, so one run cannot tell",
    cure="measure again on another runner and judge both runs, or give a base deployment (preview.base)",
)
_RELATIVE = "shared factor removed, Student-t location over runs, pooled variance"
_PLAIN = "prediction interval"
_OF_FACTOR = "prediction interval of the shared factor"


@dataclass(frozen=True)
class _Judge:
    """How a score becomes a share of harmless pull requests."""

    moved: Moved
    limit: float
    share: Callable[[float], float]
    design: str


def stored_changes(suite: Suite, runs: Sequence[Run], baselines: Sequence[Run]) -> Changes:
    """Compare candidate runs with stored ones, all endpoints at once."""
    names = compared(suite)
    if not names:
        return Changes((), ())
    new, new_noise = _table(names, runs, lambda _run, _name: True)
    old, old_noise = _table(names, baselines, lambda run, name: _is_comparable(run, runs[0], name))
    history = history_of(baselines, {name: record.config_hash for name, record in runs[0].endpoints.items()})
    old, old_noise = (np.where(in_window(history, names), values, np.nan) for values in (old, old_noise))
    found = compare_stored(old, new, old_noise, new_noise, in_window(history, [APPLICATION])[0])
    rows = [
        _with_window(history, _change(suite, found, old[place, metric], new[place, metric], name, place, metric))
        for metric in range(len(METRICS))
        for place, name in enumerate(names)
    ]
    factors = [_factor(suite, found, metric) for metric in range(len(METRICS))]
    return Changes(tuple(rows), tuple(factor for factor in factors if factor is not None))


def _with_window(history: History, change: Change) -> Change:
    """The change, saying since when its row is compared."""
    told = window_notices(history, change.endpoint, change.metric)
    return replace(change, notices=[*change.notices, *told])


def _table(names: Sequence[str], runs: Sequence[Run], counts: Callable[[Run, str], bool]) -> tuple[Floats, Floats]:
    """Values and their squared errors, shape ``(endpoints, metrics, runs)``, NaN where a run does not count."""
    cells = [blocks_of(run, name, "candidate") if counts(run, name) else [] for name in names for run in runs]
    shape = (len(names), len(runs), len(METRICS))
    values, noise = (np.swapaxes(found.reshape(shape), 1, 2) for found in run_values(cells))
    return values, noise


def _is_comparable(run: Run, candidate: Run, name: str) -> bool:
    record = candidate.endpoints.get(name)
    return record is not None and comparable(run, name, record.config_hash)


def _change(
    suite: Suite, found: StoredComparison, old: Floats, new: Floats, name: str, place: int, metric: int
) -> Change:
    margin, tolerance = MARGINS["stored"][metric], suite.tolerance_of(name, METRICS[metric])
    runs = int(found.runs[place, metric])
    is_relative = bool(found.removed[metric] and not found.ambiguous[place, metric])
    shift = _shift(found.rows, (place, metric), runs, _RELATIVE if is_relative else _PLAIN)
    is_few = shift is not None and runs < FEW_RUNS
    tolerance = max(tolerance, _HALF) if is_few else tolerance
    is_beyond = shift is not None and (is_few or shift.effect > float(found.highest[place, metric]))
    baseline_s = _median_s(old) if runs else None
    judges = _judges(suite, found, (place, metric))
    judge = judges[0]
    score = score_slower(shift, margin) if shift is not None else math.nan
    share = _share(judges, (place, metric), lambda moved: score_slower(moved, margin))
    told = {
        _few(runs): is_few,
        _MANY_MOVED: bool(found.ambiguous[place, metric]),
        _SEEN_BEFORE: share <= suite.policy.false_block_rate and not is_beyond,
    }
    least = max(tolerance, suite.policy.absolute_floor_s / baseline_s) if baseline_s else tolerance
    return Change(
        endpoint=name,
        metric=METRICS[metric],
        baseline_s=baseline_s,
        candidate_s=_mean_s(new),
        shift=shift,
        margin=margin,
        tolerance=tolerance,
        score=score,
        limit=judge.limit,
        share=share if is_beyond else 1.0,
        share_faster=_share(judges, (place, metric), lambda moved: score_faster(moved, margin)),
        detectable=detectable(shift, margin, judge.limit, least) if shift is not None else math.inf,
        design=judge.design,
        notices=[notice for notice, holds in told.items() if holds],
    )


def _judges(suite: Suite, found: StoredComparison, place: tuple[int, int]) -> tuple[_Judge, ...]:
    """What a row has to pass, the one that is shown first.

    Limits computed for so many stored runs; where nothing was removed, a plain interval for all rows together. Where
    the factor is ambiguous both: against the factor, and that it is not the others that moved. What all rows of a
    metric have in common in the latter is the runner, so that is one test a metric.
    """
    rate, metric = suite.policy.false_block_rate, place[1]
    if not found.removed[metric]:
        return (_plain(found.rows, rate, max(1, int(np.isfinite(found.rows.effect).sum()))),)
    endpoints = int(np.isfinite(found.rows.effect[:, metric]).sum())
    runs, candidates = int(found.runs[place]), int(found.candidates[place])
    name = _DESIGNS[min(candidates, len(_DESIGNS)) - 1] if candidates else _DESIGNS[0]
    scores = stored_scores(name, endpoints, runs)
    limit, design = limit_of(rate, scores), f"stored {name}, {runs} runs"
    relative = _Judge(found.relative, limit, lambda score: share_of(score, scores), design)
    return (_plain(found.rows, rate, len(METRICS)), relative) if found.ambiguous[place] else (relative,)


def _plain(moved: Moved, rate: float, tests: int) -> _Judge:
    limit = float(-ndtri(rate * LATENCY_SHARE / tests))
    return _Judge(moved, limit, lambda score: min(1.0, tests * float(ndtr(-score)) / LATENCY_SHARE), "stored plain")


def _share(judges: Sequence[_Judge], place: tuple[int, int], score_of: Callable[[Shift], float]) -> float:
    """The largest share: a row has to pass every judge."""
    shifts = [_shift(judge.moved, place, 0, "") for judge in judges]
    return max(
        judge.share(score_of(shift)) if shift is not None else 1.0 for judge, shift in zip(judges, shifts, strict=True)
    )


def _few(runs: int) -> Notice:
    return Notice(
        code="few-baselines",
        message=f"{runs} comparable stored run(s): only a change of half or more can block",
        cure="refresh on main until ten runs are stored",
    )


def _factor(suite: Suite, found: StoredComparison, metric: int) -> SuiteChange | None:
    """What all endpoints share, where it was taken out; only a suspicion can come of it, for the runner is in it."""
    if not found.removed[metric]:
        return None
    runs = int(found.factor_runs[metric])
    shift = _shift(found.factor, (metric,), runs, _OF_FACTOR + ("" if runs >= FEW_RUNS else ", assumed spread"))
    if shift is None:
        return None
    tolerance = suite.tolerance_of_all(METRICS[metric])
    return SuiteChange(
        metric=METRICS[metric],
        shift=shift,
        margin=tolerance,
        share=shift.p_slower(tolerance),
        limit=math.nan,
        proves=False,
        detectable=shift.detectable(tolerance, SUSPECTED_AT),
    )


def _shift(moved: Moved, place: tuple[int, ...], runs: int, test: str) -> Shift | None:
    effect = float(moved.effect[place])
    if not math.isfinite(effect):
        return None
    candidate, stored = float(moved.candidate_variance[place]), float(moved.stored_variance[place])
    return Shift(
        effect=effect,
        se=math.sqrt(candidate + stored),
        se_parts={"candidate runs": math.sqrt(candidate), "stored runs": math.sqrt(stored)},
        df=float(moved.df[place]),
        test=test,
        n=runs,
    )


def _median_s(values: Floats) -> float:
    return math.exp(float(np.nanmedian(values)))


def _mean_s(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return math.exp(float(np.mean(known))) if len(known) else None
