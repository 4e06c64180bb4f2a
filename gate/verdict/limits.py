"""Objectives: absolute limits judged with the uncertainty of the estimate, or as checks where there is none."""

from __future__ import annotations

import math

from gate.load.histogram import Histogram
from gate.stats.proportion import (
    clean_needed,
    design_effect,
    dispersion,
    lower_bound,
    p_above,
    quantile_bounds,
    upper_bound,
)
from gate.verdict.limit import Limit, Observed, Unit, failed_too, more_needed, too_little
from gate.verdict.mean_limits import judge_mean

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
OF_OPENING = {f"connect_{name}": share for name, share in QUANTILES.items()}
"""The same of the time to open a WebSocket."""


def judge_limit(statistic: str, limit: float, observed: Observed) -> Limit:
    """Gather the evidence on one objective."""
    if statistic in QUANTILES:
        effect, blocks = _latency_design_effect(observed), len(observed.block_log_means) or None
        return _quantile_limit(statistic, limit, observed.histogram, observed.unanswered, effect, blocks)
    if statistic in OF_OPENING:
        return _quantile_limit(statistic, limit, observed.connect, observed.unopened, effect=1.0)
    if statistic == "mean":
        return judge_mean(limit, observed)
    if statistic == "error_rate":
        return _error_limit(limit, observed)
    return _check(statistic, limit, observed)


def _quantile_limit(
    statistic: str, limit: float, times: Histogram, failed: int, effect: float, blocks: int | None = None
) -> Limit:
    """p95 <= L is tested as: at most 5 % of the requests take longer than L, or fail.

    A quantile beyond all that came is told as the longest that did.
    """
    quantile = (QUANTILES | OF_OPENING)[statistic]
    share, n = 1 - quantile, times.n + failed
    over = times.count_above(limit) + failed
    if times.n == 0 or not math.isfinite(effect):
        return Limit(statistic, limit, "s", math.nan, blocks=blocks, notices=(too_little(statistic),))
    low, high = quantile_bounds(n / effect, quantile)
    is_met = upper_bound(over / effect, n / effect) <= share
    needed = math.ceil(clean_needed(share) * effect)
    more = (
        ()
        if is_met or over > share * n or n >= needed
        else (more_needed(needed, n, statistic, of_scenario=blocks is None),)
    )
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
        blocks=blocks,
        notices=(*failed_too(failed, n, statistic, is_beyond=quantile * came > 1), *more),
    )


def _error_limit(limit: float, observed: Observed) -> Limit:
    n, failed = observed.sent, observed.failed
    if n == 0:
        return Limit("error_rate", limit, "ratio", math.nan, notices=(too_little("error_rate"),))
    effect = dispersion(observed.block_errors)
    is_met = upper_bound(failed / effect, n / effect) <= limit
    needed = clean_needed(limit) if limit > 0 else 0
    more = more_needed(needed, n, "error_rate", of_scenario=not observed.block_errors)
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
        notices=() if is_met or failed > limit * n or n >= needed else (more,),
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
        notices=(too_little(statistic),)
        if math.isnan(value)
        else failed_too(failed, observed.sent, statistic, is_beyond=True),
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
