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

from bench.decision.fastify import read_history
from bench.decision.kept import Kept
from bench.decision.lasting import lasts
from bench.decision.peers.recorded import history_figures, shown
from bench.decision.recorded import Tally
from bench.decision.stored_replay import Case, Replay, Seen
from bench.figures import Figure, publish

STUDY = "histories"
SEED = 1
SLOWDOWNS = (1.1, 1.2, 1.5)
GOALS = {1.0: "<= 1.5", 1.2: ">= 70"}
MOST_OPEN = "<= 15"


def study(seed: int) -> list[Figure]:
    """Every row, those with goals first."""
    replay, kept = Replay(read_history(), seed), Kept(STUDY)
    command = f"python -m bench.decision.{STUDY} --seed {seed}"
    three = replay.cases(10, measured=3)

    def confirmed(case: Case, victim: str | None = None, factor: float = 1.0) -> Seen:
        return replay.judge_confirmed(case, victim, factor)[0]

    lines = (
        ("10 stored runs, confirmed by two more", three, confirmed),
        ("5 stored runs, confirmed by two more", replay.cases(5, measured=3), confirmed),
        ("20 stored runs, confirmed by two more", replay.cases(20, measured=3), confirmed),
        ("10 stored runs, one run", replay.cases(10), replay.judge),
        ("10 stored runs of the same versions, one run", replay.cases(10, same_for=10), replay.judge),
        ("5 stored runs, one run", replay.cases(5), replay.judge),
        ("20 stored runs, one run", replay.cases(20), replay.judge),
    )
    figures = []
    for number, (what, cases, judge) in enumerate(lines):
        for factor in (1.0, *SLOWDOWNS):
            make = partial(_count, judge, replay, cases, factor)
            hits, left, n = kept.counts(f"{what}, {factor}, seed {seed}", make)
            figures += _figures(what, factor, Tally(hits, n), Tally(left, n), command, has_goals=number == 0)
    again = kept.counts(
        "measured again, confirmed", lambda: [sum(replay.judge_confirmed(case)[1] for case in three), len(three)]
    )
    figures.append(Tally(*again).figure(f"fastify, {lines[0][0]}: unchanged, measured again", command))
    passing = kept.counts("passing", lambda: [sum(_is_passing(replay, case) for case in three), len(three)])
    what = f"fastify, {lines[0][0]}: unchanged, blocked, and gone in the runs that follow"
    figures.append(Tally(*passing).figure(what, command))
    return figures + history_figures(replay, (1.0, *SLOWDOWNS), "fastify", command)


def _is_passing(replay: Replay, case: Case) -> bool:
    """Blocked, with a server among the reasons that was as fast as before in the runs after those that judged it."""
    blamed = replay.judge_confirmed(case)[0].slower
    return not all(lasts(replay.history, case, server) for server in blamed)


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
        hits.figure(f"fastify, {what}: {shown(factor, 'server')}", command, goal=goal, figure_id=name),
        left.figure(f"fastify, {what}: {_open(factor)}", command, goal=most, figure_id=name),
    ]


def _is_hit(seen: Seen, victim: str | None) -> bool:
    return bool(seen.slower) if victim is None else victim in seen.slower


def _open(factor: float) -> str:
    return ("unchanged" if factor == 1 else f"one server +{factor - 1:.0%}") + ", left open"


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog=f"python -m bench.decision.{STUDY}", description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    return 0 if publish(STUDY, study(options.parse_args().seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
