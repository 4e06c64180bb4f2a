"""What was measured beside what is judged, gathered from runs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.record.endpoint import ArmRecord, Phase
from gate.record.run import Run
from gate.record.scenario import JourneyRecord, ScenarioRecord, StepRecord
from gate.record.value import Arm
from gate.verdict.assessment.watch import renamed_in
from gate.verdict.details import Answers, Details, Of, Part, Search, Traffic
from gate.verdict.served import served
from gate.verdict.told import statements, watched


def details_of(suite: Suite, candidates: Sequence[Run], baselines: Sequence[Run]) -> Details:
    """Everything of some runs that no row shows.

    Parameters
    ----------
    baselines : sequence of Run
        Stored runs they were compared with.
    """
    return Details(
        ready_after_s=[run.ready_after_s for run in candidates],
        answers=[answers for name in suite.endpoints for answers in _answers(name, candidates, baselines)],
        served=list(served(suite, candidates, baselines)),
        watched=list(watched(candidates, renamed_in(suite))),
        statements=statements(candidates),
        traffic=[part for name in suite.scenarios for part in _traffic(suite, name, candidates)],
        searches=[search for name in suite.scenarios for search in _searches(suite, name, candidates)],
    )


def _answers(name: str, candidates: Sequence[Run], baselines: Sequence[Run]) -> Iterator[Answers]:
    hashes = {run.endpoints[name].config_hash for run in candidates if name in run.endpoints}
    comparable = [run for run in baselines if name in run.endpoints and run.endpoints[name].config_hash in hashes]
    deployments: tuple[tuple[Of, Sequence[Run], Arm], ...] = (
        ("candidate", candidates, "candidate"),
        ("base", candidates, "base"),
        ("baseline", comparable, "candidate"),
    )
    for of, runs, arm in deployments:
        told = [
            (run, run.endpoints[name].arms[arm])
            for run in runs
            if name in run.endpoints and arm in run.endpoints[name].arms and run.endpoints[name].arms[arm].phases
        ]
        if told:
            yield _answers_of(name, of, arm, told)


def _answers_of(name: str, of: Of, arm: Arm, told: Sequence[tuple[Run, ArmRecord]]) -> Answers:
    records = [record for _, record in told]
    phases: dict[Phase, list[float]] = {}
    for record in records:
        for phase, spread in record.phases.items():
            phases.setdefault(phase, []).append(spread.p50_s)
    warm = [run.warmup[name][arm] for run, _ in told if arm in run.warmup.get(name, {})]
    return Answers(
        endpoint=name,
        of=of,
        runs=len(records),
        n=sum(record.n for record in records),
        phases={phase: median(found) for phase, found in phases.items()},
        new_connection_s=_median(record.first.p50_s for record in records if record.first is not None),
        cold_start_s=_median(one.cold_start_s for one in warm if one.cold_start_s is not None),
        protocols=_summed(record.protocols for record in records),
        resent=sum(record.resent for record in records),
        compressed=sum(record.compressed for record in records),
    )


def _traffic(suite: Suite, name: str, runs: Sequence[Run]) -> Iterator[Traffic]:
    records = [run.reached[name] for run in runs if name in run.reached]
    if not records or suite.scenarios[name].load.find is not None:
        return  # a search goes on until the preview is too slow: only its levels say something
    elapsed_s = sum(record.elapsed_s for record in records)
    yield _pooled(name, "all", name, elapsed_s, [_counted(record) for record in records])
    for step in dict.fromkeys(step for record in records for step in record.steps):
        parts = [_counted(record.steps[step]) for record in records if step in record.steps]
        yield _pooled(name, "step", step, elapsed_s, parts)
    for journey in dict.fromkeys(journey for record in records for journey in record.journeys):
        parts = [_counted_journey(record.journeys[journey]) for record in records if journey in record.journeys]
        yield _pooled(name, "journey", journey, elapsed_s, parts)


@dataclass(frozen=True)
class _Counted:
    begun: int
    completed: int
    dropped: int
    failed: int
    errors: Mapping[str, int]
    histogram: Histogram


def _counted(record: ScenarioRecord | StepRecord) -> _Counted:
    failed = sum(record.errors.values())
    latency = Histogram.decode(record.histogram)
    return _Counted(record.planned, record.completed, record.dropped, failed, record.errors, latency)


def _counted_journey(record: JourneyRecord) -> _Counted:
    failed = record.begun - record.completed - record.dropped
    return _Counted(
        record.begun, record.completed, record.dropped, max(0, failed), {}, Histogram.decode(record.histogram)
    )


def _pooled(scenario: str, part: Part, name: str, elapsed_s: float, parts: Sequence[_Counted]) -> Traffic:
    latency = sum((counted.histogram for counted in parts), Histogram())
    completed = sum(counted.completed for counted in parts)
    p50_s, p95_s, p99_s = (latency.quantile(q) if latency.n else None for q in (0.5, 0.95, 0.99))
    return Traffic(
        scenario=scenario,
        part=part,
        name=name,
        begun=sum(counted.begun for counted in parts),
        completed=completed,
        dropped=sum(counted.dropped for counted in parts),
        failed=sum(counted.failed for counted in parts),
        errors=_summed(counted.errors for counted in parts),
        rate_rps=completed / elapsed_s if elapsed_s > 0 else None,
        p50_s=p50_s,
        p95_s=p95_s,
        p99_s=p99_s,
    )


def _searches(suite: Suite, name: str, runs: Sequence[Run]) -> Iterator[Search]:
    of: Literal["rate", "users"] = "rate" if suite.scenarios[name].load.is_open else "users"
    for record in (run.reached[name] for run in runs if name in run.reached):
        if record.search is not None:
            yield Search(scenario=name, of=of, until=record.search.until, levels=record.search.levels)
        elif record.levels:
            yield Search(scenario=name, of=of, until="", levels=record.levels)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))
