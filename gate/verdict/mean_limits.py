"""Limits of means: over blocks, or over the requests of a scenario as they came."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gate.load.histogram import Histogram
from gate.record.value import Notice
from gate.stats.nonnegative import lower_mean, p_mean_above
from gate.stats.proportion import CONFIDENCE
from gate.stats.special import stdtr, stdtrit
from gate.verdict.limit import Limit, Observed, too_little

_LEAST_OF_STRETCH = 30
"""Requests from which the mean of a scenario is taken to be near normal."""
_OF_MEANS = "t interval and bets"


def judge_mean(limit: float, observed: Observed) -> Limit:
    """Gather the evidence on the limit of a mean."""
    if math.isnan(observed.block_size):
        return _mean_of_stretch(limit, observed)
    means = np.array(observed.block_means_s)
    if len(means) < 2:
        value = observed.histogram.mean()
        return Limit("mean", limit, "s", value, notices=(too_little("mean"),), n=observed.histogram.n)
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
        notices=(too_little("mean"),),
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
