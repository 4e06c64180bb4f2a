"""Sound runs made by hand: seeded noise, known truths."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

from gate.config.models import Suite
from gate.load.histogram import Histogram
from gate.measure.plan import endpoint_hash, scenario_hash
from gate.record.run import (
    Arm,
    ArmRecord,
    Block,
    EndpointRecord,
    Environment,
    GeneratorHealth,
    Run,
    ScenarioRecord,
)
from gate.stats.sample import quantile, trimmed_mean

MEDIAN_S = 0.020
ENVIRONMENT = Environment(host="*.example.app", runner="local/Linux/x86_64")


def blocks(
    draw: Random, *, n: int, median_s: float, sd: float = 0.2, failing: float = 0.0, size: int = 50
) -> tuple[list[Block], Histogram]:
    """Blocks of log-normal latencies; a share ``failing`` of the requests is answered with errors."""
    made, histogram = [], Histogram()
    for number in range(n):
        errors = round(failing * size)
        level = draw.gauss(0, 0.02)
        samples = [median_s * math.exp(draw.gauss(level, sd)) for _ in range(size - errors)]
        for sample in samples:
            histogram.record(sample)
        logs = [math.log(sample) for sample in samples]
        made.append(
            Block(
                round=number,
                order=number,
                start_s=float(number),
                planned=size,
                sent=size,
                dropped=0,
                errors=errors,
                n=len(samples),
                log_p50=quantile(logs, 0.5) if logs else None,
                log_p95=quantile(logs, 0.95) if logs else None,
                log_trimmed_mean=trimmed_mean(logs) if logs else None,
                mean_s=math.fsum(samples) / len(samples) if samples else None,
            )
        )
    return made, histogram


def arm(draw: Random, *, n: int, slow: float, failing: float, body: int) -> ArmRecord:
    made, histogram = blocks(draw, n=n, median_s=MEDIAN_S * slow, failing=failing)
    errors = sum(block.errors for block in made)
    answered = sum(block.n for block in made)
    return ArmRecord(
        blocks=made,
        histogram=histogram.encode(),
        errors={"status_500": errors} if errors else {},
        statuses={k: v for k, v in {"200": answered, "500": errors}.items() if v},
        body_mean=float(body) if answered else None,
        body_min=body if answered else None,
        body_max=body if answered else None,
    )


def run(
    suite: Suite,
    seed: int,
    *,
    slow: Mapping[str, float] | None = None,
    failing: Mapping[str, float] | None = None,
    body: Mapping[str, int] | None = None,
    base: bool = False,
    runner: float = 0.0,
    one_host: bool = True,
    rounds: int = 8,
    **changes: object,
) -> Run:
    """One sound run.

    ``slow`` multiplies the candidate's latency of an endpoint, ``"*"`` of all; ``runner`` is the standard deviation of
    what all endpoints of the run share.
    """
    draw = Random(seed)
    shared = math.exp(draw.gauss(0, runner)) if runner else 1.0
    slow, failing, body = slow or {}, failing or {}, body or {}
    endpoints = {}
    for name in suite.endpoints:
        own = math.exp(draw.gauss(0, 0.01)) * shared
        factors: dict[Arm, float] = {"candidate": own * slow.get(name, slow.get("*", 1.0))}
        if base:
            factors["base"] = own
        arms = {
            which: arm(
                draw,
                n=rounds,
                slow=factor,
                failing=failing.get(name, 0.0) if which == "candidate" else 0.0,
                body=body.get(name, 1000) if which == "candidate" else 1000,
            )
            for which, factor in factors.items()
        }
        endpoints[name] = EndpointRecord(config_hash=endpoint_hash(suite, name), arms=arms)
    values: dict[str, object] = {
        "tool": "0.0.0",
        "suite": suite.name,
        "run_id": f"{seed:012x}",
        "created": f"2026-11-{1 + seed % 20:02d}T12:00:{seed % 60:02d}Z",
        "commit": "abcdef0123456789abcdef0123456789abcdef01",
        "environment": ENVIRONMENT,
        "one_host": one_host,
        "seed": seed,
        "complete": True,
        "ready_after_s": 0.1,
        "elapsed_s": 10.0,
        "generator": GeneratorHealth(
            planned=1,
            sent=1,
            dropped=0,
            lag_p50_s=0.0,
            lag_p99_s=0.0,
            cpu_share=0.1,
            repeated=0,
            spoiled=0,
            peak_in_flight=1,
        ),
        "endpoints": endpoints,
    }
    return Run.model_validate(values | changes)


def stored(suite: Suite, count: int, **how: object) -> list[Run]:
    """Runs of main, one a day, all before any candidate made with a day of its own."""
    return [
        run(suite, 1000 + number, created=f"2026-10-{1 + number:02d}T12:00:00Z", commit=f"{number:040x}", **how)
        for number in range(count)
    ]


def scenario(suite: Suite, name: str, *, completed: int, failed: int = 0, median_s: float = MEDIAN_S) -> ScenarioRecord:
    """A scenario of a fixed count."""
    draw, histogram = Random(7), Histogram()
    for _ in range(completed):
        histogram.record(median_s * math.exp(draw.gauss(0, 0.2)))
    return ScenarioRecord(
        config_hash=scenario_hash(suite, name),
        executor="count",
        elapsed_s=5.0,
        planned=completed + failed,
        sent=completed + failed,
        dropped=0,
        completed=completed,
        errors={"status_500": failed} if failed else {},
        histogram=histogram.encode(),
        body_max=1000,
    )
