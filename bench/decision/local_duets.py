"""How often the gate blocks unchanged code, and catches slowdowns, on real duets.

``python -m bench.decision.local_duets --seed 1`` replays ``bench/data/local_duet_raw.csv.gz`` through the steps of
``gate compare`` and writes ``bench/results/local_duets.json``; about two minutes. Each of the 40 restarts is the first
pair of deployments once; the seed draws which other restart is the fresh pair. Nothing is changed, or each endpoint in
turn, or all of them, are slowed down. The absolute floor is zero: these endpoints answer in less. The four slowdowns
of one restart are not independent, so the intervals of their rows are somewhat too narrow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from bench.decision.duet_replay import DuetReplay, read_restarts
from bench.decision.peers.recorded import duet_figures
from bench.decision.recorded import Tally
from bench.figures import Figure, publish

STUDY = "local_duets"
SEED = 1
SLOWDOWNS = (1.1, 1.2, 1.5)
GOALS = {1.0: "<= 0", 1.1: ">= 60", 1.2: ">= 95"}


def pairs_of(restarts: list[int], seed: int) -> list[tuple[int, int]]:
    """Every restart with another one, each once as the first and once as the second."""
    order = np.random.default_rng(seed).permutation(restarts).tolist()
    return sorted(zip(order, [*order[1:], order[0]], strict=True))


def study(seed: int) -> list[Figure]:
    """Every row, those with goals first."""
    command = f"python -m bench.decision.{STUDY} --seed {seed}"
    restarts = read_restarts()
    two = pairs_of(sorted(restarts), seed)
    one = [(first,) for first, _ in two]
    replay = DuetReplay(restarts)
    figures = _rows(replay, "two pairs of deployments", two, command, has_goals=True)
    figures += _rows(replay, "one pair of deployments", one, command)
    swapped = DuetReplay(restarts, "A2", "A")
    for what, given in (("two pairs", two), ("one pair", one)):
        blocked = Tally.of(bool(swapped.blocked(pairs)) for pairs in given)
        figures.append(blocked.figure(f"local duet, {what} of deployments, arms swapped: unchanged, blocked", command))
    return figures + duet_figures(replay, sorted(restarts), (1.0, *SLOWDOWNS), "local duet", command)


def _rows(
    replay: DuetReplay, what: str, given: Sequence[tuple[int, ...]], command: str, *, has_goals: bool = False
) -> list[Figure]:
    name, goals = ("D12", GOALS) if has_goals else (None, {})
    label = f"local duet, {what}"
    harmless = Tally.of(bool(replay.blocked(pairs)) for pairs in given)
    figures = [harmless.figure(f"{label}: unchanged, blocked", command, goal=goals.get(1.0), figure_id=name)]
    for factor in SLOWDOWNS:
        more, goal = f"+{factor - 1:.0%}", goals.get(factor)
        caught = {
            victim: [victim in replay.blocked(pairs, frozenset({victim}), factor) for pairs in given]
            for victim in replay.endpoints
        }
        each = Tally.of(hit for hits in caught.values() for hit in hits)
        figures.append(each.figure(f"{label}: one endpoint {more}, caught", command, goal=goal, figure_id=name))
        if factor == SLOWDOWNS[0]:
            figures += [
                Tally.of(hits).figure(f"{label}: {victim} {more}, caught", command) for victim, hits in caught.items()
            ]
        every = Tally.of(bool(replay.blocked(pairs, frozenset(replay.endpoints), factor)) for pairs in given)
        figures.append(every.figure(f"{label}: all endpoints {more}, caught", command))
    return figures


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog=f"python -m bench.decision.{STUDY}", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    return 0 if publish(STUDY, study(options.parse_args().seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
