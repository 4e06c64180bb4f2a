"""Histories of main in which the truth is known: twenty endpoints on runners that differ, one metric at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.decision.world import Floats, Noise, draw_runs, student
from gate.baseline.series import Series, common_variance, levels_of, series_of
from gate.stats.shared import separate

ENDPOINTS, REQUESTS = 20, 1_000
METRICS = {"p50": 0, "p95": 1}


@dataclass(frozen=True)
class World:
    """How runs of main vary."""

    name: str
    noise: Noise
    odd_share: float = 0.0
    """So many values of an endpoint went wrong by 10 to 50 %, mostly upwards."""
    correlation: float = 0.0
    """Between one run's own effect and the next's."""


USUAL = World("t5 tails", Noise())
WORLDS = (
    USUAL,
    World("t3 tails", replace(Noise(), tails=3.0)),
    World("one run in twelve gone wrong", Noise(), odd_share=0.08),
    World("runs correlated by 0.3", Noise(), correlation=0.3),
)


def histories(rng: np.random.Generator, world: World, runs: int, count: int, endpoints: int = ENDPOINTS) -> Floats:
    """Natural logs of values, shape ``(count, endpoints, runs, 2)``."""
    noise = replace(world.noise, run=(0.0, 0.0))
    values = np.moveaxis(draw_runs(rng, noise, endpoints, REQUESTS, (count, runs)), 2, 1)
    of_runs = [_of_runs(rng, world, sd, (count, endpoints, runs)) for sd in world.noise.run]
    values += np.stack([of_runs[0], of_runs[0] + of_runs[1]], axis=-1)
    odd = rng.random(values.shape[:-1]) < world.odd_share
    size = rng.uniform(0.1, 0.5, odd.sum()) * rng.choice([-1.0, 1.0, 1.0], odd.sum())
    values[odd] += size[:, np.newaxis]
    return np.asarray(values)


def _of_runs(rng: np.random.Generator, world: World, sd: float, shape: tuple[int, ...]) -> Floats:
    """What a run does to an endpoint beyond its requests."""
    effects = student(rng, sd, world.noise.tails, shape)
    for run in range(1, shape[-1]):
        fresh = np.sqrt(1 - world.correlation**2) * effects[..., run]
        effects[..., run] = world.correlation * effects[..., run - 1] + fresh
    return effects


def own_values(values: Floats) -> Floats:
    """What is left of one history and metric, shape ``(endpoints, runs)``, when what runs share is taken out."""
    return separate(values, levels_of).own


def series_in(values: Floats) -> list[Series]:
    """The series of every endpoint in one history and metric, as the gate makes them."""
    own = own_values(values)
    prior = common_variance(own)
    made = [series_of(str(row), "p50", own[row], prior, ()) for row in range(len(own))]
    return [series for series in made if series is not None]
