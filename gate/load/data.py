"""Values for placeholders: in order, at random or by Zipf's law, from a range or from rows. Pure."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from gate.load.job import Source, Walk

Draw = Callable[[Random], object]


class Draws:
    """Draws from sources; what is picked in order is dealt out to the workers without overlap.

    Parameters
    ----------
    part, parts : int
        Which of several workers this one is.
    """

    def __init__(self, sources: Mapping[str, Source], part: int = 0, parts: int = 1) -> None:
        self._sources = dict(sources)
        self._part = part
        self._parts = parts
        self._random = {name: _at_random(source) for name, source in sources.items() if source.pick != "order"}
        self._places: dict[tuple[str, str], Iterator[int]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._sources

    def draw(self, name: str, random: Random, walk: Walk | None = None) -> object:
        """The next value of a source; after the last one follows the first.

        Parameters
        ----------
        random : Random
            What is not picked in order is drawn from it.
        walk : Walk, optional
            What is picked in order goes on where the last draw of the same walk was.
        """
        if name in self._random:
            return self._random[name](random)
        source = self._sources[name]
        key = (name, "" if walk is None else walk.name)
        if key not in self._places:
            begin = source.begin if walk is None else walk.begin
            self._places[key] = itertools.count(begin + self._part, self._parts)
        values = values_of(source)
        return values[next(self._places[key]) % len(values)]


def values_of(source: Source) -> Sequence[object]:
    """All values of a source, in order."""
    return source.rows or range(source.low, source.high + 1)


def _at_random(source: Source) -> Draw:
    values = values_of(source)
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
