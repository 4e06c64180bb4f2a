"""Objectives: absolute limits judged with the uncertainty of the estimate, or as checks where there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from gate.config.objectives import OF_CONNECTIONS
from gate.load.histogram import Histogram
from gate.record.value import Notice
from gate.stats.nonnegative import lower_mean, p_mean_above
from gate.stats.proportion import (
    CONFIDENCE,
    clean_needed,
    design_effect,
    dispersion,
    lower_bound,
    p_above,
    quantile_bounds,
    upper_bound,
)
from gate.stats.special import stdtr, stdtrit

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
OF_OPENING = {f"connect_{name}": share for name, share in QUANTILES.items()}
"""The same of the time to open a WebSocket."""
_LEAST_OF_STRETCH = 30
"""Requests from which the mean of a scenario is taken to be near normal."""
_OF_MEANS = "t interval and bets"
Unit = Literal["s", "ratio", "rps", "bytes", "count"]


@dataclass(frozen=True)
class Observed:
    """What objectives are judged on: one endpoint or scenario of the candidate, all runs together."""

    histogram: Histogram
    sent: int
    failed: int
    block_log_means: tuple[float, ...] = ()
    block_means_s: tuple[float, ...] = ()
    block_errors: tuple[int, ...] = ()
    block_size: float = math.nan
    """Empty and NaN for scenarios, which are one stretch: their requests are taken as they come."""
    body_max: int | None = None
    achieved_rps: float = math.nan
    capacity_rps: float = math.nan
    """Of a search that found a level; NaN otherwise."""
    worst_s: float = math.nan
    connect: Histogram = field(default_factory=Histogram)
    """Times to open a WebSocket."""
    lost: float = math.nan
    """WebSockets that the server ended; NaN where none was opened."""
    unanswered: int = 0
    """Requests of a scenario that were not answered as expected: slower than any limit. Those of an endpoint have a row
    of their own, in which they are judged whatever its objectives."""
    unopened: int = 0
    """WebSockets that were refused or given up; the same."""


@dataclass(frozen=True)
class Limit:
    """One objective with its evidence."""

    statistic: str
    limit: float
    unit: Unit
    value: float
    """Estimate; NaN if nothing was measured."""
    lo: float = math.nan
    hi: float = math.nan
    p_missed: float = 1.0
    """Small means the limit is really missed; joins the family of the pull request."""
    is_met: bool = False
    is_check: bool = False
    """Seen or not seen: decided without a test."""
    test: str = ""
    n: int = 0
    design_effect: float | None = None
    over: int | None = None
    """Requests beyond the limit or failed, where a share of them is tested."""
    share: float | None = None
    """The share that may be."""
    se: float | None = None
    df: float | None = None
    """Of a mean over blocks."""
    blocks: int | None = None
    """That the requests came in; None for one stretch."""
    notices: tuple[Notice, ...] = ()


def judge_limit(statistic: str, limit: float, observed: Observed) -> Limit:
    """Gather the evidence on one objective."""
    if statistic in QUANTILES:
        effect, blocks = _latency_design_effect(observed), len(observed.block_log_means) or None
        found = _quantile_limit(statistic, limit, observed.histogram, observed.unanswered, effect)
        return replace(found, blocks=blocks)
    if statistic in OF_OPENING:
        return _quantile_limit(statistic, limit, observed.connect, observed.unopened, effect=1.0)
    if statistic == "mean":
        return _mean_limit(limit, observed)
    if statistic == "error_rate":
        return _error_limit(limit, observed)
    return _check(statistic, limit, observed)


def _quantile_limit(statistic: str, limit: float, times: Histogram, failed: int, effect: float) -> Limit:
    """p95 <= L is tested as: at most 5 % of the requests take longer than L, or fail.

    A quantile beyond all that came is told as the longest that did.
    """
    quantile = (QUANTILES | OF_OPENING)[statistic]
    share, n = 1 - quantile, times.n + failed
    over = times.count_above(limit) + failed
    if times.n == 0 or not math.isfinite(effect):
        return Limit(statistic, limit, "s", math.nan, notices=(_too_little(statistic),))
    low, high = quantile_bounds(n / effect, quantile)
    is_met = upper_bound(over / effect, n / effect) <= share
    needed = math.ceil(clean_needed(share) * effect)
    more = () if is_met or over > share * n or n >= needed else (_more(needed, n, statistic),)
    came = n / times.n
    return Limit(
        statistic=statistic,
        limit=limit,
        unit="s",
        value=times.quantile(min(1.0, quantile * came)),
        lo=times.quantile(min(1.0, low * came)),
        hi=times.quantile(high * came) if high * came <= 1 else math.inf,
        p_missed=p_above(over / effect, n / effect, share),
        is_met=is_met,
        test="share of requests beyond the limit, Clopper-Pearson over the design effect",
        n=n,
        design_effect=effect,
        over=over,
        share=share,
        notices=(*_failed(failed, n, statistic), *more),
    )


def _mean_limit(limit: float, observed: Observed) -> Limit:
    if math.isnan(observed.block_size):
        return _mean_of_stretch(limit, observed)
    means = np.array(observed.block_means_s)
    if len(means) < 2:
        value = observed.histogram.mean()
        return Limit("mean", limit, "s", value, notices=(_too_little("mean"),), n=observed.histogram.n)
    centre, se = float(np.mean(means)), float(np.std(means, ddof=1) / math.sqrt(len(means)))
    found = _also_by_bets(_t_limit(limit, centre, se, len(means) - 1), list(means), [1] * len(means))
    return replace(found, test=f"{_OF_MEANS} over block means", n=len(means), blocks=len(means))


def _mean_of_stretch(limit: float, observed: Observed) -> Limit:
    """A mean over the requests of a scenario, taken as they come.

    Those that were not answered as expected have no latency. They count as the slowest that did, or as the limit where
    that is longer: they pull the mean towards being missed, and never towards being met.
    """
    times, failed = observed.histogram, observed.unanswered
    n, seen = times.n + failed, list(times.midpoints())
    values, counts = [value for value, _ in seen], [count for _, count in seen]
    if times.n < _LEAST_OF_STRETCH:
        return _few(limit, times, values, counts)
    mean, slow = times.mean(), max(limit, times.quantile(1.0))
    centre = (times.n * mean + failed * slow) / n
    squares = (times.n - 1) * times.variance() + times.n * (mean - centre) ** 2 + failed * (slow - centre) ** 2
    found = _t_limit(limit, centre, math.sqrt(squares / (n - 1) / n), n - 1)
    found = _also_by_bets(found, [*values, slow], [*counts, failed])
    told = f"{failed} of {n} requests were not answered as expected: in the mean they count as the slowest"
    notices = (Notice(code="failures-are-slow", message=told),) if failed else ()
    return replace(found, test=f"{_OF_MEANS} over requests as they came", n=n, notices=notices)


def _few(limit: float, times: Histogram, values: list[float], counts: list[int]) -> Limit:
    """A mean of so few requests that its error is unknown: never met, and missed where each of them is far beyond."""
    return Limit(
        "mean",
        limit,
        "s",
        times.mean(),
        lo=lower_mean(values, CONFIDENCE, counts) if values else math.nan,
        p_missed=p_mean_above(values, limit, counts),
        test="bets over requests as they came",
        n=times.n,
        notices=(_too_little("mean"),),
    )


def _also_by_bets(found: Limit, values: list[float], counts: list[int]) -> Limit:
    """The same with the chance that bets give: two tests of one mean, either of which may refute it (Bonferroni)."""
    p_bets = p_mean_above(values, found.limit, counts)
    lo = found.lo if math.isnan(found.lo) else max(found.lo, lower_mean(values, CONFIDENCE, counts))
    return replace(found, p_missed=min(1.0, 2 * min(found.p_missed, p_bets)), lo=min(lo, found.value))


def _t_limit(limit: float, centre: float, se: float, df: int) -> Limit:
    reach = float(stdtrit(df, CONFIDENCE)) * se
    p_missed = float(stdtr(df, -(centre - limit) / se)) if se > 0 else float(centre <= limit)
    return Limit(
        statistic="mean",
        limit=limit,
        unit="s",
        value=centre,
        lo=centre - reach,
        hi=centre + reach,
        p_missed=p_missed,
        is_met=centre + reach <= limit,
        se=se,
        df=float(df),
    )


def _error_limit(limit: float, observed: Observed) -> Limit:
    n, failed = observed.sent, observed.failed
    if n == 0:
        return Limit("error_rate", limit, "ratio", math.nan, notices=(_too_little("error_rate"),))
    effect = dispersion(observed.block_errors)
    is_met = upper_bound(failed / effect, n / effect) <= limit
    needed = clean_needed(limit) if limit > 0 else 0
    return Limit(
        statistic="error_rate",
        limit=limit,
        unit="ratio",
        value=failed / n,
        lo=lower_bound(failed / effect, n / effect),
        hi=upper_bound(failed / effect, n / effect),
        # No number of clean requests shows a rate of zero; a single error refutes it.
        p_missed=p_above(failed / effect, n / effect, limit) if limit > 0 else float(failed == 0),
        is_met=is_met if limit > 0 else failed == 0,
        is_check=limit == 0,
        test="error rate, Clopper-Pearson over the dispersion of errors" if limit > 0 else "no error seen",
        n=n,
        design_effect=effect,
        over=failed,
        share=limit,
        blocks=len(observed.block_errors) or None,
        notices=() if is_met or failed > limit * n or n >= needed else (_more(needed, n, "error_rate"),),
    )


def _check(statistic: str, limit: float, observed: Observed) -> Limit:
    value, unit, is_upper = _checked_value(statistic, observed)
    is_met = value <= limit if is_upper else value >= limit
    failed = observed.unanswered if statistic == "max" else 0
    is_met = is_met and not failed
    return Limit(
        statistic=statistic,
        limit=limit,
        unit=unit,
        value=value,
        is_met=is_met,
        p_missed=1.0 if math.isnan(value) else float(is_met),
        is_check=True,
        test="seen or not seen",
        n=observed.sent,
        notices=(_too_little(statistic),) if math.isnan(value) else _failed(failed, observed.sent, statistic),
    )


def _checked_value(statistic: str, observed: Observed) -> tuple[float, Unit, bool]:
    if statistic == "max":
        return observed.histogram.quantile(1.0), "s", True
    if statistic == "bytes":
        return math.nan if observed.body_max is None else float(observed.body_max), "bytes", True
    if statistic == "rate":
        return observed.achieved_rps, "rps", False
    if statistic == "capacity":
        return observed.capacity_rps, "rps", False
    if statistic == "lost_connections":
        return observed.lost, "count", True
    succeeded = (observed.sent - observed.failed) / observed.sent if observed.sent else math.nan
    return succeeded, "ratio", False


def _latency_design_effect(observed: Observed) -> float:
    """1 for a scenario, whose single stretch cannot tell; its interval is then too narrow, and the report says so."""
    if not observed.block_log_means:
        return 1.0
    return design_effect(observed.block_log_means, observed.histogram.log_variance(), observed.block_size)


_COUNTED = {"mean": "blocks", "error_rate": "requests"} | dict.fromkeys(OF_CONNECTIONS, "connections")
"""What there was too little of, by statistic; of all others answers."""


def _too_little(statistic: str) -> Notice:
    what = _COUNTED.get(statistic, "answers")
    cure = "see why none was opened" if statistic in OF_CONNECTIONS else "raise policy.budget"
    return Notice(code="too-little-data", message=f"too few {what} to judge this objective", cure=cure)


def _failed(failed: int, n: int, statistic: str) -> tuple[Notice, ...]:
    if not failed:
        return ()
    what = "connections were not opened" if statistic in OF_CONNECTIONS else "requests were not answered as expected"
    return (Notice(code="failures-are-slow", message=f"{failed} of {n} {what}: they count as slower than any limit"),)


def _more(needed: int, n: int, statistic: str) -> Notice:
    what, cure = "requests", "raise policy.budget"
    if statistic in OF_CONNECTIONS:
        what, cure = "connections", "let the scenario open more of them"
    return Notice(
        code="more-requests-needed",
        message=f"{n} {what} cannot show this limit to be met; {needed} without a miss could",
        cure=f"{cure}, or relax the limit",
    )
