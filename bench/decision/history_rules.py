"""What a rule for stored runs needs on the real history: suspicion, confirmation, and a look at the stored runs again.

``python -m bench.decision.history_rules`` writes ``bench/results/history_rules.json``; a minute. It asks the gate's own
statistics for the score of each server in a run, in the next one and in both together, and puts rules on top that the
gate may or may not have. Rows inform, none has a goal. Every gated server is slowed down in turn, by adding to its
effect, so powers are means over servers; what a slowdown does to the variances of others is left out.

A rule here has three parts. *Suspected* is a row whose score in the first run reaches 2. *Confirmed* is one whose score
reaches a limit in the mean of several runs or in each of them. *Beyond* is one whose effect exceeds that of the last
two stored runs, or of all of them, by the tolerance: a level that main already has is no slowdown of the pull request.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.decision.fastify import read_history
from bench.decision.lasting import log_table
from bench.decision.recorded import Tally
from bench.decision.stored_replay import Case, cases
from bench.decision.world import Floats, Mask
from bench.figures import Figure, publish
from gate.stats.designs import MARGINS
from gate.stats.location import median
from gate.stats.scores import normal_score
from gate.stats.stored import Moved, compare_stored

STUDY = "history_rules"
COMMAND = f"python -m bench.decision.{STUDY}"
STORED = (5, 10, 20)
SLOWDOWNS = (1.1, 1.2)
SUSPECTED, TOLERANCE = 2.0, 0.03
RUNS: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "the first run alone at 4.1": ((0,),),
    "the mean of three runs at 2.5": ((0, 1, 2),),
    "the mean of two fresh runs at 2.5": ((1, 2),),
    "each of two runs at 2": ((0,), (1,)),
    "each of three runs at 2": ((0,), (1,), (2,)),
}
"""Candidate runs whose means are tested; all have to reach the limit that the name ends with."""
BEYOND = {"": 0, ", beyond the last two stored": 2, ", beyond all stored": 100}


@dataclass(frozen=True)
class Scored:
    """One pull request that changes nothing; arrays of shape ``(servers,)``."""

    moved: Mapping[tuple[int, ...], Moved]
    """By candidate runs that were taken together."""
    stored: Floats
    """Deviations of the stored runs, what they share removed, shape ``(servers, runs)``."""
    gated: Mask


def score(case: Case) -> Scored:
    """Judge all sets of candidate runs that some rule asks for."""
    names = sorted(case.candidates[0].latency_s)
    old, new = log_table(names, case.stored), log_table(names, case.candidates)
    sets = {runs for wanted in RUNS.values() for runs in wanted} | {(0,)}
    deviation = old - median(old)[:, None]
    return Scored(
        {runs: _first(compare_stored(old[:, None], new[:, None, list(runs)]).rows) for runs in sets},
        np.asarray(deviation - median(deviation.T)),
        np.array([name in case.gated for name in names]),
    )


def _first(rows: Moved) -> Moved:
    """Of the only metric."""
    return Moved(rows.effect[:, 0], rows.candidate_variance[:, 0], rows.stored_variance[:, 0], rows.df[:, 0])


def blocked(scored: Scored, rule: str, beyond: int, slower: float = 0.0) -> tuple[Mask, Mask]:
    """Servers that block, and servers that are suspected, each with ``slower`` (a log) added to its own effect."""
    recent = np.where(np.isfinite(scored.stored), scored.stored, -np.inf)[:, -beyond:] if beyond else None
    reference = -np.inf if recent is None else recent.max(axis=1)

    def reaches(runs: tuple[int, ...], limit: float) -> Mask:
        moved = scored.moved[runs]
        effect = moved.effect + slower
        t = (effect - np.log1p(MARGINS["stored"][0])) / np.sqrt(moved.variance)
        least = np.maximum(reference, 0.0) + np.log1p(TOLERANCE)
        with np.errstate(invalid="ignore"):
            return np.asarray((normal_score(t, moved.df) >= limit) & (effect > least) & scored.gated)

    suspected = reaches((0,), SUSPECTED)
    limit = float(rule.rpartition(" ")[2])
    return np.logical_and.reduce([suspected, *(reaches(runs, limit) for runs in RUNS[rule])]), suspected


def study() -> list[Figure]:
    """Every rule with every number of stored runs."""
    figures = []
    for k in STORED:
        found = [score(case) for case in cases(read_history(), k, measured=3)]
        for rule in RUNS:
            for words, beyond in BEYOND.items():
                figures += _rows(found, rule, beyond, f"fastify, {k} stored runs, {rule}{words}")
    return figures


def _rows(found: list[Scored], rule: str, beyond: int, label: str) -> list[Figure]:
    harmless = [blocked(one, rule, beyond) for one in found]
    figures = [Tally.of(bool(hits.any()) for hits, _ in harmless).figure(f"{label}: unchanged, blocked", COMMAND)]
    if len(RUNS[rule]) + len(RUNS[rule][0]) > 2:
        again = Tally.of(bool(suspected.any()) for _, suspected in harmless)
        figures.append(again.figure(f"{label}: unchanged, measured again", COMMAND))
    for factor in SLOWDOWNS:
        shares = [blocked(one, rule, beyond, np.log(factor))[0].sum() / one.gated.sum() for one in found]
        what = f"{label}: one server +{factor - 1:.0%}, caught"
        figures.append(Figure(what, round(100 * float(np.mean(shares)), 2), "%", None, len(found), None, COMMAND))
    return figures


def main() -> int:
    """Measure and publish."""
    return 0 if publish(STUDY, study()) else 1


if __name__ == "__main__":
    sys.exit(main())
