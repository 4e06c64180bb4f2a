"""Parts of queries that several endpoints share."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any

Row = dict[str, Any]


def placeholders(values: Sized) -> str:
    """Return one ``?`` per value, for ``IN (...)``."""
    return ", ".join("?" * len(values))


def batches(ids: Sequence[int], one_by_one: int) -> list[Sequence[int]]:
    """Split `ids` into the groups that are looked up by one query each.

    The first `one_by_one` ids get a query of their own, the rest share one: with 0 this is the usual
    single query, with ``len(ids)`` it is the classic mistake of one query per row.
    """
    single: list[Sequence[int]] = [[wanted] for wanted in ids[:one_by_one]]
    shared = ids[one_by_one:]
    return [*single, shared] if shared else single


def page_count(total: int, per_page: int) -> int:
    """Return how many pages `total` rows fill; an empty list still has its first page."""
    return max(1, -(-total // per_page))
