"""The rules of other tools against numbers of their own: test vectors of their repositories, or published tables.

Each vector names repository, path and commit it was taken from.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from scipy.optimize import brentq

from bench.decision.peers import bencher, benchstat, kayenta, limits, perfherder
from bench.decision.peers.catalogue import PEERS
from bench.decision.peers.github_action_benchmark import ratio_to_last
from bench.decision.table import Case, measure
from bench.decision.world import Noise


def history(*values: float) -> np.ndarray:
    """One pull request, one endpoint, one metric."""
    return np.array(values)[None, :, None, None]


def single(value: np.ndarray) -> float:
    return float(np.squeeze(value))


# benchmark-action/github-action-benchmark, test/write.spec.ts at 004ab160ae4152aef2de404b04e5f13748d7bc95:
# with a threshold of 2.0 the step from 100 to 135 raises nothing, 100 to 210 and 10000 to 25000 raise an alert.
@pytest.mark.parametrize(("last", "now", "alerts"), [(100, 135, False), (100, 210, True), (10_000, 25_000, True)])
def test_github_action_benchmark_alerts_beyond_the_ratio(last, now, alerts):
    stored = np.log(history(1.0, last))
    assert bool(single(ratio_to_last(stored, np.log([[[now]]]), 2.0))) is alerts


# bencherdev/bencher, lib/bencher_boundary/src/limits/mod.rs at 05a7b26ee467a22324e278b37849f40e0a8ead78:
# mean 0 and standard deviation 1 with five degrees of freedom at 0.85.
@pytest.mark.parametrize(
    ("limit", "expected"), [(bencher.z_score, 1.0364333894937896), (bencher.t_test, 1.1557673428942912)]
)
def test_bencher_normal_and_t_limits(limit, expected):
    assert single(limit(history(-1, 1, -1, 1, -1, 1), 0.85)) == pytest.approx(expected, abs=1e-6)


# The same file: LOG_DATA, six times 1 to 5, log-normal at 0.85.
def test_bencher_log_normal_limit():
    assert single(bencher.log_normal(history(*[1, 2, 3, 4, 5] * 6), 0.85)) == pytest.approx(4.6955940, abs=1e-6)


# The same repository, src/mean.rs at 0b8f911722c1514c7e9a4f7560ae893dd504c768: 1 to 5 have standard deviation sqrt(2).
def test_bencher_divides_squares_by_n():
    assert single(bencher.z_score(history(1, 2, 3, 4, 5), scipy_stats.norm.cdf(1))) == pytest.approx(3 + 2**0.5)


# src/limits/limit.rs at 38c2949957009a57b7801d097eebb04273d09d95: mean 1 and 10 %; quartiles 1, 2, 3 times 1.5.
# src/quartiles.rs at 0b8f911722c1514c7e9a4f7560ae893dd504c768: quartiles of 1 to 5 are 2, 3, 4, those of its relative
# steps 0.3125 and 0.625.
def test_bencher_percentage_and_quartile_limits():
    assert single(bencher.percentage(history(0.5, 1.5), 0.1)) == pytest.approx(1.1)
    assert single(bencher.iqr(history(0, 1, 2, 3, 4), 1.5)) == pytest.approx(5.0)
    assert single(bencher.delta_iqr(history(1, 2, 3, 4, 5), 2.0)) == pytest.approx(3 * (1 + 0.625))


def test_bencher_has_no_limit_without_spread():
    for limit in (bencher.z_score, bencher.t_test, bencher.t_prediction, bencher.log_normal):
        assert single(limit(history(2, 2, 2), 0.98)) == np.inf


def test_bencher_prediction_limit_is_exceeded_as_often_as_it_says():
    values = np.random.default_rng(5).normal(10, 1, (40_000, 6, 1, 1))
    above = values[:, -1] > bencher.t_prediction(values[:, :-1], 0.95)
    assert above.mean() == pytest.approx(0.05, abs=0.004)


# golang/perf, benchmath/anone.go at af31a76731725f4850083dc6a181043ec240186e, smallest p of n against n samples;
# benchmath/assumption_test.go there has those of 3 and 4.
@pytest.mark.parametrize(
    ("n", "least"),
    [(2, 1 / 3), (3, 0.1), (4, 0.02857142857142857), (5, 0.007936507936507936), (9, 4.113533525298231e-5)],
)
def test_benchstat_smallest_p(n, least):
    assert benchstat.exact_p(n, n)[[0, -1]] == pytest.approx([least, least], rel=1e-12)


def test_benchstat_reports_four_separate_samples_and_not_three():
    for count, reported in ((3, False), (4, True)):
        low, high = history(*range(count)), history(*range(10, 10 + count))
        assert bool(single(benchstat.slower(low, high))) is reported
        assert not single(benchstat.slower(high, low))


# Hollander and Wolfe (1973), permeability of membranes, pages 69-71, also in R's help of wilcox.test:
# W = 35, one-sided p = 0.1272.
def test_benchstat_exact_p_of_a_published_example():
    x = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    y = [1.15, 0.88, 0.90, 0.74, 1.21]
    u = benchstat.u_of_sorted(np.sort(x), np.sort(y))
    assert u == 35
    assert benchstat.exact_p(10, 5)[u] / 2 == pytest.approx(0.1272, abs=5e-5)


def test_benchstat_p_agrees_with_scipy():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=10), rng.normal(0.5, 1, 8)
    wanted = scipy_stats.mannwhitneyu(x, y, method="exact")
    assert benchstat.exact_p(10, 8)[int(wanted.statistic)] == pytest.approx(wanted.pvalue)
    x, y = rng.normal(size=300), rng.normal(0.1, 1, 200)
    wanted = scipy_stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=True)
    assert benchstat.normal_p(np.array(wanted.statistic), 300, 200) == pytest.approx(wanted.pvalue)


# spinnaker/kayenta, kayenta-judge/src/test/scala/com/netflix/kayenta/judge/ClassifierSuite.scala at
# 39c1d8a3f06298dcd2d3e71fd30998dc98c435ac (rounded to four digits): fraction 0.10, confidence 0.95.
CONTROL = """
    11.1454 9.9618 7.0686 7.3013 9.7945 9.6038 6.1868 12.3456 10.3719 8.6094 9.9132 10.3614 14.2068
    10.9462 10.2159 11.7398 10.9076 12.8234 8.1019 8.4982 12.1134 13.2722 10.1146 6.9464 6.2105
    10.1604 8.3458 8.3838 7.0020 10.7558
"""
PASSES = """
    9.7767 10.5871 7.8376 9.3243 8.3775 8.9359 8.2708 9.7484 11.6237 9.2753 8.1538 10.5620 13.4981
    11.0544 6.9539 12.5210 9.0216 4.9235 11.2514 11.5984 8.4352 11.1102 10.7006 8.9213 10.0862
    11.4211 9.3792 7.7980 10.6234 11.9096
"""
HIGH = """
    20.8784 21.7855 19.7083 15.8599 19.5101 19.3920 22.9265 17.1565 18.6551 23.4226 24.0558 22.6269
    21.9795 21.6593 20.0677 22.1196 16.4404 21.5596 21.0002 17.7794 17.8060 18.5372 20.5556 19.5529
    21.7711 21.8096 20.9618 20.9776 19.1063 16.9769
"""


def series(text: str) -> np.ndarray:
    return history(*map(float, text.split()))


@pytest.mark.parametrize(
    ("control", "experiment", "found"), [(CONTROL, PASSES, 0), (CONTROL, HIGH, 1), (HIGH, PASSES, 0)]
)
def test_kayenta_classifies_its_own_examples(control, experiment, found):
    assert single(kayenta.high(series(control), series(experiment), confidence=0.95, tolerance=0.10)) == found


def test_kayenta_interval_is_where_the_rank_sum_crosses_its_quantile():
    """Roots of the centred rank sum with continuity correction, as its source finds them, by bracketing."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(0.4, 1, 30), rng.normal(0, 1, 25)

    def crossing(quantile: float) -> float:
        def centred(shift: float) -> float:
            away = (x[:, None] - shift > y).sum() - x.size * y.size / 2
            sigma = (x.size * y.size * (x.size + y.size + 1) / 12) ** 0.5
            return float((away - 0.5 * np.sign(away)) / sigma - quantile)

        return brentq(centred, x.min() - y.max() - 1e-9, x.max() - y.min() + 1e-9, xtol=1e-12)

    z = scipy_stats.norm.ppf(0.99)
    estimate, low, high = (single(v) for v in kayenta.shift(y[None], x[None], 0.98))
    assert (low, high) == pytest.approx((crossing(z), crossing(-z)), abs=1e-9)
    assert estimate == pytest.approx(np.median(np.subtract.outer(x, y)))


# mozilla/treeherder, tests/perfalert/test_analyze.py at 05a746c6e7dbfb549d84e3e2e2b7ab8e79369709: without weights
# calc_t([0, 0], [1, 2]) is 3 (two equal weights: variances 0 and 0.5); with linear ones 1 to 4 have mean 2, variance 2.
def test_perfherder_weights_fall_linearly():
    # Against zeros the statistic is mean / sqrt(variance / n) = 2 / sqrt(2 / 4).
    assert single(perfherder.weighted_t(history(0, 0), history(1, 2, 3, 4))) == pytest.approx(2 / 0.5**0.5)


# The same test: calc_t([0, 0], [0, 0]) is 0 and calc_t([0, 0], [1, 1]) infinite.
def test_perfherder_without_scatter():
    assert single(perfherder.weighted_t(history(0, 0), history(0, 0))) == 0
    assert single(perfherder.weighted_t(history(0, 0), history(1, 1))) == np.inf


# Its test_analyze_t: of eight values 0 and then eight values 1 the step is the regression.
def test_perfherder_sees_a_clean_step():
    before, after = history(*[0.0] * 8), history(*[1.0] * 8)
    assert single(perfherder.alert(before, after))
    assert not single(perfherder.alert(after, before))


# https://grafana.com/docs/learning-paths/establish-k6-baseline/validate-thresholds/: p(95) = 54.42 ms passes p(95)<500
# and fails p(95)<1; the learning hub of the same site:
# 148.21 ms passes p(95)<1500.
@pytest.mark.parametrize(
    ("p95_ms", "limit_ms", "fails"), [(148.21, 1500, False), (54.42, 500, False), (54.42, 1, True), (500, 500, True)]
)
def test_fixed_limits_fail_from_the_limit_on(p95_ms, limit_ms, fails):
    assert bool(limits.over(np.array(p95_ms), limit_ms)) is fails
    assert limits.over(np.array(np.nan), limit_ms)


# An earlier study of the same model, 3,000 pull requests (250 with Mann-Whitney): percent that block though nothing
# changed, by standard deviation of the runners.
@pytest.mark.quality
@pytest.mark.parametrize(
    ("name", "runner", "percent"),
    [
        ("github-action-benchmark 150%", 0.15, 11.6),
        ("github-action-benchmark 120%", 0.03, 26.6),
        ("Mann-Whitney on requests", 0.03, 74.8),
        ("Mann-Whitney on requests", 0.15, 54.4),
    ],
)
def test_false_blocks_are_as_published(name, runner, percent):
    (peer,) = (p for p in PEERS if p.name == name)
    share = measure(peer, Noise(runner=runner), Case(20, "none"), 600, seed=3).blocked / 600
    assert share == pytest.approx(percent / 100, abs=0.06)
