"""One row compared with stored runs: by which limits it is judged, and what else has to hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gate.config.suite import Suite
from gate.record.value import Notice
from gate.stats.constants import STORED
from gate.stats.designs import MARGINS, METRICS, StoredDesign
from gate.stats.limits import limit_at, stored_scores
from gate.stats.location import Floats
from gate.stats.shift import Shift
from gate.stats.special import ndtr, ndtri
from gate.stats.stored import FEW_RUNS, Moved, StoredComparison
from gate.verdict.change import Change
from gate.verdict.shared import LATENCY_SHARE, detectable, limit_of, score_faster, score_slower, share_of

CONFIRM = next(design for design in STORED if design.suspected_share is not None)
"""The usual design in which one run only suspects; where a suite names none, runs that go on from another follow it."""
_BY_COUNT = ("one", "two", "three")
"""Designs by the number of the candidate's runs; more count as three."""
_HALF = 0.5
"""With one or two stored runs only such a change may block."""
_BOTH_CHANCES = math.sqrt(0.8)
"""Of passing each of two looks to pass both four times in five; the second sees more, so this is cautious."""
_MANY_MOVED = Notice(
    code="ambiguous-factor",
    message="so many endpoints moved against each other that it is open which of them moved; judged without taking out"
    " what all share",
    cure="give a base deployment (preview.base) to measure side by side",
)
_SEEN_BEFORE = Notice(
    code="seen-on-main",
    message="main was as slow without a reason, in one of its five newest stored runs or in two of all",
    cure="measure again when main has more runs, or give a base deployment (preview.base)",
)
_RELATIVE = "shared factor removed, Student-t location over runs, pooled variance"
_PLAIN = "prediction interval"


@dataclass(frozen=True)
class Look:
    """Runs of the candidate beside stored ones, all endpoints at once."""

    names: tuple[str, ...]
    old: Floats
    """Natural logs of seconds, shape ``(endpoints, metrics, runs)``, as the two below."""
    new: Floats
    found: StoredComparison
    confirm: StoredDesign | None = None
    """By which one run suspects and others decide; None where all of them decide."""
    suspects: int | None = None
    """Rows that these runs are to confirm or clear; None where they are the first to be looked at."""

    @property
    def share(self) -> float:
        """Share of harmless pull requests that may have a row that is suspected."""
        return (self.confirm or CONFIRM).suspected_share or 0.0

    @property
    def chance(self) -> float:
        """With which this look has to be passed for a slowdown to be caught four times in five."""
        return _BOTH_CHANCES if self.only_suspects else 0.8

    @property
    def only_suspects(self) -> bool:
        """Whether what these runs show is for others to decide."""
        return self.confirm is not None and self.suspects is None


@dataclass(frozen=True)
class _Judge:
    """How a score becomes a share of harmless pull requests."""

    moved: Moved
    limit: float
    share: Callable[[float], float]
    design: str


def confirming_design(suite: Suite) -> StoredDesign | None:
    """The design by which one run only suspects, if the suite asks for one."""
    return next((design for design in STORED if design.name == suite.policy.on_suspect), None)


def change_of(suite: Suite, look: Look, place: int, metric: int) -> Change:
    """What became of one latency metric of one endpoint."""
    name, found, at = look.names[place], look.found, (place, metric)
    margin, tolerance = MARGINS["stored"][metric], suite.tolerance_of(name, METRICS[metric])
    runs = int(found.runs[at])
    is_relative = bool(found.removed[metric] and not found.ambiguous[at])
    shift = shift_of(found.rows, at, runs, _RELATIVE if is_relative else _PLAIN)
    is_few = shift is not None and runs < FEW_RUNS
    tolerance = max(tolerance, _HALF) if is_few else tolerance
    is_beyond = shift is not None and (is_few or bool(found.is_beyond[at]))
    baseline_s = _median_s(look.old[at]) if runs else None
    judges = _judges(suite, look, at)
    share = _share(judges, at, lambda moved: score_slower(moved, margin))
    least = max(tolerance, suite.policy.absolute_floor_s / baseline_s) if baseline_s else tolerance
    seen = _exceeding(shift, float(found.shown[at]), look)
    told = {
        _few(runs): is_few,
        _MANY_MOVED: bool(found.ambiguous[at]),
        _SEEN_BEFORE: share <= suite.policy.false_block_rate and not is_beyond,
    }
    return Change(
        endpoint=name,
        metric=METRICS[metric],
        baseline_s=baseline_s,
        candidate_s=_mean_s(look.new[at]),
        shift=shift,
        margin=margin,
        tolerance=tolerance,
        score=score_slower(shift, margin) if shift is not None else math.nan,
        limit=judges[0].limit,
        share=share if is_beyond else 1.0,
        share_faster=_share(judges, at, lambda moved: score_faster(moved, margin)),
        detectable=_detectable(shift, margin, judges[0].limit, least if is_few else max(least, seen), look),
        design=judges[0].design,
        # Written so that what is no number is a suspect.
        is_suspect=not share > look.share / LATENCY_SHARE
        and shift is not None
        and not math.expm1(shift.effect) <= least,
        notices=[notice for notice, holds in told.items() if holds],
    )


def _judges(suite: Suite, look: Look, place: tuple[int, int]) -> tuple[_Judge, ...]:
    """What a row has to pass, the one that is shown first.

    Limits computed for so many stored runs; where nothing was removed, a plain interval for all rows together. Where
    the factor is ambiguous both: against the factor, and that it is not the others that moved. What all rows of a
    metric have in common in the latter is the runner, so that is one test a metric.
    """
    found, rate, metric = look.found, suite.policy.false_block_rate, place[1]
    if not found.removed[metric]:
        rows = look.suspects if look.suspects is not None else int(np.isfinite(found.rows.effect).sum())
        return (_plain(found.rows, rate, max(1, rows), look),)
    endpoints = int(np.isfinite(found.rows.effect[:, metric]).sum())
    runs, candidates = int(found.runs[place]), int(found.candidates[place])
    name = _BY_COUNT[min(max(candidates, 1), len(_BY_COUNT)) - 1]
    if look.confirm is not None and look.suspects is not None:
        name = look.confirm.name
    scores = stored_scores(name, endpoints, runs)
    limit = limit_at(look.share, scores) if look.only_suspects else limit_of(rate, scores)
    shown = look.confirm.name if look.confirm is not None else name
    relative = _Judge(found.relative, limit, lambda score: share_of(score, scores), f"stored {shown}, {runs} runs")
    return (_plain(found.rows, rate, len(METRICS), look), relative) if found.ambiguous[place] else (relative,)


def _plain(moved: Moved, rate: float, tests: int, look: Look) -> _Judge:
    spent = look.share if look.only_suspects else rate * LATENCY_SHARE
    limit = float(-ndtri(spent / tests))
    return _Judge(moved, limit, lambda score: min(1.0, tests * float(ndtr(-score)) / LATENCY_SHARE), "stored plain")


def _share(judges: Sequence[_Judge], place: tuple[int, int], score_of: Callable[[Shift], float]) -> float:
    """The largest share, for a row has to pass every judge; NaN if one of them gives none."""
    shifts = [shift_of(judge.moved, place, 0, "") for judge in judges]
    pairs = zip(judges, shifts, strict=True)
    return float(np.max([judge.share(score_of(shift)) if shift is not None else 1.0 for judge, shift in pairs]))


def _exceeding(shift: Shift | None, shown: float, look: Look) -> float:
    """Smallest slowdown, a ratio, whose estimate lies beyond what main itself has shown as often as is promised."""
    if shift is None or not math.isfinite(shown):
        return 0.0
    return math.expm1(shown + float(ndtri(look.chance)) * shift.se)


def _detectable(shift: Shift | None, margin: float, limit: float, least: float, look: Look) -> float:
    if shift is None:
        return math.inf
    return detectable(shift, margin, limit, least, look.chance)


def _few(runs: int) -> Notice:
    return Notice(
        code="few-baselines",
        message=f"{runs} comparable stored run(s): only a change of half or more can block",
        cure="refresh on main until ten runs are stored",
    )


def shift_of(moved: Moved, place: tuple[int, ...], runs: int, test: str) -> Shift | None:
    """One change as a value; None where there is none."""
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
