"""Whether the load generator itself kept up; if it did not, nothing it measured is the preview's doing.

Pure. A block that was sent late is measured again; a run with too many such blocks is not measured.
"""

from __future__ import annotations

from gate.load.histogram import Histogram
from gate.load.job import LaneResult, SegmentResult
from gate.record.run import GeneratorHealth
from gate.record.value import Notice
from gate.stats.sample import quantile, trimmed_mean

SPOILING_S = 0.001
SPOILING_SHARE = {"centre": 0.02, "p95": 0.10}
"""A block is spoiled if late sending alone moved a summary by more than both: a millisecond, below which nothing
blocks by default anyway, and this share."""
MAX_SPOILED_SHARE = 0.10
"""Of the blocks of a run, which stay unused; a single one never ends a run, however short."""
LATE_S = 0.010
LATE_SHARE_OF_LATENCY = 0.10
MAX_LATE_SHARE = 0.02
"""A scenario is not measured if so many requests were later than both: 10 ms, and a tenth of its median latency."""
MAX_CPU_SHARE = 0.80
"""Beyond it libcurl's own queueing shows in the tail."""
MAX_STALL_SHARE = 0.02
LEAST_STALLS = 10
"""A run is not measured if its loop stalled more often than once in fifty requests sent, and more than ten times.

Answers that come in during a stall are noticed late, and no comparison of due and sent instants shows it. A stall
spoils the few requests around it; at one in fifty the p95 of a block of fifty is already decided by another request.
The first connections and other work on the runner stall any loop now and then, hence the ten."""


def is_spoiled(lane: LaneResult) -> bool:
    """Whether the generator's own lateness shows in the summaries of a block.

    Intended latency holds the lag, service latency does not; where their summaries differ by more than the tests
    care about, the block tells of the generator.
    """
    if not lane.samples:
        return False
    pairs = {
        "centre": (trimmed_mean(lane.samples), trimmed_mean(lane.service)),
        "p95": (quantile(lane.samples, 0.95), quantile(lane.service, 0.95)),
    }
    return any(
        not intended - service <= max(SPOILING_S, SPOILING_SHARE[name] * service)
        for name, (intended, service) in pairs.items()
    )


def health_of(
    results: list[SegmentResult], repeated: int, spoiled: int, *, workers: int = 1, capacity_rps: float | None = None
) -> GeneratorHealth:
    """Sum up what the generator recorded about itself over a run."""
    lag = sum((Histogram(result.lag) for result in results), Histogram())
    lanes = [lane for result in results for lane in result.lanes.values()]
    elapsed = sum(result.elapsed_s for result in results)
    return GeneratorHealth(
        planned=sum(lane.planned for lane in lanes),
        sent=sum(lane.sent for lane in lanes),
        dropped=sum(lane.dropped for lane in lanes),
        lag_p50_s=lag.quantile(0.5) if lag.n else 0.0,
        lag_p99_s=lag.quantile(0.99) if lag.n else 0.0,
        cpu_share=sum(result.cpu_s for result in results) / elapsed if elapsed > 0 else 0.0,
        peak_in_flight=max((result.peak_in_flight for result in results), default=0),
        repeated=repeated,
        spoiled=spoiled,
        stalls=sum(result.stalls for result in results),
        longest_turn_s=max((result.longest_turn_s for result in results), default=0.0),
        workers=workers,
        capacity_rps=None if capacity_rps is None else round(capacity_rps, 1),
    )


def complaints(health: GeneratorHealth, blocks: int) -> list[Notice]:
    """Why the run is not measured; empty if the generator kept up. What cannot be compared counts as broken."""
    notices = []
    if health.dropped != 0:
        notices.append(
            Notice(
                code="generator-dropped",
                message=f"{health.dropped} of {health.planned} requests fell due but could not be sent:"
                f" {health.peak_in_flight} were waiting for answers",
                cure="the preview is far slower than the planned rate; lower rate or users",
            )
        )
    if not health.spoiled <= max(1, MAX_SPOILED_SHARE * blocks):
        notices.append(
            Notice(
                code="generator-lag",
                message=f"the load generator was late in {health.spoiled} of {blocks} blocks, even measured again;"
                f" 1 % of its requests were sent more than {health.lag_p99_s * 1e3:.0f} ms late",
                cure="the runner is too busy or too small; lower policy.max_rate or use a larger runner",
            )
        )
    if not health.cpu_share <= MAX_CPU_SHARE:
        notices.append(
            Notice(
                code="generator-cpu",
                message=f"the load generator used {health.cpu_share:.0%} of a core (limit {MAX_CPU_SHARE:.0%})",
                cure="lower policy.max_rate or the rates of the scenarios",
            )
        )
    if not health.stalls <= max(LEAST_STALLS, MAX_STALL_SHARE * health.sent):
        notices.append(
            Notice(
                code="generator-stalled",
                message=f"the load generator stalled {health.stalls} times in {health.sent} requests, for up to"
                f" {health.longest_turn_s * 1e3:.0f} ms: answers that came in meanwhile were seen late",
                cure="the runner is too busy or too small; lower policy.max_rate or use a larger runner",
            )
        )
    return notices


def busy_complaints(name: str, result: SegmentResult) -> list[Notice]:
    """Why a segment is not measured: its generator had too little time left to notice answers as they came.

    So little work that it cannot have delayed anything by more than is allowed is no complaint, however dense.
    """
    share = result.cpu_s / result.elapsed_s if result.elapsed_s > 0 else 0.0
    if share <= MAX_CPU_SHARE or result.cpu_s <= LATE_S:
        return []
    return [
        Notice(
            code="generator-cpu",
            message=f"the load generator used {share:.0%} of a core in scenario {name} (limit {MAX_CPU_SHARE:.0%})",
            cure="lower the scenario's rate or users, or give its users time to think",
        )
    ]


def late_complaints(name: str, result: SegmentResult) -> list[Notice]:
    """Why a scenario is not measured: its generator was late more often than one request in fifty."""
    lag = Histogram(result.lag)
    latency = sum((Histogram(lane.histogram) for lane in result.lanes.values()), Histogram())
    median_s = latency.quantile(0.5) if latency.n else 0.0
    limit_s = max(LATE_S, LATE_SHARE_OF_LATENCY * median_s)
    if not lag.n or lag.quantile(1 - MAX_LATE_SHARE) <= limit_s:
        return []
    return [
        Notice(
            code="generator-lag",
            message=f"the load generator sent more than {MAX_LATE_SHARE:.0%} of scenario {name} over"
            f" {limit_s * 1e3:.0f} ms late",
            cure="the runner is too busy or too small; lower the scenario's rate or use a larger runner",
        )
    ]
