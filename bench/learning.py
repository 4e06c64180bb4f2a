"""How well the gate judges with what it has learnt: hosts that differ, deployments that differ, few and many duets.

``python -m bench.learning --seed 1`` makes histories of same-code duets, learns from each by the code of the gate, and
judges pull requests by what was learnt; it writes ``bench/results/learning.json``. Finished cells are kept in a state
file and not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench import unlearnt
from bench.decision import duets
from bench.decision.world import Floats, Noise
from bench.figures import RESULTS, Figure, publish
from gate.stats.beliefs import Beliefs, assumed, believed
from gate.stats.constants import DUETS
from gate.stats.deployments import SameCode, learn
from gate.stats.duet import Deployed, PairFit, pool_levels
from gate.stats.limits import duet_scores
from gate.verdict.shared import limit_of

ENDPOINTS = 20
DESIGN = next(design for design in DUETS if design.name == "quick 1+1")
FALSE_BLOCKS = 0.01
_CELLS = RESULTS / "learning.cells.json"


@dataclass(frozen=True)
class Cell:
    """One row of the table."""

    duets: int
    """Same-code duets that were stored."""
    rounds: int
    """Pairs of blocks in each, of 50 requests."""
    spread: float
    """Of the hosts' ratio between endpoints."""
    slowdown: float
    """Of one endpoint drawn at random; zero is a harmless pull request."""
    host: float = 0.10
    larger: float = 1.0
    """True sigma_dep over the one that the duets were drawn with."""

    @property
    def name(self) -> str:
        """As published."""
        hosts = (f"host {self.host:.0%} slower" if self.host else "hosts alike") + (
            f" +- {self.spread:.0%} by endpoint" if self.spread else ""
        )
        what = f"caught, one endpoint +{self.slowdown:.0%}" if self.slowdown else "false blocks"
        grown = f", sigma_dep {self.larger - 1:.0%} larger since" if self.larger > 1 else ""
        told = f"{self.duets} same-code duets of {self.rounds} rounds" if self.duets else "no same-code duet"
        return f"{what}: {hosts}, {told}{grown}"


class _Judge(duets.Beliefs):
    """Scores by what was learnt, endpoint by endpoint."""

    def __init__(self, learnt: Beliefs) -> None:
        super().__init__(learnt.sigma_dep, learnt.sigma_common, learnt.offset, learnt.offset_variance)  # type: ignore[arg-type]

    def suite(self, fits: list[PairFit], deployed: list[Deployed]) -> Floats:
        """Scores of the suite as a whole, by its typical endpoint."""
        typical = float(np.sqrt(np.mean(np.square(np.asarray(self.sigma_dep)[:, 0]))))
        offset, known = np.mean(np.asarray(self.offset)[:, 0]), np.mean(np.asarray(self.offset_variance)[:, 0])
        return pool_levels(fits, deployed, typical, self.sigma_common, offset, known).z(0.01)


def learnt_from(noise: Noise, count: int, rounds: int, rng: np.random.Generator) -> Beliefs:
    """What the gate believes after so many duets of the same code on two hosts."""
    if not count:
        return assumed(ENDPOINTS, one_host=False)
    truth = np.zeros((count, ENDPOINTS, 2)) + noise.host + duets._host_spread(noise, ENDPOINTS)
    pair = duets.Pair(noise, truth, rng)
    pair.add(rounds, np.ones(truth.shape, dtype=bool), np.arange(count))
    return believed(learn(SameCode(pair.differences, count)), one_host=False)


def blocked_shares(cell: Cell, seed: int, histories: int, prs: int) -> Floats:
    """Share of pull requests that are blocked, for each history; a suspect is caught if its own row blocks."""
    shares, prs = np.empty(histories), of_cell(cell, prs)
    for number in range(histories):
        rng = np.random.default_rng([seed, zlib.crc32(cell.name.encode()), number])
        before = Noise(host=np.log1p(cell.host), host_spread=cell.spread)
        now = replace(before, deployment=(before.deployment[0] * cell.larger, before.deployment[1] * cell.larger))
        effects = np.zeros((prs, ENDPOINTS, 2))
        which = rng.integers(0, ENDPOINTS, prs)
        effects[np.arange(prs), which] = np.log1p(cell.slowdown)
        hit = (
            _scored(learnt_from(before, cell.duets, cell.rounds, rng), now, effects, which, rng)
            if cell.duets
            else unlearnt.blocked(now, effects, which, rng)
        )
        shares[number] = np.mean(hit)
    return shares


def of_cell(cell: Cell, prs: int) -> int:
    """Pull requests by history: a tenth where the whole verdict judges them, which takes longer."""
    return prs if cell.duets else max(1, prs // 10)


def _scored(
    beliefs: Beliefs, noise: Noise, effects: Floats, which: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Whether each pull request is blocked, or where one endpoint is slower whether that one is."""
    scores = duets.simulate(DESIGN, noise, effects, _Judge(beliefs), rng)
    limit = limit_of(FALSE_BLOCKS, duet_scores(DESIGN.name, ENDPOINTS, beliefs.widest))
    own = scores.rows[np.arange(len(effects)), which].max(axis=1)
    return np.asarray((own if effects.any() else scores.highest) >= limit)


def cells() -> list[Cell]:
    """The whole table."""
    table = [(0, 0), (5, 20), (10, 20), (20, 6), (20, 20)]
    known = [Cell(k, r, spread, slow) for spread in (0.0, 0.03) for k, r in table for slow in (0.0, 0.1, 0.2)]
    alike = [Cell(k, 20, 0.0, slow, host=0.0) for k in (10, 20) for slow in (0.0, 0.1)]
    return [*known, *alike, *(Cell(k, 20, 0.0, 0.0, host=0.0, larger=1.3) for k in (10, 20))]


def figure_of(cell: Cell, shares: Floats, prs: int, command: str) -> Figure:
    """The row of a cell; histories are the units of the interval, for what was learnt is shared within each."""
    half, value = 1.96 * float(shares.std(ddof=1)) / len(shares) ** 0.5, float(shares.mean())
    low, high = max(0.0, value - half), min(1.0, value + half)
    if value in (0.0, 1.0):  # all alike: the exact bounds (Clopper and Pearson 1934) say what so few can show
        reach = 1 - 0.025 ** (1 / (len(shares) * prs))
        low, high = (0.0, reach) if not value else (1 - reach, 1.0)
    goal, name = None, None
    if cell.spread and cell.duets == 20:
        goal = {0.0: "<= 1.5", 0.1: ">= 75", 0.2: ">= 99"}[cell.slowdown]
        name = f"D9-{cell.rounds}-" + {0.0: "false", 0.1: "10", 0.2: "20"}[cell.slowdown]
    elif not cell.duets and cell.spread and not cell.slowdown:
        goal, name = "<= 0", "D9-none"
    elif cell.larger > 1:
        goal, name = "<= 1.5", f"D8-larger-{cell.duets}"
    interval = (round(100 * low, 3), round(100 * high, 3))
    return Figure(cell.name, round(100 * value, 3), "%", goal, len(shares) * prs, interval, command, name)


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog="python -m bench.learning", description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--histories", type=int, default=40)
    options.add_argument("--prs", type=int, default=50, help="pull requests judged by each history")
    chosen = options.parse_args()
    key = f"{chosen.seed}/{chosen.histories}/{chosen.prs}"
    state = json.loads(_CELLS.read_text()) if _CELLS.exists() else {}
    figures = []
    for cell in cells():
        name = f"{key}/{cell.name}"
        if name not in state:
            state[name] = blocked_shares(cell, chosen.seed, chosen.histories, chosen.prs).tolist()
            _CELLS.write_text(json.dumps(state))
            print(f"{100 * np.mean(state[name]):6.2f} % {cell.name}", flush=True)
        figures.append(
            figure_of(
                cell, np.array(state[name]), of_cell(cell, chosen.prs), f"python -m bench.learning --seed {chosen.seed}"
            )
        )
    return 0 if publish("learning", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
