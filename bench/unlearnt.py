"""Pull requests judged by the shipped verdict when nothing was learnt of two remote hosts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.decision import duets
from bench.decision.world import Floats, Noise
from gate.baseline.select import Selection
from gate.config.read import read_suite
from gate.config.suite import Suite
from gate.load.histogram import Histogram
from gate.measure.hashes import endpoint_hash
from gate.record.endpoint import ArmRecord, Block, EndpointRecord
from gate.record.run import Environment, GeneratorHealth, Run
from gate.record.value import Arm
from gate.verdict.rules import judge

ROUNDS = 15
_BASE_LOG_S = float(np.log(0.1))


def blocked(noise: Noise, effects: Floats, which: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether each pull request is blocked, or where one endpoint is slower whether that one is."""
    pair = duets.Pair(noise, effects + noise.host + duets._host_spread(noise, effects.shape[1]), rng)
    pair.add(ROUNDS, np.ones(effects.shape, dtype=bool), np.arange(len(effects)))
    names = [f"e{number:02d}" for number in range(effects.shape[1])]
    text = "endpoints:\n" + "".join(f"  {name}: GET /{name}\n" for name in names)
    suite = read_suite(text.encode(), "gate.yml")
    found = []
    for differences, number in zip(pair.differences, which, strict=True):
        verdict = judge(suite, (_run(suite, names, differences),), Selection(()), "study")
        slow = {row.endpoint for row in verdict.rows if row.outcome == "regressed"}
        found.append(names[number] in slow if effects.any() else verdict.verdict != "APPROVED")
    return np.array(found)


def _run(suite: Suite, names: list[str], differences: Floats) -> Run:
    sides: dict[Arm, Floats] = {"candidate": differences, "base": np.zeros(differences.shape)}
    empty = Histogram().encode()
    count = duets.BLOCK_REQUESTS * ROUNDS * len(names) * len(sides)
    return Run(
        tool="study",
        suite=suite.name,
        run_id="c0",
        created="2026-01-01T00:00:00Z",
        commit="c" * 40,
        environment=Environment(host="other", runner="study"),
        one_host=False,
        seed=1,
        complete=True,
        ready_after_s=0.0,
        elapsed_s=60.0,
        generator=GeneratorHealth(
            planned=count,
            sent=count,
            dropped=0,
            lag_p50_s=0.0,
            lag_p99_s=0.0,
            cpu_share=0.1,
            repeated=0,
            spoiled=0,
            peak_in_flight=1,
        ),
        endpoints={
            name: EndpointRecord(
                config_hash=endpoint_hash(suite, name),
                arms={
                    arm: ArmRecord(blocks=_blocks(values[place]), histogram=empty, statuses={"200": 1})
                    for arm, values in sides.items()
                },
            )
            for place, name in enumerate(names)
        },
    )


def _blocks(values: Floats) -> list[Block]:
    n = duets.BLOCK_REQUESTS
    return [
        Block(
            round=number,
            order=number,
            start_s=float(number),
            planned=n,
            sent=n,
            dropped=0,
            errors=0,
            n=n,
            log_p50=_BASE_LOG_S + float(centre),
            log_p95=_BASE_LOG_S + float(p95),
            log_trimmed_mean=_BASE_LOG_S + float(centre),
        )
        for number, (centre, p95) in enumerate(values.T)
    ]
