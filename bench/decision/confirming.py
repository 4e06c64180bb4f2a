"""What runs that follow a suspicious one are best taken together by: the rules that record 0012 weighed.

``python -m bench.decision.confirming --seed 1`` writes ``bench/results/confirming.json``; ten minutes. One run suspects
rows that 15 % of harmless pull requests have one like; up to three more follow. Every rule gets the limit at which it
blocks 0.85 % of harmless pull requests with tails of t5 or fewer, and is then tried on other tails and on slowdowns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.decision.baselines import STORED_REQUESTS, compare, draw_run
from bench.decision.constants import LEAST, LEAST_CONFIRMED
from bench.decision.table import Case, draw_effects
from bench.decision.world import Floats, Mask, Noise, draw_runs
from bench.figures import Figure, publish
from bench.previews import share
from gate.stats.designs import MARGINS, StoredDesign
from gate.stats.limits import limit_at, stored_scores

STUDY, SEED = "confirming", 1
ENDPOINTS, STORED, SHARE, RATE = 20, (20, 5), 0.15, 0.0085
HARMLESS, SLOWER, CHUNK = 4_000, 1_000, 250
FOLLOW = 3
_DESIGN = StoredDesign("follow", FOLLOW, 1_000, suspected_share=SHARE, others_requests=150)
_TAILS = (5.0, 3.0)
_MARGIN = np.array(MARGINS["stored"])


@dataclass(frozen=True)
class Seen:
    """Scores by row, shape ``(prs, endpoints, metrics)``; minus infinity where nothing was suspected."""

    alone: Floats
    """Of each run, the first one included, in one more dimension."""
    together: tuple[Floats, ...]
    """Of the first run and those that follow, by how many."""
    later: tuple[Floats, ...]
    """Of those that follow without the first."""
    slowed: Mask


Rule = Callable[[Seen], Floats]
"""How the scores of one row become one."""


def _together(more: int, least: float = -np.inf) -> Rule:
    return lambda seen: np.where(seen.alone[..., : more + 1].min(axis=-1) >= least, seen.together[more - 1], -np.inf)


def _lowest(more: int) -> Rule:
    return lambda seen: np.asarray(seen.alone[..., : more + 1].min(axis=-1))


def _later(runs: int) -> Rule:
    return lambda seen: seen.later[runs - 1]


RULES: dict[str, tuple[Rule, float]] = {
    **{f"mean of the first and {n} more": (_together(n), LEAST) for n in (1, 2, 3)},
    "mean of the first and 2 more, each alone at least 1": (_together(2, 1.0), LEAST),
    **{f"lowest of the first and {n} more": (_lowest(n), 0.0) for n in (1, 2, 3)},
    **{f"mean of {n} that follow": (_later(n), LEAST_CONFIRMED) for n in (1, 2, 3)},
}
"""With the least limit of each: fewer harmless pull requests than promised may come so far at all."""


def simulate(stored: int, tails: float, case: Case, prs: int, seed: int) -> Seen:
    """A first run, what it makes suspect, and the runs that follow."""
    parts = []
    suspected_from = limit_at(SHARE, stored_scores("one", ENDPOINTS, stored))
    for chunk in range(prs // CHUNK):
        rng = np.random.default_rng([seed, stored, int(tails), chunk, *repr(case).encode()])
        parts.append(_chunk(stored, Noise(tails=tails), draw_effects(rng, case, CHUNK), suspected_from, rng))
    several = [tuple(np.concatenate(each) for each in zip(*(part[n] for part in parts), strict=True)) for n in (1, 2)]
    return Seen(
        np.concatenate([part[0] for part in parts]), several[0], several[1], np.concatenate([part[3] for part in parts])
    )


def _chunk(
    stored: int, noise: Noise, effects: Floats, suspected_from: float, rng: np.random.Generator
) -> tuple[Floats, list[Floats], list[Floats], Mask]:
    shape = (len(effects), ENDPOINTS)
    old = np.moveaxis(draw_runs(rng, noise, ENDPOINTS, STORED_REQUESTS, (len(effects), stored)), 1, -1)
    first = draw_run(rng, noise, np.ones(shape, dtype=bool), _DESIGN, effects)
    suspected = compare(old, [first]).rows.z(_MARGIN) >= suspected_from
    on = np.flatnonzero(suspected.any(axis=(1, 2)))
    follow = [draw_run(rng, noise, suspected[on].any(axis=2), _DESIGN, effects[on]) for _ in range(FOLLOW)]
    runs = [(first[0][on], np.broadcast_to(first[1], effects.shape)[on]), *follow]

    def scores(*numbers: int) -> Floats:
        found = compare(old[on], [runs[number] for number in numbers])
        known = suspected[on] & found.is_beyond
        whole = np.full(effects.shape, -np.inf)
        whole[on] = np.where(known, found.rows.z(_MARGIN), -np.inf)
        return whole

    alone = np.stack([scores(number) for number in range(FOLLOW + 1)], axis=-1)
    later = [scores(*range(1, n + 1)) for n in range(1, FOLLOW + 1)]
    return alone, [scores(*range(n + 1)) for n in range(1, FOLLOW + 1)], later, effects > 0


def study(seed: int) -> Iterator[Figure]:
    """Every rule against both numbers of stored runs."""
    command = f"python -m bench.decision.{STUDY} --seed {seed}"
    cases = {name: Case(ENDPOINTS, pattern, size) for name, pattern, size in _SLOWED}
    for stored in STORED:
        harmless = [simulate(stored, tails, Case(ENDPOINTS, "none"), HARMLESS, seed) for tails in _TAILS]
        slower = {name: simulate(stored, _TAILS[0], case, SLOWER, seed) for name, case in cases.items()}
        again = sum(np.isfinite(harmless[0].alone).any(axis=(1, 2, 3)))
        yield _figure(f"{stored} stored runs: harmless, measured again", int(again), HARMLESS, command)
        for name, (rule, least) in RULES.items():
            limit = max(least, float(np.quantile(rule(harmless[0]).max(axis=(1, 2)), 1 - RATE, method="higher")))
            for tails, seen in zip(_TAILS, harmless, strict=True):
                count = int((rule(seen).max(axis=(1, 2)) >= limit).sum())
                yield _figure(f"{stored} stored runs, {name}: harmless, t{tails:g}, blocked", count, HARMLESS, command)
            for what, seen in slower.items():
                caught = np.where(seen.slowed, rule(seen), -np.inf).max(axis=(1, 2)) >= limit
                yield _figure(f"{stored} stored runs, {name}: {what}, caught", int(caught.sum()), SLOWER, command)


_SLOWED = (("one endpoint +10%", "one", 0.10), ("one endpoint +20%", "one", 0.20), ("only its p95 +20%", "p95", 0.20))


def _figure(what: str, count: int, n: int, command: str) -> Figure:
    low, high = share(count, n)
    return Figure(
        what, round(100 * count / n, 2), "%", None, n, (round(100 * low, 2), round(100 * high, 2)), command, None
    )


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog=f"python -m bench.decision.{STUDY}", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    return 0 if publish(STUDY, list(study(options.parse_args().seed))) else 1


if __name__ == "__main__":
    sys.exit(main())
