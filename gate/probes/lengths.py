"""Whether answers have the items that they were asked for, as far as their sizes tell. Pure.

A parameter that the application does not know, a list cut at some length, a table with one row: each would pass for
a cost that does not grow with the items.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from statistics import median

LEAST_ITEM_BYTES = 2
"""An item and what divides it from the next. An answer that only repeats the number asked for grows by less."""
EVEN = 0.25
"""Smallest growth of an answer for each item over the largest: a list that is cut grows no more from there."""


def sizes_by_items(answers: Sequence[tuple[int, int]]) -> dict[int, float]:
    """Median size in bytes by number of items, from pairs of both."""
    return {items: median(size for at, size in answers if at == items) for items in sorted({at for at, _ in answers})}


def are_longer(sizes: Mapping[int, float]) -> bool:
    """Whether sizes, by rising numbers of items, grow as lists of so many items do."""
    rises = [(sizes[more] - sizes[fewer]) / (more - fewer) for fewer, more in itertools.pairwise(sizes)]
    return bool(rises) and min(rises) >= max(LEAST_ITEM_BYTES, EVEN * max(rises))
