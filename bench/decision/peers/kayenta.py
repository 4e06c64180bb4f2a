"""Kayenta's Netflix judge: an interval of the Hodges-Lehmann shift must clear a quarter of the estimate.

The tolerance is a fraction of the estimated shift, not of the baseline: it demands more significance, and lets no
change through for being small. Outlier removal and the ratio of means, both optional there, are left out.

References
----------
https://github.com/spinnaker/kayenta/blob/8a754a1651fbbe3e9f085e00e97e50c7d5b795dc/kayenta-judge/src/main/scala/com/netflix/kayenta/judge/NetflixACAJudge.scala
(tolerance 0.25, confidence 0.98) and classifiers/metric/MannWhitneyClassifier.scala beside it.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from bench.decision.world import Floats, Mask

CONFIDENCE, TOLERANCE = 0.98, 0.25


def high(control: Floats, experiment: Floats, confidence: float = CONFIDENCE, tolerance: float = TOLERANCE) -> Mask:
    """Metrics classified as High.

    Parameters
    ----------
    control, experiment : ndarray, shape (prs, points, endpoints, metrics)
        Points of a time series of each metric.
    """
    prs, _, endpoints, metrics = control.shape
    found = np.zeros((prs, endpoints, metrics), dtype=bool)
    for at in np.ndindex(endpoints, metrics):
        estimate, low, _ = shift(control[:, :, *at], experiment[:, :, *at], confidence)
        found[:, *at] = low > tolerance * np.abs(estimate)
    return found


def shift(control: Floats, experiment: Floats, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Hodges-Lehmann shift and the ends of its interval, for samples of shape (prs, points) without ties.

    The ends are order statistics of all differences, at the ranks where the normal approximation of the rank sum with
    continuity correction crosses its quantile; that is where R's ``wilcox.test(exact = FALSE)`` finds its roots.

    References
    ----------
    Hollander, M. and Wolfe, D. A. (1999). Nonparametric Statistical Methods, section 4.3, equation 4.41.
    """
    m, n = experiment.shape[1], control.shape[1]
    differences = (experiment[:, :, None] - control[:, None, :]).reshape(len(control), -1)
    reach = -float(ndtri((1 - confidence) / 2)) * math.sqrt(m * n * (m + n + 1) / 12)
    rank = min(max(math.floor(m * n / 2 - 0.5 - reach), 0), m * n - 1)
    middle = (m * n - 1) // 2, m * n // 2
    differences.partition((rank, *middle, m * n - 1 - rank), axis=1)
    estimate = differences[:, middle].mean(axis=1)
    return np.asarray(estimate), np.asarray(differences[:, rank]), np.asarray(differences[:, m * n - 1 - rank])
