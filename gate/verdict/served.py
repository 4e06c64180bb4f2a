"""What answers said of their server, gathered from runs: told, not judged. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from gate.config.suite import Suite
from gate.record.run import Run
from gate.record.server import ServerRecord, ServerTime
from gate.record.value import Arm
from gate.verdict.details import Of, Served


def served(suite: Suite, candidates: Sequence[Run], baselines: Sequence[Run]) -> Iterator[Served]:
    """Of every endpoint on every deployment, then of every step of a scenario.

    Parameters
    ----------
    baselines : sequence of Run
        Stored runs they were compared with; one that asked for something else is left out.
    """
    for name in suite.endpoints:
        hashes = {run.endpoints[name].config_hash for run in candidates if name in run.endpoints}
        comparable = [run for run in baselines if name in run.endpoints and run.endpoints[name].config_hash in hashes]
        yield from _one(name, "candidate", "", _of_blocks(candidates, name, "candidate"))
        yield from _one(name, "base", "", _of_blocks(candidates, name, "base"))
        yield from _one(name, "baseline", "", _of_blocks(comparable, name, "candidate"))
    for scenario in suite.scenarios:
        records = [run.scenarios[scenario] for run in candidates if scenario in run.scenarios]
        for step in sorted({step for record in records for step in record.steps}):  # files do not keep their order
            said = [record.steps[step].server for record in records if step in record.steps]
            yield from _one(step, "candidate", scenario, said)


def _of_blocks(runs: Sequence[Run], name: str, arm: Arm) -> list[ServerRecord | None]:
    arms = [run.endpoints[name].arms for run in runs if name in run.endpoints]
    return [records[arm].server for records in arms if arm in records]


def _one(endpoint: str, of: Of, scenario: str, records: Sequence[ServerRecord | None]) -> Iterator[Served]:
    said = [record for record in records if record is not None]
    if not said:
        return
    times: dict[ServerTime, list[float]] = {}
    for record in said:
        for name, spread in record.times.items():
            times.setdefault(name, []).append(spread.p50_s)
    queries = [record.queries for record in said if record.queries is not None]
    n = sum(one.n for one in queries)
    yield Served(
        endpoint=endpoint,
        of=of,
        scenario=scenario,
        looked=sum(record.looked for record in said),
        told=sum(record.told for record in said),
        unread=sum(record.unread for record in said),
        times={name: median(found) for name, found in times.items()},
        queries_n=n,
        queries_mean=sum(one.total for one in queries) / n if n else None,
        queries_least=min((one.least for one in queries), default=None),
        queries_most=max((one.most for one in queries), default=None),
    )
