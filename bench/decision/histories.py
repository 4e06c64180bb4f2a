"""How often the gate blocks unchanged code, and catches slowdowns, on a real history of stored runs.

``python -m bench.decision.histories --seed 1`` replays ``bench/data/fastify_benchmarks_runs.csv.gz`` through the steps
of ``gate compare`` and writes ``bench/results/histories.json``; five minutes of processor time, and it goes on where
it was stopped. Every run with k runs before it is the candidate once, with nothing changed and with one server, drawn
at random, slowed down.

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
from bench.decision.kept import Kept
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
    replay, kept = Replay(read_history(), seed), Kept(STUDY)
    command = f"python -m bench.decision.{STUDY} --seed {seed}"
    once, three = replay.cases(10), replay.cases(10, measured=3)
    lines = (
        ("10 stored runs", once, replay.judge),
        ("10 stored runs of the same versions", replay.cases(10, same_for=10), replay.judge),
        ("5 stored runs", replay.cases(5), replay.judge),
        ("20 stored runs", replay.cases(20), replay.judge),
        ("10 stored runs, suspects measured twice more", three, lambda *given: replay.judge_twice(*given)[0]),
    )
    figures = []
    for number, (what, cases, judge) in enumerate(lines):
        for factor in (1.0, *SLOWDOWNS):
            make = partial(_count, judge, replay, cases, factor)
            hits, left, n = kept.counts(f"{what}, {factor}, seed {seed}", make)
            figures += _figures(what, factor, Tally(hits, n), Tally(left, n), command, has_goals=number == 0)
    again = kept.counts("measured again", lambda: [sum(replay.judge_twice(case)[1] for case in three), len(three)])
    figures.append(Tally(*again).figure(f"fastify, {lines[-1][0]}: unchanged, measured again", command))
    return figures + _theirs(replay, once, command)


def _count(
    judge: Callable[[Case, str | None, float], Seen], replay: Replay, cases: list[Case], factor: float
) -> list[int]:
    """Pull requests that were blocked, or whose slowdown was caught; that were left open; and all."""
    victims = [replay.victim(case) if factor > 1 else None for case in cases]
    seen = [judge(case, victim, factor) for case, victim in zip(cases, victims, strict=True)]
    hits = sum(_is_hit(one, victim) for one, victim in zip(seen, victims, strict=True))
    return [hits, sum(one.inconclusive for one in seen), len(cases)]


def _figures(what: str, factor: float, hits: Tally, left: Tally, command: str, *, has_goals: bool) -> list[Figure]:
    goal, most, name = (GOALS.get(factor), MOST_OPEN, "D11") if has_goals else (None, None, None)
    return [
        hits.figure(f"fastify, {what}: {_shown(factor)}", command, goal=goal, figure_id=name),
        left.figure(f"fastify, {what}: {_open(factor)}", command, goal=most, figure_id=name),
    ]


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
