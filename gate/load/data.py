"""Values for placeholders: in order, at random or by Zipf's law, from a range or from rows. Pure."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Mapping, Sequence
from random import Random

from gate.load.job import Source

Draw = Callable[[Random], object]


def draws_of(sources: Mapping[str, Source], part: int = 0, parts: int = 1) -> dict[str, Draw]:
    """How to draw from each source; what is picked in order is dealt out to the workers without overlap."""
    return {name: _draw(source, part, parts) for name, source in sources.items()}


def _draw(source: Source, part: int, parts: int) -> Draw:
    values: Sequence[object] = source.rows or range(source.low, source.high + 1)
    if source.pick == "order":
        places = (place % len(values) for place in itertools.count(part, parts))
        return lambda _random: values[next(places)]
    if source.pick == "zipf":
        ranks = zipf(len(values), source.exponent)
        return lambda random: values[ranks(random)]
    # Not choice(), which draws otherwise from a range than randint does: runs stay comparable with those before rows.
    return lambda random: values[random.randint(0, len(values) - 1)]


def zipf(n: int, exponent: float) -> Callable[[Random], int]:
    """Ranks 0 to ``n - 1``, the k-th in proportion to ``1 / (k + 1) ** exponent``, by inverting the cumulated weights.

    References
    ----------
    Devroye, L. (1986). Non-Uniform Random Variate Generation, section III.2 (inversion of discrete distributions).
    """
    cumulated = list(itertools.accumulate((rank + 1) ** -exponent for rank in range(n)))
    return lambda random: bisect.bisect_left(cumulated, random.random() * cumulated[-1])
