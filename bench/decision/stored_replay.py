"""Pull requests made from a real history: a run is the candidate, the runs before it are the stored ones.

The conversion. One value per server and run was recorded, the mean latency over some 40 s and 10^5 to 10^6 requests.
It stands for the centre (rows ``p50``), the only metric there is: nothing stands for p95, for the same series under
a second name would be counted twice. A run file holds blocks, so the value is written into as many equal blocks as a
run of the gate has at most: what the decision sees of the noise between runs is all that there was, and of noise
within runs it is told nothing, for none was recorded (over so many requests it is far below that between runs).
Because p95 rows are "not measured", the gate never approves here; what counts is whether a row of latency blocks,
whether everything is suspected, and whether the shared factor was ambiguous.

A server whose version differs from the one in the run before may really have changed, so it is measured and shown but
not gated: it stays in what all endpoints share, and can neither be a false block nor be slowed down. Stored runs
further back may hold older versions, as the history of any main does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.decision.fastify import HistoryRun, read_history
from bench.decision.recorded import hashes_of, run_of, suite_of, suite_text, verdict_of
from gate.commands.judging import suspicion_of
from gate.load.histogram import Histogram
from gate.measure.layout import CONFIRM, Suspicion
from gate.record.endpoint import ArmRecord, Block
from gate.record.plan import PlanRecord
from gate.record.run import Environment, Run
from gate.stats.constants import VERSION
from gate.verdict.values import Verdict

SUITE = "fastify"
HOSTED = Environment(host="loopback", runner="github-hosted/Linux/X64", cpu=None)
BLOCKS, REQUESTS = 20, 50
EVERYTHING = "*"
"""Endpoint of rows on what all servers share."""


@dataclass(frozen=True)
class Case:
    """One pull request: a candidate from the history and the runs before it."""

    stored: tuple[HistoryRun, ...]
    candidates: tuple[HistoryRun, ...]
    """The run, and those after it where several measurements of one commit are wanted."""
    gated: tuple[str, ...]
    """Servers whose code is known to be the same."""

    def suite_text(self, on_suspect: str = "decide") -> str:
        """The suite that judges it."""
        return suite_text(SUITE, sorted(self.candidates[0].latency_s), self.gated, len(self.stored), on_suspect)


def cases(history: list[HistoryRun], k: int, *, same_for: int = 1, measured: int = 1) -> Iterator[Case]:
    """All pull requests with ``k`` stored runs.

    Parameters
    ----------
    same_for : int
        So many of the stored runs before the candidate have its version of a gated server.
    measured : int
        Candidate runs of each pull request: consecutive ones of the history, of the same versions.
    """
    for at in range(k, len(history) - measured + 1):
        alike = history[at - same_for : at + measured]
        versions = history[at].version
        gated = [name for name in sorted(versions) if all(run.version.get(name) == versions[name] for run in alike)]
        if gated:
            yield Case(tuple(history[at - k : at]), tuple(history[at : at + measured]), tuple(gated))


@cache
def _hashes() -> dict[str, str]:
    names = sorted({name for run in read_history() for name in run.latency_s})
    return hashes_of(suite_of(suite_text(SUITE, names, names)))


def run_file(run: HistoryRun, commit: str | None = None, slowed: str | None = None, factor: float = 1.0) -> Run:
    """A run of the history as a run of the gate, one server slowed down by a factor."""
    values = {name: value * (factor if name == slowed else 1.0) for name, value in run.latency_s.items()}
    return run_of(
        SUITE,
        f"run-{run.number}",
        {name: {"candidate": _record(value)} for name, value in values.items()},
        _hashes(),
        created=run.created,
        commit=commit or run.commit,
        environment=HOSTED,
        one_host=True,
    )


def _record(mean_s: float) -> ArmRecord:
    blocks = [
        Block(
            round=number,
            order=number,
            start_s=float(number),
            planned=REQUESTS,
            sent=REQUESTS,
            dropped=0,
            errors=0,
            n=REQUESTS,
            log_trimmed_mean=math.log(mean_s),
            mean_s=mean_s,
        )
        for number in range(BLOCKS)
    ]
    return ArmRecord(blocks=blocks, histogram=Histogram().encode(), statuses={"200": BLOCKS * REQUESTS})


@dataclass(frozen=True)
class Seen:
    """What a verdict said."""

    slower: frozenset[str]
    """Servers whose row of latency blocks."""
    everything: bool
    """All slower at once is suspected: blocked as not measured."""
    ambiguous: bool
    """What all endpoints share could not be told, so rows were judged without taking it out."""
    unconfirmed: bool
    """Something is suspected, and other runs are wanted."""

    @property
    def inconclusive(self) -> bool:
        """Nothing is claimed about the code."""
        return not self.slower and (self.everything or self.ambiguous)


def seen_in(verdict: Verdict) -> Seen:
    """Read a verdict; that p95 was not measured is left aside, for it never was."""
    slower = frozenset(row.endpoint for row in verdict.rows if row.blocks and row.endpoint != EVERYTHING)
    codes = {notice.code for row in verdict.rows for notice in row.notices}
    reasons = {reason.code for reason in verdict.reasons}
    return Seen(slower, "everything-slower" in reasons, "ambiguous-factor" in codes, "unconfirmed" in reasons)


def _gone_on(run: Run, suspicion: Suspicion) -> Run:
    """A run as one that goes on from others."""
    plan = PlanRecord(
        way="stored",
        design=f"{CONFIRM} 1",
        constants=VERSION,
        part="first",
        pair=0,
        pairs={"first": 1, "fresh": 0},
        after=list(suspicion.runs),
        suspects=list(suspicion.endpoints),
        candidate=0,
        base=0,
    )
    return run.model_copy(update={"plan": plan})


class Replay:
    """A history whose runs are made into run files once."""

    def __init__(self, history: list[HistoryRun], seed: int) -> None:
        self.history = history
        self._files = {run.number: run_file(run) for run in history}
        self._seed = seed

    def cases(self, k: int, *, same_for: int = 1, measured: int = 1) -> list[Case]:
        """All pull requests of one kind."""
        return list(cases(self.history, k, same_for=same_for, measured=measured))

    def files(self, case: Case, slowed: str | None = None, factor: float = 1.0) -> tuple[tuple[Run, ...], list[Run]]:
        """Candidate and stored runs of a pull request."""
        commit = case.candidates[0].commit
        stored = [self._files[run.number] for run in case.stored]
        return tuple(run_file(run, commit, slowed, factor) for run in case.candidates), stored

    def judge(self, case: Case, slowed: str | None = None, factor: float = 1.0) -> Seen:
        """What the gate says, with nothing changed or one server slowed down."""
        return seen_in(verdict_of(suite_of(case.suite_text()), *self.files(case, slowed, factor)))

    def judge_confirmed(self, case: Case, slowed: str | None = None, factor: float = 1.0) -> tuple[Seen, bool]:
        """The same where one run only suspects, and the next ones of the history decide; and whether they had to.

        They measured all servers as thoroughly as the first: a history has no runs that did less.
        """
        suite, (runs, stored) = suite_of(case.suite_text("confirm")), self.files(case, slowed, factor)
        first = seen_in(verdict_of(suite, runs[:1], stored))
        if not first.unconfirmed:
            return first, False
        suspicion = suspicion_of(suite, runs[:1], list(stored))
        again = tuple(_gone_on(run, suspicion) for run in runs[1:])
        return seen_in(verdict_of(suite, (runs[0], *again), stored)), True

    def victim(self, case: Case) -> str:
        """The server that is slowed down, drawn once for each candidate."""
        draw = np.random.default_rng([self._seed, case.candidates[0].number])
        return str(draw.choice(case.gated))
