"""The standard table of a procedure: how often it blocks what is harmless, what it catches, and what that costs.

A cell is one procedure in one case (number of endpoints, what is slower, by how much), simulated in chunks so that
memory stays flat. Finished cells are kept in a file and not measured again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args
from zlib import crc32

import numpy as np

from bench.decision.world import METRICS, Floats, Mask, Noise

Pattern = Literal["none", "one", "p95", "five", "all"]
"""What is slower: nothing, one endpoint drawn at random, only its p95, five endpoints drawn at random, all."""
SLOWDOWNS = (0.02, 0.05, 0.10, 0.20, 0.50)
ENDPOINTS = (1, 2, 3, 5, 8, 20, 50)
CHUNK = 100
"""Pull requests simulated at once."""
_SLOWED = {"none": 0, "one": 1, "p95": 1, "five": 5}


@dataclass(frozen=True)
class Judged:
    """What a procedure did with a batch of pull requests."""

    blocked: Mask
    """Rows that block, shape ``(prs, endpoints, metrics)``."""
    global_blocked: Mask
    """Blocked because everything is slower, shape ``(prs,)``, as all that follow."""
    requests: Floats
    """Sent for the pull request, both arms counted; stored runs are not."""
    remeasured: Mask
    redeployed: Mask
    inconclusive: Mask
    """Left without an answer, whether or not that blocks."""


class Procedure(Protocol):
    """A way to decide on pull requests of a simulated world."""

    @property
    def name(self) -> str:
        """Unique, with every parameter that matters: finished cells are found by it."""

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """Measure and judge a batch whose true log ratios are ``effects``, shape ``(prs, endpoints, 2)``."""


@dataclass(frozen=True)
class Case:
    """One column of the table."""

    endpoints: int
    pattern: Pattern
    slowdown: float = 0.0
    """A ratio: 0.05 is 5 %."""


@dataclass(frozen=True)
class Cell:
    """Counts over simulated pull requests."""

    prs: int
    blocked: int
    """With any block, for whatever reason."""
    caught: int
    """With a block of a slowed endpoint; where all are slower a global block counts too."""
    innocent: int
    """With a block of an endpoint that is not slower."""
    requests: float
    """Sum over pull requests."""
    remeasured: int
    redeployed: int
    inconclusive: int


def standard_cases(endpoints: tuple[int, ...] = ENDPOINTS) -> Iterator[Case]:
    """All cases in which the pattern means something of its own."""
    for count in endpoints:
        yield Case(count, "none")
        for pattern in get_args(Pattern)[1:]:
            if count > _SLOWED.get(pattern, 1) or pattern in ("one", "p95"):
                yield from (Case(count, pattern, slowdown) for slowdown in SLOWDOWNS)


def measure(procedure: Procedure, noise: Noise, case: Case, prs: int, seed: int) -> Cell:
    """Simulate a cell. All procedures meet the same slowed endpoints; the noise they draw themselves."""
    total = np.zeros(7)
    key = crc32(repr(case).encode())
    for chunk, begin in enumerate(range(0, prs, CHUNK)):
        rng = np.random.default_rng([seed, key, chunk])
        effects = draw_effects(rng, case, min(CHUNK, prs - begin))
        total += _count(procedure.judge(rng, noise, effects), effects, case)
    blocked, caught, innocent, requests, remeasured, redeployed, inconclusive = total.tolist()
    return Cell(
        prs, int(blocked), int(caught), int(innocent), requests, int(remeasured), int(redeployed), int(inconclusive)
    )


def draw_effects(rng: np.random.Generator, case: Case, prs: int) -> Floats:
    """True log ratios, shape ``(prs, endpoints, 2)``."""
    slowed = _SLOWED.get(case.pattern, case.endpoints)
    chosen = rng.permuted(np.tile(np.arange(case.endpoints), (prs, 1)), axis=1) < slowed
    metrics = np.array([case.pattern != "p95", True])
    return np.asarray(chosen[:, :, None] * metrics * np.log1p(case.slowdown))


def _count(judged: Judged, effects: Floats, case: Case) -> Floats:
    slowed, flagged = np.any(effects > 0, axis=2), np.any(judged.blocked, axis=2)
    caught = np.any(flagged & slowed, axis=1)
    if case.pattern == "all":
        caught |= judged.global_blocked
    return np.array(
        [
            (np.any(flagged, axis=1) | judged.global_blocked).sum(),
            caught.sum(),
            np.any(flagged & ~slowed, axis=1).sum(),
            judged.requests.sum(),
            judged.remeasured.sum(),
            judged.redeployed.sum(),
            judged.inconclusive.sum(),
        ]
    )


class Cells:
    """Finished cells in a JSON file, written after each one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, dict[str, float]] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def get(self, procedure: Procedure, noise: Noise, case: Case, prs: int, seed: int) -> Cell:
        """The cell, measured now unless it was before with the same arguments.

        The code is no part of the key: after a change of the world or of a procedure the file is to be removed.
        """
        key = f"{procedure.name} | {noise} | {case} | {prs} | {seed}"
        if key not in self._kept:
            self._kept[key] = asdict(measure(procedure, noise, case, prs, seed))
            partial = self._path.with_suffix(".partial")
            partial.write_text(json.dumps(self._kept, indent=0) + "\n", encoding="utf-8")
            partial.replace(self._path)
        return Cell(**self._kept[key])  # type: ignore[arg-type]


def rows(judged: Mask, requests: float) -> Judged:
    """What a rule did that judges once and has nothing but its rows, for a number of requests per pull request."""
    no = np.zeros(len(judged), dtype=bool)
    return Judged(judged, no, np.full(len(judged), float(requests)), no, no, no)


def on_metric(failed: Mask, metric: Literal["centre", "p95"]) -> Mask:
    """Rows of both metrics from a rule that looks at one, shape ``(prs, endpoints)``."""
    mask = np.zeros((*failed.shape, len(METRICS)), dtype=bool)
    mask[..., METRICS.index(metric)] = failed
    return mask
