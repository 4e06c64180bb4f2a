"""Limits of every design, so that a promised share of harmless pull requests is blocked and no more.

``python -m bench.decision constants`` simulates pull requests that change nothing for every design, number of endpoints
and spread of deployments (or number of stored runs), takes the highest score of each, and writes the quantiles of those
into ``gate/stats/constants.py``. Finished cells are kept beside the results, so that it can be stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat

import numpy as np

from bench.decision import baselines, duets
from bench.decision.designs import DUETS, STORED
from bench.decision.duets import Beliefs
from bench.decision.world import Floats, Noise
from gate.stats.designs import DuetDesign, Stage, StoredDesign

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
ENDPOINTS = (5, 20, 50)
"""Limits of the next larger suite hold."""
SIGMAS = (0.01, 0.02, 0.03, 0.05)
"""Of the centre; p95's is twice as large."""
RUNS = (1, 3, 5, 10, 20, 30)
FIXED = (1, 2, 3, 4)
"""Pairs of deployments measured without looking."""
_FIXED_ROUNDS = 8
LEAST, LEAST_CONFIRMED = 2.0, 1.0
"""No limit is lower, even where fewer harmless pull requests than promised come so far: the model may be wrong. Runs
that confirm what another run suspected need not say it as loudly."""
LEAST_UNTIL = 0.05
"""With stored runs larger rates are no promises: they say what is worth measuring again."""
_CHUNK = 500
TARGET = Path(__file__).parents[2] / "gate" / "stats" / "constants.py"


@dataclass(frozen=True)
class Cell:
    """One situation."""

    design: str
    endpoints: int
    at: float
    draw: Callable[[np.random.Generator, Floats, float], Floats]
    """Highest scores of pull requests with the given true changes, given the score from which one run suspects."""
    suspected_share: float | None = None
    """Of harmless pull requests that one run is to suspect."""

    @property
    def key(self) -> str:
        """Name under which it is kept."""
        return f"{self.design} | {self.endpoints} | {self.at:g}"


def cells() -> list[Cell]:
    """Every situation of the table."""
    found = []
    fixed = [
        (f"fixed {pairs}", DuetDesign("fixed", (Stage(pairs * _FIXED_ROUNDS, (-99.0, -99.0)),), (), pairs))
        for pairs in FIXED
    ]
    for name, design in [*((design.name, design) for design in DUETS), *fixed]:
        found += [Cell(name, endpoints, sigma, _duet(design, sigma)) for endpoints in ENDPOINTS for sigma in SIGMAS]
    for stored in STORED:
        found += [
            Cell(f"stored {stored.name}", endpoints, runs, _stored(stored, runs), stored.suspected_share)
            for endpoints in ENDPOINTS
            for runs in RUNS
        ]
    return found


def _duet(design: DuetDesign, sigma: float) -> Callable[[np.random.Generator, Floats, float], Floats]:
    spread = (sigma, 2 * sigma)
    return lambda rng, effects, _: (
        duets.simulate(design, Noise(deployment=spread), effects, Beliefs(spread), rng).highest
    )


def _stored(design: StoredDesign, runs: int) -> Callable[[np.random.Generator, Floats, float], Floats]:
    return lambda rng, effects, suspected_from: (
        baselines.simulate(design, Noise(), effects, runs, rng, suspected_from, lately=False).highest
    )


def measure(cell: Cell, prs: int, seed: int, suspected_from: float) -> tuple[float, ...]:
    """Scores that the given shares of harmless pull requests reach, falling."""
    highest = []
    if cell.endpoints > 20:
        prs //= 2  # they cost more, and few suites are so large
    if cell.endpoints < 20 or (cell.design.startswith("wide") and cell.endpoints == 20):
        prs *= 4  # they cost little, and most suites are so small; deployments differ much until more is learnt
    if cell.design == "stored one" or cell.suspected_share is not None:
        prs *= 4  # the usual cases, and soon done
    for chunk, begin in enumerate(range(0, prs, _CHUNK)):
        rng = np.random.default_rng([seed, chunk, *cell.key.encode()])
        effects = np.zeros((min(_CHUNK, prs - begin), cell.endpoints, 2))
        highest.append(cell.draw(rng, effects, suspected_from))
    found = np.quantile(np.concatenate(highest), [1 - rate for rate in RATES], method="higher")
    return tuple(round(float(max(score, 0.0)), 3) for score in found)


def write(prs: int, seed: int, kept: Path, target: Path = TARGET) -> None:
    """Measure what is not kept yet and write the module."""
    done: dict[str, list[float]] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for number, cell in enumerate(cells(), 1):
        key = f"{cell.key} | {prs} | {seed}"
        if key not in done:
            done[key] = list(measure(cell, prs, seed, _suspected_from(cell, done, f"{prs} | {seed}")))
            kept.write_text(json.dumps(done, indent=0) + "\n", encoding="utf-8")
            print(f"{number} of {len(cells())}: {cell.key}: {done[key]}", flush=True)
    table = {cell.key: done[f"{cell.key} | {prs} | {seed}"] for cell in cells()}
    target.write_text(module(smooth(table), prs, seed), encoding="utf-8")


def _suspected_from(cell: Cell, done: dict[str, list[float]], settings: str) -> float:
    """From which score one run suspects a row, by the cell of one run that came before."""
    if cell.suspected_share is None:
        return -np.inf
    one = done[f"stored one | {cell.endpoints} | {cell.at:g} | {settings}"]
    return float(np.interp(np.log(cell.suspected_share), np.log(RATES), one))


def smooth(table: dict[str, list[float]]) -> dict[str, list[float]]:
    """Limits that never fall with more endpoints, a wider spread or more stored runs: where they do it is luck.

    Runs that confirm are the other way round: the fewer runs are stored, the more of the first one's luck is theirs.
    """
    places = {key: (key.split(" | ")[0], int(key.split(" | ")[1]), float(key.split(" | ")[2])) for key in table}
    smoothed: dict[str, list[float]] = {}
    for key, (design, endpoints, at) in places.items():
        falls = design.startswith("stored confirm")
        below = [
            table[other]
            for other, (name, count, place) in places.items()
            if name == design and count <= endpoints and (place >= at if falls else place <= at)
        ]
        smoothed[key] = [
            max(_least(design, rate), *column) for rate, column in zip(RATES, zip(*below, strict=True), strict=True)
        ]
    return smoothed


def _least(design: str, rate: float) -> float:
    if design.startswith("stored confirm"):
        return LEAST_CONFIRMED
    return 0.0 if design.startswith("stored ") and rate > LEAST_UNTIL else LEAST


def module(table: dict[str, list[float]], prs: int, seed: int) -> str:
    """The module of constants as text."""
    limits: dict[str, list[str]] = {}
    for key, scores in table.items():
        design, endpoints, at = key.split(" | ")
        row = ", ".join(f"{score:g}" for score in scores)
        limits.setdefault(design, []).append(f"        Limits({endpoints}, {float(at):g}, ({row})),")
    of_duets = {name: rows for name, rows in limits.items() if not name.startswith("stored ")}
    of_stored = {name.removeprefix("stored "): rows for name, rows in limits.items() if name.startswith("stored ")}
    return _MODULE.format(
        command=f"python -m bench.decision constants --seed {seed} --prs {prs}",
        rates=RATES,
        duets=_listed(DUETS),
        stored=_listed(STORED),
        duet_limits=_mapped(of_duets),
        stored_limits=_mapped(of_stored),
    )


def _listed(designs: tuple[object, ...]) -> str:
    return "".join(f"    {pformat(design, width=112, compact=True)},\n" for design in designs)


def _mapped(limits: dict[str, list[str]]) -> str:
    return "".join(f'    "{name}": (\n' + "\n".join(rows) + "\n    ),\n" for name, rows in limits.items())


_MODULE = '''"""Constants of the decision: stages, suspicion and limits; written by a command, not by hand.

``{command}``
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.stats.designs import DuetDesign, Limits, Stage, StoredDesign

VERSION = "1"
RATES = {rates}
"""Shares of harmless pull requests that are blocked."""

DUETS = (
{duets})
DUET_LIMITS: Mapping[str, tuple[Limits, ...]] = {{
{duet_limits}}}

STORED = (
{stored})
STORED_LIMITS: Mapping[str, tuple[Limits, ...]] = {{
{stored_limits}}}
'''
