"""The family of errors and objectives as one of its tests sees it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.verdict.evidence import Evidence
from gate.verdict.shared import LATENCY_SHARE


@dataclass(frozen=True)
class Family:
    """What a test of errors or of an objective is corrected for."""

    tests: int
    share: float
    """Part of the promise that all of them may spend."""
    p_limit: float
    """The largest p alone that is rejected, the others as they are."""


def family_of(evidence: Evidence, row_id: str) -> Family:
    """The family of one row; one that may not block is judged as if it were one more."""
    tests = evidence.others()
    share = 1 - LATENCY_SHARE if evidence.latencies else 1.0
    if row_id not in tests:
        size = len(tests) + 1
        return Family(size, share, share * evidence.level / size)
    return Family(len(tests), share, p_rejected(tests, row_id, share * evidence.level))


def p_rejected(tests: Mapping[str, float], name: str, level: float) -> float:
    """The largest p with which one test would be rejected by Holm while the others stay as they are.

    As many of the others as are rejected one after the other, smallest first, may come before it.

    Parameters
    ----------
    tests : mapping of str to float
        All p of the family, this one included.
    level : float
        Familywise.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.
    https://www.jstor.org/stable/4615733
    """
    left = len(tests)
    for p in sorted(p for other, p in tests.items() if other != name):
        if not p <= level / left:
            break
        left -= 1
    return level / left
