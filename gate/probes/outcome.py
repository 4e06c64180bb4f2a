"""What one probe came to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gate.record.probes import GrowthRecord, ProbeOutcome, TallyRecord

_MOST_TOLD = 3


@dataclass(frozen=True)
class Came:
    """What one probe came to."""

    outcome: ProbeOutcome
    seen: str
    """In words, without bodies and values of texts."""
    n: int = 0
    """Requests that were made."""
    n_passed: int = 0
    latencies_s: tuple[float, ...] = ()
    """Of those answered as expected."""
    growth: GrowthRecord | None = None
    tally: TallyRecord | None = None


def unmeasured(why: str, n: int = 0) -> Came:
    """Nothing is known of it."""
    return Came("not_measured", why, n)


def told(found: Iterable[str]) -> str:
    """Texts with how often each came, the most frequent first, few of them."""
    counts = Counter(found).most_common()
    parts = [text if count == 1 else f"{text} ({count} x)" for text, count in counts[:_MOST_TOLD]]
    more = f" and {len(counts) - _MOST_TOLD} other answers" if len(counts) > _MOST_TOLD else ""
    return ", ".join(parts) + more
