"""What endpoints and scenarios came to, in figures, all runs of the candidate together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from gate.config.loads import Load
from gate.config.scenario import Scenario
from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.record.endpoint import ArmRecord
from gate.record.probes import ProbeOutcome
from gate.record.run import Run
from gate.record.scenario import ScenarioRecord
from gate.verdict.answers import THROTTLED
from gate.verdict.assessment.kinds import came_to, kind_of, statistic_of
from gate.verdict.endurance import DEGRADATION, degradation_of, login_figures
from gate.verdict.figured import Degradation, EndpointFigures, ProbeFigures, ScenarioFigures
from gate.verdict.values import Outcome, Row

_OUTCOMES: dict[Outcome, ProbeOutcome] = {"met": "passed", "missed": "failed"}
"""Of rows: a record of something else than the suite asks now is none of it, and the row says so."""
_GRAVEST: tuple[ProbeOutcome, ...] = ("failed", "not_measured", "passed")


def records_of(runs: Sequence[Run], endpoint: str) -> list[ArmRecord]:
    """Everything that was measured of an endpoint on the candidate."""
    found = [run.endpoints[endpoint].arms for run in runs if endpoint in run.endpoints]
    return [arms["candidate"] for arms in found if "candidate" in arms]


def endpoint_figures(suite: Suite, runs: Sequence[Run]) -> Iterator[EndpointFigures]:
    """Of every endpoint that was measured."""
    for name in suite.endpoints:
        records = records_of(runs, name)
        if not records:
            continue
        kept = [block for record in records for block in record.blocks if not block.spoiled]
        sizes = [(record.body_mean, record.n) for record in records if record.body_mean is not None and record.n]
        answered = sum(n for _, n in sizes)
        yield EndpointFigures(
            endpoint=name,
            sent=sum(block.sent for block in kept),
            failed=sum(block.errors for block in kept),
            left_out=sum(len(record.blocks) for record in records) - len(kept),
            throttled=sum(record.errors.get(THROTTLED, 0) for record in records),
            **_latencies(Histogram.of_all(record.histogram for record in records)),
            body_mean_bytes=sum(size * n for size, n in sizes) / answered if answered else None,
            compressed=sum(record.compressed for record in records) if suite.preview.compression else None,
        )


def scenario_figures(
    suite: Suite, runs: Sequence[Run], rows: Sequence[Row], targets_rps: Mapping[str, float]
) -> Iterator[ScenarioFigures]:
    """Of every scenario that was measured.

    Parameters
    ----------
    targets_rps : mapping
        Rates that the suite names as targets, by scenario.
    """
    for name, scenario in suite.scenarios.items():
        every = [run.scenarios[name] for run in runs if name in run.scenarios]
        records = [record for record in every if record.not_reached is None] or every
        if not records:
            continue
        errors: Counter[str] = Counter()
        for record in records:
            errors.update(record.errors)
        elapsed_s = sum(record.elapsed_s for record in records)
        completed = sum(record.completed for record in records)
        searches = [record.search for record in records if record.search is not None]
        yield ScenarioFigures(
            scenario=name,
            executor=records[0].executor,
            users=_users(scenario.load),
            asked_rps=scenario.load.peak_rps,
            think_s=scenario.load.think_s or 0.0,
            sent=sum(record.sent for record in records),
            completed=completed,
            failed=errors.total(),
            dropped=sum(record.dropped for record in records),
            throttled=errors[THROTTLED],
            errors=dict(sorted(errors.items())),
            rate_rps=completed / elapsed_s if elapsed_s > 0 else None,
            **_latencies(_histogram(records)),
            target_rps=targets_rps.get(name),
            capacity=min((search.capacity for search in searches if search.capacity is not None), default=None),
            capacity_rps=min((s.capacity_rps for s in searches if s.capacity_rps is not None), default=None),
            degradation=_degradation(name, scenario, records, rows) if scenario.load.is_constant else None,
            logins=login_figures(records),
            advisory=scenario.advisory,
            elapsed_s=elapsed_s,
            cut_short=next((record.cut_short.message for record in records if record.cut_short is not None), ""),
            not_reached=next((record.not_reached.message for record in records if record.not_reached is not None), ""),
            came_to=_came_to([row for row in rows if row.endpoint == name]),
        )


def probe_figures(suite: Suite, runs: Sequence[Run], rows: Sequence[Row]) -> Iterator[ProbeFigures]:
    """In the order of the suite, then those it has no more. Of several runs the worst counts, as in the rows."""
    asked = {name for run in runs for name in run.probes}
    in_suite = {probe.name: probe.counted_as for probe in suite.probes if probe.name in asked}
    for name in (*in_suite, *sorted(asked.difference(in_suite))):
        records = [run.probes[name] for run in runs if name in run.probes]
        record = min(records, key=lambda record: _GRAVEST.index(record.outcome))
        mine = [row for row in rows if kind_of(row) == "probe" and row.endpoint == name]
        judged = next((row for row in mine if row.probed is not None), None)
        told = judged.probed if judged is not None and judged.probed is not None else record
        growth = told.growth
        yield ProbeFigures(
            name=name,
            category=next((row.category for row in mine if row.category), in_suite.get(name, record.kind)),
            outcome=record.outcome if judged is None else _OUTCOMES.get(judged.outcome, "not_measured"),
            expected=told.expected,
            seen=told.seen,
            advisory=bool(mine) and not any(row.gated for row in mine),
            rows=[row.id for row in mine],
            of=growth.of if growth else None,
            slope=growth.slope if growth else None,
            lo=growth.lo if growth else None,
            hi=growth.hi if growth else None,
        )


def _degradation(
    name: str, scenario: Scenario, records: Sequence[ScenarioRecord], rows: Sequence[Row]
) -> Degradation | None:
    found = degradation_of(records, scenario.objectives.degradation)
    mine = (row for row in rows if row.endpoint == name and statistic_of(row) == DEGRADATION)
    is_doubtful = any(row.outcome == "inconclusive" for row in mine)
    return found.model_copy(update={"is_doubtful": is_doubtful}) if found is not None else None


def _histogram(records: Sequence[ScenarioRecord]) -> Histogram:
    """Of WebSockets the echoes, as objectives are judged; connecting is told apart."""
    sockets = [socket for record in records for socket in record.sockets.values()]
    return Histogram.of_all([socket.echo for socket in sockets] or [record.histogram for record in records])


def _latencies(found: Histogram) -> dict[str, float | None]:
    if not found.n:
        return dict.fromkeys(("p50_s", "mean_s", "p95_s", "p99_s"))
    quantiles: dict[str, float | None] = {f"p{percent}_s": found.quantile(percent / 100) for percent in (50, 95, 99)}
    return quantiles | {"mean_s": found.mean()}


def _users(load: Load) -> int | None:
    if load.count is not None:
        return load.concurrent or 1
    if load.find == "max_users":
        return int(load.limit or 0)
    return max(load.users) if load.users else None


def _came_to(rows: Sequence[Row]) -> Literal["passed", "failed", "not measured", "no limits"]:
    found = {came_to(row) for row in rows}
    if not found:
        return "no limits"
    return "failed" if "failed" in found else "not measured" if "unmeasured" in found else "passed"
