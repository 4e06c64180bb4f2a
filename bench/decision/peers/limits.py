"""Fixed limits, as k6, Artillery and Locust judge them: a number in a file, one run against it, no baseline.

References
----------
https://grafana.com/docs/k6/latest/using-k6/thresholds/ (``p(95)<500``),
https://www.artillery.io/docs/reference/extensions/ensure (``http.response_time.p95: 500``),
https://docs.locust.io/en/stable/running-without-web-ui.html (exit code by 95th percentile > 800 ms).
"""

from __future__ import annotations

import numpy as np

from bench.decision.world import Floats, Mask


def over(new: Floats, limit: Floats | float) -> Mask:
    """Not below the limit: ``p(95)<500`` fails at 500. Both in the same unit, or both as logs."""
    return np.asarray(~(new < limit))


def limits_from_main(stored: Floats, room: float) -> Floats:
    """Log limits that somebody wrote down from the runs of main: their mean and ``room`` (a ratio) on top.

    Parameters
    ----------
    stored : ndarray, shape (prs, runs, endpoints, metrics)
        Log values.
    """
    return np.asarray(np.log(np.exp(stored).mean(axis=1) * (1 + room)))
