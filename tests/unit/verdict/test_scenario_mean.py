"""The mean of a scenario against its limit: judged on its requests as they came, failures never in its favour."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from gate.load.histogram import Histogram
from gate.verdict.limit import Limit, Observed
from gate.verdict.limits import judge_limit


def scenario(latencies, failed: int = 0) -> Observed:
    times = Histogram()
    for seconds in latencies:
        times.record(float(seconds))
    return Observed(times, sent=times.n + failed, failed=failed, unanswered=failed)


def judged(limit_s: float, latencies, failed: int = 0) -> Limit:
    return judge_limit("mean", limit_s, scenario(latencies, failed))


LATENCIES = np.random.default_rng(3).gamma(4.0, 0.025, 500)  # 100 ms on average


def test_it_agrees_with_a_t_test():
    """Twice its p, for bets are asked as well; far above the limit either may tell."""
    found = judged(0.0965, LATENCIES)
    against = scipy_stats.ttest_1samp(LATENCIES, 0.0965, alternative="greater")
    assert found.value == pytest.approx(LATENCIES.mean(), rel=1e-3)
    assert found.se == pytest.approx(LATENCIES.std(ddof=1) / 500**0.5, rel=5e-3)
    assert found.p_missed == pytest.approx(2 * against.pvalue, abs=0.02)
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
def test_a_handful_of_requests_shows_nothing_that_is_not_far_beyond(few):
    found = judged(1.0, LATENCIES[:few])
    assert not found.is_met
    assert found.p_missed == 1.0
    assert found.notices


def test_a_handful_of_requests_far_beyond_the_limit_misses_it():
    found = judged(0.1, [0.9, 1.4, 1.1, 2.0, 1.6, 1.3])
    assert found.p_missed < 1e-4
    assert 0.1 < found.lo < found.value
    assert not found.is_met


def test_a_few_that_are_very_slow_do_not_keep_the_rest_from_telling():
    """With a standard error of 0.5 s from one answer of a minute the t interval reaches below the limit."""
    latencies = [0.5] * 119 + [60.0]
    found = judged(0.1, latencies)
    assert scipy_stats.ttest_1samp(latencies, 0.1, alternative="greater").pvalue > 0.02
    assert found.p_missed < 1e-6
    assert found.lo > 0.1


def test_blocks_far_beyond_the_limit_miss_it_although_they_differ():
    means = (0.7, 3.1, 1.1, 0.6, 2.4, 0.5, 1.3, 2.9)
    times = Histogram()
    for mean in means:
        times.record(mean)
    blocks = Observed(times, sent=400, failed=0, block_means_s=means, block_size=50.0)
    found = judge_limit("mean", 0.1, blocks)
    assert found.p_missed < 1e-4
    assert found.lo > 0.1
    assert judge_limit("mean", 3.0, blocks).p_missed == 1.0


def test_equal_latencies_are_decided_by_themselves():
    assert judged(0.2, [0.1] * 50).is_met
    slow = judged(0.05, [0.1] * 50)
    assert not slow.is_met
    assert slow.p_missed == 0.0
