"""The mean of a scenario against its limit: judged on its requests as they came, failures never in its favour."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gate.load.histogram import Histogram
from gate.verdict.limits import Limit, Observed, judge_limit


def scenario(latencies, failed: int = 0) -> Observed:
    times = Histogram()
    for seconds in latencies:
        times.record(float(seconds))
    return Observed(times, sent=times.n + failed, failed=failed, unanswered=failed)


def judged(limit_s: float, latencies, failed: int = 0) -> Limit:
    return judge_limit("mean", limit_s, scenario(latencies, failed))


LATENCIES = np.random.default_rng(3).gamma(4.0, 0.025, 500)  # 100 ms on average


def test_it_agrees_with_a_t_test():
    found = judged(0.1, LATENCIES)
    against = scipy_stats.ttest_1samp(LATENCIES, 0.1, alternative="greater")
    assert found.value == pytest.approx(LATENCIES.mean(), rel=1e-3)
    assert found.se == pytest.approx(LATENCIES.std(ddof=1) / 500**0.5, rel=5e-3)
    assert found.p_missed == pytest.approx(against.pvalue, abs=0.01)
    assert found.n == 500


def test_far_over_the_limit_is_missed_and_far_below_is_met():
    assert judged(0.007, LATENCIES).p_missed < 1e-9
    below = judged(0.2, LATENCIES)
    assert below.is_met
    assert below.p_missed > 0.99


def test_a_failure_never_helps():
    clean, failing = judged(0.105, LATENCIES), judged(0.105, LATENCIES, failed=50)
    assert failing.value > clean.value
    assert failing.p_missed < clean.p_missed
    assert not failing.is_met
    assert [notice.code for notice in failing.notices] == ["failures-are-slow"]
    assert judged(10.0, LATENCIES, failed=500).value > 5, "where the limit is longer than all, failures count as long"


@pytest.mark.parametrize("few", [0, 1, 29])
def test_a_handful_of_requests_shows_nothing(few):
    found = judged(1.0, LATENCIES[:few])
    assert not found.is_met
    assert found.p_missed == 1.0
    assert found.notices


def test_equal_latencies_are_decided_by_themselves():
    assert judged(0.2, [0.1] * 50).is_met
    slow = judged(0.05, [0.1] * 50)
    assert not slow.is_met
    assert slow.p_missed == 0.0
