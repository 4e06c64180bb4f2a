"""One family of tests per pull request."""

from __future__ import annotations

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values: rejecting where they are at most a level bounds the chance of any false rejection by it.

    Holds under any dependence between the tests. A NaN counts as 1: a test that could not be made rejects nothing.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. https://www.jstor.org/stable/4615733
    """
    clean = {name: p if 0 <= p <= 1 else 1.0 for name, p in p_values.items()}
    adjusted: dict[str, float] = {}
    running = 0.0
    for rank, (name, p) in enumerate(sorted(clean.items(), key=lambda item: (item[1], item[0]))):
        running = max(running, min(1.0, (len(clean) - rank) * p))
        adjusted[name] = running
    return adjusted
