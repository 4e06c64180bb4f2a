"""Run files from arrays: blocks whose summaries are exactly the figures given."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.hashes import endpoint_hash
from gate.record.endpoint import ArmRecord, Block, EndpointRecord
from gate.record.plan import PlanRecord
from gate.record.run import GeneratorHealth, Run
from gate.record.value import Arm
from gate.stats.constants import DUETS, VERSION
from gate.stats.location import t_location
from tests.builders import ONE_HOST, TODAY, sha_of, suite_of

HISTOGRAM = Histogram.of_all([]).encode()
PATTERN = np.array([-1.5, -0.5, 0.0, 0.5, 1.5])
"""Blocks of a run around their centre; symmetric, so that the centre is their location."""


def plain_suite(endpoints: int, policy: str = "absolute_floor: 0s") -> Suite:
    """A suite of so many endpoints that lets nothing pass for being small."""
    names = [f"e{number:02}" for number in range(endpoints)]
    tolerance = "tolerance: {p50: 0.1%, p95: 0.1%}"
    return suite_of(f"policy: {{{tolerance}, false_block_rate: 1%, {policy}}}\n", names)


def run_from(
    suite: Suite,
    run_id: str,
    arms: Mapping[Arm, np.ndarray],
    *,
    plan: PlanRecord | None = None,
    created: dt.datetime = TODAY,
    one_host: bool = True,
) -> Run:
    """A run whose blocks have the given log values, shape ``(endpoints, 2, rounds)``; NaN is a block not made."""
    names = list(suite.endpoints)
    records = {
        name: EndpointRecord(
            config_hash=endpoint_hash(suite, name),
            arms={arm: _arm(table[place]) for arm, table in arms.items()},
        )
        for place, name in enumerate(names)
    }
    return Run(
        tool="0.0.0",
        suite=suite.name,
        run_id=run_id,
        created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=sha_of("head"),
        environment=ONE_HOST,
        one_host=one_host,
        seed=1,
        complete=True,
        plan=plan,
        ready_after_s=0.5,
        elapsed_s=60.0,
        generator=GeneratorHealth(
            planned=1, sent=1, dropped=0, lag_p50_s=0.0, lag_p99_s=0.0, cpu_share=0.1, repeated=0, spoiled=0,
            peak_in_flight=1,
        ),
        endpoints=records,
    )  # fmt: skip


def _arm(table: np.ndarray) -> ArmRecord:
    blocks = [_block(number, *values) for number, values in enumerate(table.T) if np.isfinite(values).any()]
    return ArmRecord(blocks=blocks, histogram=HISTOGRAM, statuses={"200": BLOCK_REQUESTS * len(blocks)})


def _block(number: int, centre: float, p95: float) -> Block:
    n = BLOCK_REQUESTS
    values = {"log_p50": centre, "log_p95": p95, "log_trimmed_mean": centre}
    known = {name: float(value) for name, value in values.items() if math.isfinite(value)}
    return Block(round=number, order=number, start_s=2.0 * number, planned=n, sent=n, dropped=0, errors=0, n=n, **known)


def plan_of(design: str, part: Literal["first", "fresh"], rounds: Sequence[int], number: int) -> PlanRecord:
    """The plan of one pair of deployments of its own in a staged duet."""
    chosen = next(one for one in DUETS if one.name == design)
    return PlanRecord(
        way="duet",
        design=design,
        constants=VERSION,
        part=part,
        pair=number,
        pairs={"first": chosen.first_pairs, "fresh": chosen.fresh_pairs if chosen.fresh else 0},
        rounds=list(rounds),
        candidate=number,
        base=number,
    )


def pair_from(suite: Suite, run_id: str, differences: np.ndarray, **more) -> Run:
    """A duet whose candidate lies off its base by the given differences, block by block."""
    endpoint, metric, number = np.indices(differences.shape)
    level = -4.0 + 0.1 * endpoint + 0.4 * metric + 0.02 * np.cos(number)
    base = np.where(np.isfinite(differences), level, math.nan)
    return run_from(suite, run_id, {"candidate": base + differences, "base": base}, **more)


def single_from(suite: Suite, run_id: str, values: np.ndarray, variances: np.ndarray, **more) -> Run:
    """A run without a base whose blocks have the given locations and squared errors, shape ``(endpoints, 2)``."""
    scale = np.sqrt(variances / t_location(PATTERN).variance)
    blocks = values[..., np.newaxis] + scale[..., np.newaxis] * PATTERN
    return run_from(suite, run_id, {"candidate": blocks}, **more)


def history_from(suite: Suite, values: np.ndarray, variances: np.ndarray) -> list[Run]:
    """Stored runs, one a day; shape ``(endpoints, 2, runs)``."""
    count = values.shape[-1]
    days: Sequence[dt.datetime] = [TODAY - dt.timedelta(days=count - number) for number in range(count)]
    return [
        single_from(suite, f"b{number:02}", values[..., number], variances[..., number], created=day)
        for number, day in enumerate(days)
    ]
