"""How often the gate blocks unchanged code, and catches slowdowns, on a real history of stored runs.

``python -m bench.decision.histories --seed 1`` replays ``bench/data/fastify_benchmarks_runs.csv.gz`` through the steps
of ``gate compare`` and writes ``bench/results/histories.json``; five minutes of processor time. Every run with k runs before it is the
candidate once, with nothing changed and with one server, drawn at random, slowed down.

What is called a false block is an upper bound: other changes than of a server's version (of node.js, of the runner's
image) are not labelled. One class of runners is assumed, for the data do not say which processor a run had.
Neighbouring pull requests share stored runs, so they are not independent and the intervals are somewhat too narrow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial

import numpy as np

from bench.decision.fastify import read_history
from bench.decision.recorded import Tally
from bench.decision.rules import Mask, ratio_to_last, upper_boundary
from bench.decision.stored_replay import Case, Replay, Seen
from bench.decision.world import Floats
from bench.figures import Figure, publish

STUDY = "histories"
SEED = 1
SLOWDOWNS = (1.1, 1.2, 1.5)
GOALS = {1.0: "<= 1.5", 1.2: ">= 70"}
MOST_OPEN = "<= 15"
PEERS: dict[str, Callable[[Floats, Floats], Mask]] = {
    **{f"more than {most:.0%} over the last run": partial(ratio_to_last, most=most) for most in (0.1, 0.2, 0.5, 1.0)},
    "Bencher, t 0.98": partial(upper_boundary, boundary=0.98),
}


def study(seed: int) -> list[Figure]:
    """Every row, those with goals first."""
    command = f"python -m bench.decision.{STUDY} --seed {seed}"
    replay = Replay(read_history(), seed)
    once, three = replay.cases(10), replay.cases(10, measured=3)
    figures = _ours(replay.judge, replay, once, "10 stored runs", command, has_goals=True)
    same = replay.cases(10, same_for=10)
    figures += _ours(replay.judge, replay, same, "10 stored runs of the same versions", command)
    for k in (5, 20):
        figures += _ours(replay.judge, replay, replay.cases(k), f"{k} stored runs", command)
    what = "10 stored runs, suspects measured twice more"
    figures += _ours(lambda *given: replay.judge_twice(*given)[0], replay, three, what, command)
    again = Tally.of(replay.judge_twice(case)[1] for case in three)
    figures.append(again.figure(f"fastify, {what}: harmless, measured again", command))
    return figures + _theirs(replay, once, command)


def _ours(
    judge: Callable[[Case, str | None, float], Seen],
    replay: Replay,
    cases: list[Case],
    what: str,
    command: str,
    *,
    has_goals: bool = False,
) -> list[Figure]:
    """False blocks and power of the gate, and what it left open."""
    figures = []
    for factor in (1.0, *SLOWDOWNS):
        victims = [replay.victim(case) if factor > 1 else None for case in cases]
        seen = [judge(case, victim, factor) for case, victim in zip(cases, victims, strict=True)]
        hits = Tally.of(_is_hit(one, victim) for one, victim in zip(seen, victims, strict=True))
        left = Tally.of(one.inconclusive for one in seen)
        goal, most = (GOALS.get(factor), MOST_OPEN) if has_goals else (None, None)
        name = "D11" if has_goals else None
        figures.append(hits.figure(f"fastify, {what}: {_shown(factor)}", command, goal=goal, figure_id=name))
        figures.append(left.figure(f"fastify, {what}: {_open(factor)}", command, goal=most, figure_id=name))
    return figures


def _is_hit(seen: Seen, victim: str | None) -> bool:
    return bool(seen.slower) if victim is None else victim in seen.slower


def _shown(factor: float) -> str:
    return "unchanged, blocked" if factor == 1 else f"one server +{factor - 1:.0%}, caught"


def _open(factor: float) -> str:
    return ("unchanged" if factor == 1 else f"one server +{factor - 1:.0%}") + ", left open"


def _theirs(replay: Replay, cases: list[Case], command: str) -> list[Figure]:
    """The rules of other tools on the same pull requests, as far as the servers are in all stored runs."""
    figures = []
    for name, rule in PEERS.items():
        for factor in (1.0, *SLOWDOWNS):
            hits = Tally.of(
                is_failed(rule, case, replay.victim(case) if factor > 1 else None, factor) for case in cases
            )
            figures.append(hits.figure(f"fastify, 10 stored runs, {name}: {_shown(factor)}", command))
    return figures


def is_failed(rule: Callable[[Floats, Floats], Mask], case: Case, victim: str | None, factor: float) -> bool:
    """Whether a rule fails any gated server, or the one that was slowed down; without a value it fails none."""
    stored = np.log([[[run.latency_s.get(name, np.nan)] for name in case.gated] for run in case.stored])
    new = np.log([[case.candidates[0].latency_s[name]] for name in case.gated])
    if victim is not None:
        new[case.gated.index(victim)] += np.log(factor)
    failed = rule(stored[None], new[None])[0, :, 0]
    return bool(failed.any() if victim is None else failed[case.gated.index(victim)])


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog=f"python -m bench.decision.{STUDY}", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    return 0 if publish(STUDY, study(options.parse_args().seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
