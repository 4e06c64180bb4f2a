"""Where scenarios go on in data that is picked in order: behind the rows of the blocks, and one behind the other.

Unlike blocks they are compared with nothing, so what was sent may decide it. Rows are used again only after all of them
were used: a registration with the same name twice would be refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gate.config.templates import placeholders
from gate.load.job import Lane, SegmentResult, Source
from gate.measure.counts import BLOCK_REQUESTS, MAX_ROUNDS
from gate.record.value import Arm


class Places:
    """How far each deployment is."""

    def __init__(self) -> None:
        self._used: Counter[tuple[Arm, str]] = Counter()
        self._behind = MAX_ROUNDS * BLOCK_REQUESTS

    def placed(self, sources: Mapping[str, Source], arm: Arm) -> dict[str, Source]:
        """The sources, beginning where the last segment of this deployment ended."""
        return {
            name: replace(source, begin=self._behind + self._used[arm, name]) if source.pick == "order" else source
            for name, source in sources.items()
        }

    def go_behind(self, rounds: int) -> None:
        """Begin behind the rows of so many rounds, where they are more than there usually are."""
        self._behind = max(self._behind, rounds * BLOCK_REQUESTS)

    def note(self, arm: Arm, lanes: Iterable[Lane], result: SegmentResult, workers: int) -> None:
        """Count what a segment drew; of several workers one may have drawn almost all of it."""
        for lane in lanes:
            if lane.request.walk is None and lane.name in result.lanes:
                texts = [lane.request.url, lane.request.headers, lane.request.json]
                for name in {text.partition(".")[0] for text in placeholders(texts)}:
                    self._used[arm, name] += workers * result.lanes[lane.name].sent
