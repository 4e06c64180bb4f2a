"""How answers spread over bands of latency, from histograms. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.record.run import Run
from gate.verdict.assessed import Of
from gate.verdict.assessment.figures import records_of
from gate.verdict.figured import Band

EDGES_S = (0.05, 0.2, 0.5)
"""Below 50 ms nobody notices, up to 200 ms it feels immediate, beyond 500 ms people wait."""


def bands(suite: Suite, runs: Sequence[Run]) -> Iterator[Band]:
    """Of every endpoint, of all endpoints together, and of every scenario of requests; answers as expected alone.

    Counts are exact as far as buckets tell: one that an edge runs through belongs where its middle is, and is at most
    0.1 % wide.
    """
    whole = Histogram()
    for name in suite.endpoints:
        found = Histogram.of_all(record.histogram for record in records_of(runs, name))
        whole += found
        yield from _bands(name, "endpoint", found)
    yield from _bands("*", "endpoint", whole)
    for name in suite.scenarios:
        records = [run.reached[name] for run in runs if name in run.reached]
        if not any(record.sockets or record.search is not None for record in records):
            yield from _bands(name, "scenario", Histogram.of_all(record.histogram for record in records))


def _bands(name: str, of: Of, found: Histogram) -> Iterator[Band]:
    if not found.n:
        return
    above = [found.n, *(found.count_above(edge) for edge in EDGES_S), 0]
    edges = (0.0, *EDGES_S, None)
    for (begin, end), (more, fewer) in zip(pairwise(edges), pairwise(above), strict=True):
        yield Band(endpoint=name, of=of, from_s=begin or 0.0, to_s=end, count=more - fewer, n=found.n)
