"""Results of segments gathered into the records of a run."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import get_args

from gate.load.health import is_spoiled
from gate.load.histogram import Histogram
from gate.load.job import LaneResult, ServerResult
from gate.load.merge import both_servers
from gate.load.server_tally import MORE_QUERIES
from gate.record.endpoint import ArmRecord, Block, Phase
from gate.record.server import QueriesRecord, ServerRecord, ServerTime
from gate.record.value import Spread
from gate.stats.sample import quantile, trimmed_mean

_PHASES: tuple[Phase, ...] = get_args(Phase)
_TIMES: tuple[ServerTime, ...] = get_args(ServerTime)


@dataclass
class ArmTally:
    """One endpoint on one deployment while the run goes on."""

    blocks: list[Block] = field(default_factory=list)
    histogram: Histogram = field(default_factory=Histogram)
    errors: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    body_bytes: int = 0
    body_sizes: list[int] = field(default_factory=list)
    new_connections: int = 0
    phases: dict[str, Histogram] = field(default_factory=dict)
    first: Histogram = field(default_factory=Histogram)
    protocols: Counter[str] = field(default_factory=Counter)
    resent: int = 0
    compressed: int = 0
    server: ServerResult = field(default_factory=ServerResult)

    def add(self, lane: LaneResult, number: int, order: int, start_s: float) -> None:
        """Take in one block; a spoiled one is listed, but its latencies do not join the others."""
        block = block_of(lane, number, order, start_s)
        self.blocks.append(block)
        if not block.spoiled:
            self.histogram += Histogram(lane.histogram)
            self.first += Histogram(lane.first)
            for phase, counts in lane.phases.items():
                self.phases[phase] = self.phases.get(phase, Histogram()) + Histogram(counts)
            self.server = both_servers(self.server, lane.server)
        self.errors.update(lane.errors)
        self.statuses.update(lane.statuses)
        self.body_bytes += lane.body_bytes
        self.body_sizes.extend(size for size in (lane.body_min, lane.body_max) if size is not None)
        self.new_connections += lane.new_connections
        self.protocols.update(lane.protocols)
        self.resent += lane.resent
        self.compressed += lane.compressed

    def record(self) -> ArmRecord:
        """What is written to the run."""
        n = sum(block.n for block in self.blocks)
        return ArmRecord(
            blocks=self.blocks,
            histogram=self.histogram.encode(),
            errors=dict(sorted(self.errors.items())),
            statuses=dict(sorted(self.statuses.items())),
            body_mean=self.body_bytes / n if n else None,
            body_min=min(self.body_sizes, default=None),
            body_max=max(self.body_sizes, default=None),
            new_connections=self.new_connections,
            phases={
                phase: spread
                for phase in _PHASES
                if (spread := spread_of(self.phases.get(phase, Histogram()))) is not None
            },
            first=spread_of(self.first),
            protocols=dict(sorted(self.protocols.items())),
            resent=self.resent,
            compressed=self.compressed,
            server=server_record(self.server),
        )


def spread_of(histogram: Histogram) -> Spread | None:
    """A few figures of a histogram; None if it is empty."""
    if not histogram.n:
        return None
    p50_s, p95_s, max_s = (round(histogram.quantile(q), 7) for q in (0.5, 0.95, 1.0))
    return Spread(n=histogram.n, p50_s=p50_s, p95_s=p95_s, max_s=max_s)


def server_record(said: ServerResult) -> ServerRecord | None:
    """What answers said of their server; None if nobody looked."""
    if not said.looked:
        return None
    spreads = {name: spread_of(Histogram(said.times.get(name, {}))) for name in _TIMES}
    return ServerRecord(
        looked=said.looked,
        told=said.told,
        unread=said.unread,
        queries=_queries(said),
        times={name: spread for name, spread in spreads.items() if spread is not None},
        db_total_s=_total_s(said.times.get("db", {})),
    )


def _total_s(times: dict[int, int]) -> float | None:
    """Sum of the times of a histogram, within its resolution."""
    histogram = Histogram(times)
    return float(f"{histogram.mean() * histogram.n:.6g}") if histogram.n else None


def _queries(said: ServerResult) -> QueriesRecord | None:
    if said.queries_min is None or said.queries_max is None:
        return None
    return QueriesRecord(
        n=sum(said.queries.values()),
        total=said.queries_sum,
        least=said.queries_min,
        most=said.queries_max,
        counts={
            f"{MORE_QUERIES}+" if number == MORE_QUERIES else str(number): count
            for number, count in sorted(said.queries.items())
        },
    )


def block_of(lane: LaneResult, number: int, order: int, start_s: float) -> Block:
    """Summaries of one block; none where nothing was answered as expected."""
    samples = lane.samples
    logs = [math.log(max(sample, 1e-6)) for sample in samples]
    return Block(
        round=number,
        order=order,
        start_s=round(start_s, 6),
        planned=lane.planned,
        sent=lane.sent,
        dropped=lane.dropped,
        errors=sum(lane.errors.values()),
        n=lane.completed,
        spoiled=is_spoiled(lane),
        log_p50=_rounded(quantile(logs, 0.5)) if logs else None,
        log_p95=_rounded(quantile(logs, 0.95)) if logs else None,
        log_trimmed_mean=_rounded(trimmed_mean(logs)) if logs else None,
        mean_s=_rounded(math.fsum(samples) / len(samples)) if samples else None,
    )


def _rounded(value: float) -> float:
    """Nine digits are far below any noise and keep records small."""
    return float(f"{value:.9g}")
