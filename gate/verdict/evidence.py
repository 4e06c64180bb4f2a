"""Everything that was found out about a candidate, before the decision: changes, answers, objectives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from gate.config.journeys import steady_rps
from gate.config.suite import Suite
from gate.errors import BaselineError
from gate.load.histogram import Histogram
from gate.measure.counts import BLOCK_REQUESTS, is_compared
from gate.record.endpoint import ArmRecord
from gate.record.run import Run
from gate.record.scenario import ScenarioRecord, SocketRecord, StepRecord
from gate.record.value import Notice
from gate.stats.beliefs import Beliefs
from gate.stats.multiplicity import holm
from gate.units import format_count
from gate.verdict.answers import Body, Errors, arm_records, compare_bodies, compare_errors, stored_records, told_kinds
from gate.verdict.change import Changes
from gate.verdict.duets import duet_changes
from gate.verdict.endurance import DEGRADATION, EXPIRIES, judge_endured
from gate.verdict.limit import Limit, Observed
from gate.verdict.limits import judge_limit
from gate.verdict.shared import LATENCY_SHARE
from gate.verdict.stored import stored_changes
from gate.verdict.values import Way


@dataclass(frozen=True)
class Objective:
    """One limit of one endpoint or scenario."""

    owner: str
    limit: Limit
    base: Limit | None
    """The same limit on base or baselines, for ``objectives: ratchet``."""
    gated: bool


@dataclass(frozen=True)
class Evidence:
    """All findings, and the family they form."""

    suite: str
    way: Way
    baselines: tuple[Run, ...]
    level: float
    changes: Changes
    errors: tuple[Errors, ...]
    bodies: tuple[Body, ...]
    objectives: tuple[Objective, ...]
    gated: frozenset[str]
    """Endpoints that may block."""
    silent: tuple[str, ...]
    """What scenarios that may block asked for and never got an answer as expected to, in words."""
    one_host: bool
    candidates: tuple[Run, ...] = ()
    unreached: tuple[tuple[str, Notice], ...] = ()
    """Scenarios that may block whose load this machine did not make, with why."""

    @property
    def latencies(self) -> int:
        """Latencies that may block; they spend their part of the promise by limits of their own."""
        return sum(c.shift is not None and c.endpoint in self.gated for c in self.changes.rows) + sum(
            change.proves for change in self.changes.suite
        )

    def others(self) -> dict[str, float]:
        """Raw p of every test but latencies that may block, by row id."""
        tests: dict[str, float] = {}
        for errors in self.errors:
            if errors.base_share is not None and errors.endpoint in self.gated:
                tests[self.row_id(errors.endpoint, "errors")] = errors.p_more
        for objective in self.objectives:
            if objective.gated and not objective.limit.is_check and objective.limit.n:
                tests[self.row_id(objective.owner, f"limit:{objective.limit.statistic}")] = objective.limit.p_missed
        return tests

    def adjust(self, row_id: str, p: float) -> float:
        """Adjusted p of one of those tests: Holm's, scaled by what latencies leave of the promise.

        A row that may not block takes no part in the family, and is judged as if it were one more of it.
        """
        left = 1 - LATENCY_SHARE if self.latencies else 1.0
        return min(1.0, self._holm.get(row_id, p * (len(self._holm) + 1)) / left)

    @cached_property
    def _holm(self) -> dict[str, float]:
        return holm(self.others())

    def row_id(self, owner: str, metric: str) -> str:
        """Id of a row: suite/endpoint/metric."""
        return f"{self.suite}/{owner}/{metric}"


def gather(suite: Suite, candidates: tuple[Run, ...], baselines: tuple[Run, ...], beliefs: Beliefs) -> Evidence:
    """Find out all there is to know; the way follows from what there is: a base arm, stored runs, or neither."""
    has_base = all("base" in record.arms for run in candidates for record in run.endpoints.values())
    way: Way = "duet" if has_base else "stored" if baselines else "none"
    changes = (
        duet_changes(suite, candidates, beliefs) if way == "duet" else stored_changes(suite, candidates, baselines)
    )
    level = suite.policy.false_block_rate
    new = {name: arm_records(candidates, name, "candidate") for name in suite.endpoints}
    old = {name: _old(way, candidates, baselines, name) for name in suite.endpoints}
    bodies = [
        compare_bodies(name, new[name], old[name])
        for name, endpoint in suite.endpoints.items()
        if endpoint.expect.body.min_bytes is None
    ]
    return Evidence(
        suite=suite.name,
        way=way,
        baselines=baselines if way == "stored" else (),
        level=level,
        changes=changes,
        errors=tuple(
            compare_errors(name, new[name], old[name], level / (3 * len(suite.endpoints))) for name in suite.endpoints
        ),
        bodies=tuple(body for body in bodies if body is not None),
        objectives=(*_endpoint_objectives(suite, new, old), *_scenario_objectives(suite, candidates)),
        gated=frozenset(name for name, endpoint in suite.endpoints.items() if endpoint.gate),
        silent=tuple(_silent(suite, candidates)),
        one_host=all(run.one_host for run in candidates),
        candidates=candidates,
        unreached=tuple(found for found in _unreached(candidates) if _may_block(suite, found[0])),
    )


def _old(way: Way, candidates: tuple[Run, ...], baselines: tuple[Run, ...], name: str) -> list[ArmRecord]:
    if way == "duet":
        return arm_records(candidates, name, "base")
    return stored_records(baselines, candidates[0], name)


def _endpoint_objectives(
    suite: Suite, new: dict[str, list[ArmRecord]], old: dict[str, list[ArmRecord]]
) -> list[Objective]:
    found = []
    for name, endpoint in suite.endpoints.items():
        if not is_compared(suite, name):
            continue
        limits = suite.objectives_of(name)
        if not limits:
            continue
        observed = observe(new[name], endpoint.rate_rps)
        before = _observe_stored(name, old[name], endpoint.rate_rps) if old[name] else None
        for statistic, limit in limits.items():
            base = judge_limit(statistic, limit, before) if before is not None else None
            found.append(Objective(name, judge_limit(statistic, limit, observed), base, endpoint.gate))
    return found


def _observe_stored(name: str, records: list[ArmRecord], rate_rps: float) -> Observed:
    try:
        return observe(records, rate_rps)
    except ValueError as error:
        raise BaselineError(
            f"the latencies of {name} in a stored run cannot be read: {error}",
            "use the gate version that wrote it, or delete it if it is not needed",
        ) from None


def _scenario_objectives(suite: Suite, candidates: tuple[Run, ...]) -> list[Objective]:
    found = []
    for name, scenario in suite.scenarios.items():
        records = [run.reached[name] for run in candidates if name in run.reached]
        why = tuple(notice for of, notice in _unreached(candidates) if of == name)
        for statistic, limit in scenario.objectives.limits().items():
            if statistic in (DEGRADATION, EXPIRIES):
                judged = judge_endured(statistic, limit, records)
            else:
                judged = judge_limit(statistic, limit, observe_scenario(records, steady_rps(suite, name)))
            judged = judged if records or not why else replace(judged, notices=why)
            found.append(Objective(name, judged, None, not scenario.advisory))
    return found


def _silent(suite: Suite, candidates: tuple[Run, ...]) -> Iterator[str]:
    """Scenarios, or single steps of them, of which nothing is known: not made, or nothing answered as expected."""
    # Of several pairs of deployments only the first has scenarios; without it nothing excuses the others.
    asked = [run for run in candidates if run.plan is None or (run.plan.pair == 0 and not run.plan.after)]
    for name in (name for name, scenario in suite.scenarios.items() if not scenario.advisory):
        for record in (run.scenarios.get(name) for run in asked or candidates):
            if record is not None and record.not_reached is not None:
                continue
            if record is None or record.sent == 0:
                yield f"scenario {name} {'was not measured' if record is None else 'sent no request'}"
                continue
            parts: dict[str, ScenarioRecord | StepRecord] = {f"scenario {name}": record}
            if record.completed > 0:
                parts |= {f"{step} in scenario {name}": part for step, part in record.steps.items()}
            for what, part in parts.items():
                if part.sent > 0 and part.completed == 0:
                    kinds = told_kinds(part.errors)
                    yield f"{what} answered none of {format_count(part.sent, 'request')} as expected: {kinds}"


def _may_block(suite: Suite, scenario: str) -> bool:
    return scenario in suite.scenarios and not suite.scenarios[scenario].advisory


def _unreached(candidates: tuple[Run, ...]) -> Iterator[tuple[str, Notice]]:
    for run in candidates:
        for name, record in run.scenarios.items():
            if record.not_reached is not None:
                yield name, record.not_reached


def observe(records: list[ArmRecord], rate_rps: float) -> Observed:
    """One endpoint over all its blocks."""
    blocks = [block for record in records for block in record.blocks if not block.spoiled]
    sent, failed = sum(block.sent for block in blocks), sum(block.errors for block in blocks)
    planned = sum(block.planned for block in blocks)
    sizes = [record.body_max for record in records if record.body_max is not None]
    return Observed(
        histogram=Histogram.of_all(record.histogram for record in records),
        sent=sent,
        failed=failed,
        block_log_means=tuple(block.log_trimmed_mean for block in blocks if block.log_trimmed_mean is not None),
        block_means_s=tuple(block.mean_s for block in blocks if block.mean_s is not None),
        block_errors=tuple(block.errors for block in blocks),
        block_size=float(BLOCK_REQUESTS),
        body_max=max(sizes, default=None),
        achieved_rps=rate_rps * sum(block.n for block in blocks) / planned if planned else math.nan,
    )


def observe_scenario(records: list[ScenarioRecord], rate_rps: float | None) -> Observed:
    """One scenario; at a set rate what counts is the share answered, not the luck of the arrivals."""
    planned, completed = sum(record.planned for record in records), sum(record.completed for record in records)
    elapsed_s = sum(record.elapsed_s for record in records)
    if rate_rps is not None:
        achieved = rate_rps * completed / planned if planned else math.nan
    else:
        achieved = completed / elapsed_s if elapsed_s > 0 else math.nan
    sizes = [record.body_max for record in records if record.body_max is not None]
    failed = sum(sum(record.errors.values()) for record in records)
    sockets = [socket for record in records for socket in record.sockets.values()]
    latencies = [socket.echo for socket in sockets] if sockets else [record.histogram for record in records]
    return Observed(
        histogram=Histogram.of_all(latencies),
        sent=sum(record.sent for record in records),
        failed=failed,
        body_max=max(sizes, default=None),
        achieved_rps=achieved,
        capacity_rps=_capacity_rps(records),
        connect=Histogram.of_all(socket.connect for socket in sockets),
        lost=_lost(sockets),
        unanswered=failed,
        unopened=sum(sum(socket.refused.values()) for socket in sockets),
    )


def _lost(sockets: list[SocketRecord]) -> float:
    """Connections that the server ended; NaN where none was opened, for then there was none to lose."""
    opened = sum(socket.opened for socket in sockets)
    return float(sum(sum(socket.lost.values()) for socket in sockets)) if opened else math.nan


def _capacity_rps(records: list[ScenarioRecord]) -> float:
    """The least that several runs found; zero if one of them met the condition nowhere."""
    searches = [record.search for record in records if record.search is not None]
    return min((search.capacity_rps or 0.0 for search in searches), default=math.nan)
