"""Whether a slowdown of the size that a row says it would catch four times in five is caught so often.

``python -m bench.power --seed 1`` asks the gate for that size, makes pull requests with one endpoint slower by just so
much, judges them by the statistics of the gate, and writes ``bench/results/power.json``; some minutes. Finished cells
are kept in a state file and not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

import numpy as np

from bench.decision import baselines, duets
from bench.decision.baselines import REQUEST_VARIANCE, STORED_REQUESTS
from bench.decision.world import Floats, Noise, draw_runs
from bench.figures import RESULTS, Figure, publish
from gate.stats.constants import DUETS, STORED
from gate.stats.designs import DuetDesign, StoredDesign
from gate.stats.limits import duet_scores, limit_at, stored_scores, suspected_from
from gate.stats.power import detectable_duet, detectable_stored
from gate.stats.stored import compare_stored

ENDPOINTS, PRS, RATE = 20, 1_000, 0.01
_METRICS = ("p50", "p95")
_WORLDS = ((0.01, 0.02), (0.03, 0.06))
_CELLS = RESULTS / "power.cells.json"
_SEEN_PRS = 400
"""Harmless pull requests from which the typical noise is read."""


@dataclass(frozen=True)
class Case:
    """One procedure in one world."""

    way: str
    design: str
    sigma: tuple[float, float] = (0.01, 0.02)
    """Of a duet, as true and as believed."""
    runs: int = 0
    """Stored runs."""

    @property
    def name(self) -> str:
        """As published."""
        if self.way == "stored":
            return f"stored {self.design}, {self.runs} runs"
        return f"duet {self.design}, sigma_dep {100 * self.sigma[0]:g}/{100 * self.sigma[1]:g} %"


def cases() -> list[Case]:
    """Duets with and without fresh deployments; one candidate run, and three more of the suspects."""
    designs = ("quick 1+0", "quick 1+1", "thorough 1+1", "quick 2+2")
    stored = [Case("stored", design, runs=runs) for design in ("one", "confirm") for runs in (5, 20)]
    return [Case("duet", design, sigma) for design in designs for sigma in _WORLDS] + stored


def measured(case: Case, metric: int, seed: int, prs: int) -> tuple[float, float]:
    """The size told of the typical endpoint, and the share of pull requests caught at each endpoint's own."""
    sizes, limit = _duet_sizes(case, seed) if case.way == "duet" else _stored_sizes(case, seed)
    rng, effects, who = _slowed(seed, prs, sizes, metric)
    if case.way == "duet":
        noise, beliefs = Noise(deployment=case.sigma), duets.Beliefs(case.sigma)
        scores = duets.simulate(_duet(case), noise, effects, beliefs, rng)
    else:
        suspected = suspected_from(_stored(case), ENDPOINTS, case.runs)
        scores = baselines.simulate(_stored(case), Noise(), effects, case.runs, rng, suspected)
    caught = scores.rows[np.arange(prs), who, metric] >= limit
    return float(np.median(sizes[:, metric])), float(np.mean(caught))


def _duet(case: Case) -> DuetDesign:
    return next(design for design in DUETS if design.name == case.design)


def _stored(case: Case) -> StoredDesign:
    return next(design for design in STORED if design.name == case.design)


def _duet_sizes(case: Case, seed: int) -> tuple[Floats, float]:
    limit = limit_at(RATE, duet_scores(case.design, ENDPOINTS, case.sigma[0]))
    return detectable_duet(_pair_variance(seed), _duet(case), case.sigma, limit), limit


def _stored_sizes(case: Case, seed: int) -> tuple[Floats, float]:
    limit = limit_at(RATE, stored_scores(case.design, ENDPOINTS, case.runs))
    seen = _stored_variances(Noise(), case.runs, seed)
    suspected = suspected_from(_stored(case), ENDPOINTS, case.runs)
    found = detectable_stored(*seen, _stored(case), limit, suspected_from=suspected, endpoints=ENDPOINTS)
    return found, limit


def _pair_variance(seed: int) -> Floats:
    pair = duets.Pair(
        Noise(deployment=(0.0, 0.0)), np.zeros((_SEEN_PRS, ENDPOINTS, 2)), np.random.default_rng([seed, 1])
    )
    pair.add(7, np.ones((_SEEN_PRS, ENDPOINTS, 2), dtype=bool), np.arange(_SEEN_PRS))
    return np.asarray(7 * pair.fit(np.arange(_SEEN_PRS)).variance.mean(axis=0))


def _stored_variances(noise: Noise, runs: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Of one run of the candidate and of the stored centre, and their degrees of freedom."""
    drawn = draw_runs(np.random.default_rng([seed, 2]), noise, ENDPOINTS, STORED_REQUESTS, (_SEEN_PRS, runs + 1))
    values = np.moveaxis(drawn, 1, -1)
    errors = np.broadcast_to((REQUEST_VARIANCE / STORED_REQUESTS)[:, np.newaxis], values.shape)
    rows = compare_stored(values[..., :-1], values[..., -1:], errors[..., :-1], errors[..., -1:]).rows
    return rows.candidate_variance.mean(axis=0), rows.stored_variance.mean(axis=0), rows.df.mean(axis=0)


def _slowed(
    seed: int, prs: int, sizes: Floats, metric: int
) -> tuple[np.random.Generator, Floats, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """Each endpoint in turn is slower by its own size."""
    effects, who = np.zeros((prs, ENDPOINTS, 2)), np.arange(prs) % ENDPOINTS
    effects[np.arange(prs), who] = np.log1p(sizes[who, metric])[:, np.newaxis]
    return np.random.default_rng([seed, 3, metric]), effects, who


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog="python -m bench.power", description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--prs", type=int, default=PRS)
    chosen = options.parse_args()
    state = json.loads(_CELLS.read_text()) if _CELLS.exists() else {}
    figures, command = [], f"python -m bench.power --seed {chosen.seed}"
    for case in cases():
        for metric, name in enumerate(_METRICS):
            key = f"{chosen.seed}/{chosen.prs}/{case.name}/{name}"
            if key not in state:
                state[key] = measured(case, metric, chosen.seed, chosen.prs)
                _CELLS.write_text(json.dumps(state))
            size, share = state[key]
            half = 1.96 * (share * (1 - share) / chosen.prs) ** 0.5
            interval = (round(100 * (share - half), 2), round(100 * (share + half), 2))
            told = f"caught at the size told: {case.name}, {name} +{100 * size:.1f} %"
            figures.append(Figure(told, round(100 * share, 2), "%", ">= 75", chosen.prs, interval, command))
    highest = max(figure.value for figure in figures)
    figures.append(Figure("the highest of these", highest, "%", "<= 92", chosen.prs, None, command))
    return 0 if publish("power", figures) else 1


if __name__ == "__main__":
    sys.exit(main())
