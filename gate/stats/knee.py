"""Where a curve bends: the level from which latency grows faster than before. Pure."""

from __future__ import annotations

from collections.abc import Sequence

SENSITIVITY = 1.0
_LEAST_POINTS = 4


def knee(levels: Sequence[float], latencies: Sequence[float]) -> float | None:
    """The level at which an increasing, convex curve of latency over level bends most; None if it does not bend.

    Both axes are scaled to ``[0, 1]``; the knee is where the straight line between the ends lies furthest above the
    curve, if that distance is more than what even a straight line would show between neighbouring points.

    Parameters
    ----------
    levels : sequence of float, shape (n,)
        Rates or users, increasing.
    latencies : sequence of float, shape (n,)
        Seconds at these levels.

    References
    ----------
    Satopää, V., Albrecht, J., Irwin, D., Raghavan, B. (2011). Finding a "Kneedle" in a Haystack: Detecting Knee Points
    in System Behavior. doi:10.1109/ICDCSW.2011.20
    """
    if len(levels) < _LEAST_POINTS:
        return None
    x, y = _scaled(levels), _scaled(latencies)
    if x is None or y is None:
        return None
    below = [across - up for across, up in zip(x, y, strict=True)]
    best = max(range(len(below)), key=below.__getitem__)
    threshold = SENSITIVITY / (len(levels) - 1)
    return levels[best] if below[best] > threshold and 0 < best < len(levels) - 1 else None


def _scaled(values: Sequence[float]) -> list[float] | None:
    low, high = min(values), max(values)
    return [(value - low) / (high - low) for value in values] if high > low else None
