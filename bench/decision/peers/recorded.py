"""The rules of other tools on the pull requests that are made from recorded measurements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.decision.duet_replay import DuetReplay
from bench.decision.peers import benchstat
from bench.decision.peers.catalogue import ON_DEPLOYMENTS, ON_RUNNERS, OnArms, OnRuns
from bench.decision.recorded import Tally
from bench.decision.stored_replay import Case, Replay
from bench.decision.world import Floats, Mask
from bench.figures import Figure
from gate.record.value import Arm

_OF_MILLISECONDS = "500 ms"
"""A rule that needs the latencies of the simulated world."""
_METRICS = ("log_trimmed_mean", "log_p95")
_RESOLUTION_S = 1e-6
_ARMS: tuple[Arm, Arm] = ("base", "candidate")

OnCase = Callable[[Case, str | None, float], bool]


@dataclass(frozen=True)
class OnHistory:
    """A rule for stored runs and one or several runs of the pull request."""

    peer: OnRuns

    def is_hit(self, case: Case, slowed: str | None, factor: float) -> bool:
        """Whether it fails any gated server, or the one that is slowed down; it sees those that all runs have."""
        runs = (*case.stored, *case.candidates)
        names = [name for name in case.gated if all(name in run.latency_s for run in runs)]
        logs = np.log([[[run.latency_s[name]] for name in names] for run in runs])
        k = len(case.stored)
        if slowed is None:
            return bool(self.peer.rule(logs[None, :k], logs[None, k:]).any())
        if slowed not in names:
            return False
        logs[k:, names.index(slowed)] += np.log(factor)
        return bool(self.peer.rule(logs[None, :k], logs[None, k:])[0, names.index(slowed), 0])


def history_figures(replay: Replay, factors: Sequence[float], what: str, command: str) -> list[Figure]:
    """False blocks, and slowdowns caught, of each rule with as many runs as it wants."""
    figures = []
    for peer in (peer for peer in ON_RUNNERS if isinstance(peer, OnRuns) and _OF_MILLISECONDS not in peer.name):
        cases = replay.cases(peer.stored, measured=peer.new)
        judge = OnHistory(peer).is_hit
        label = f"{what}, {peer.name}, {peer.stored} stored"
        for factor in factors:
            hits = Tally.of(judge(case, replay.victim(case) if factor > 1 else None, factor) for case in cases)
            figures.append(hits.figure(f"{label}: {shown(factor, 'server')}", command))
    return figures


def duet_figures(
    replay: DuetReplay, restarts: Sequence[int], factors: Sequence[float], what: str, command: str
) -> list[Figure]:
    """The same of rules for blocks of both sides in one job, and of Mann-Whitney on the requests of these blocks."""
    rules: dict[str, Callable[[DuetReplay, int, str | None, float], Sequence[bool]]] = {
        peer.name: partial(_on_blocks, peer.rule) for peer in ON_DEPLOYMENTS if isinstance(peer, OnArms)
    }
    rules["Mann-Whitney on requests"] = _on_requests
    figures = []
    for name, rule in rules.items():
        for factor in factors:
            slowed = [None] if factor == 1 else replay.endpoints
            hits = Tally.of(
                any(failed) if victim is None else failed[replay.endpoints.index(victim)]
                for restart in restarts
                for victim in slowed
                for failed in [rule(replay, restart, victim, factor)]
            )
            figures.append(hits.figure(f"{what}, {name}: {shown(factor, 'endpoint')}", command))
    return figures


def _on_blocks(
    rule: Callable[[Floats, Floats], Mask], replay: DuetReplay, restart: int, slowed: str | None, factor: float
) -> list[bool]:
    """Which endpoints fail, by blocks of 50 requests."""
    run = replay.run_file(restart, frozenset() if slowed is None else frozenset({slowed}), factor)
    base, candidate = (
        np.array(
            [
                [[getattr(block, metric) for metric in _METRICS] for block in run.endpoints[name].arms[arm].blocks]
                for name in replay.endpoints
            ]
        ).swapaxes(0, 1)
        for arm in _ARMS
    )
    return [bool(failed) for failed in rule(base[None], candidate[None])[0].any(axis=1)]


def _on_requests(replay: DuetReplay, restart: int, slowed: str | None, factor: float) -> list[bool]:
    """Which endpoints fail at 5 %; the clock's microseconds are dithered, for the test knows no ties."""
    rng = np.random.default_rng([1, restart])
    failed = []
    for name in replay.endpoints:
        base, candidate = (
            np.sort(latencies + rng.uniform(-0.5, 0.5, len(latencies)) * _RESOLUTION_S)
            for latencies in replay.requests(restart, name)
        )
        candidate = candidate * (factor if name == slowed else 1.0)
        u = benchstat.u_of_sorted(candidate, base)
        m, n = len(candidate), len(base)
        p = float(benchstat.normal_p(np.array(u, dtype=float), m, n))
        failed.append(p <= benchstat.ALPHA and u > m * n / 2)
    return failed


def shown(factor: float, of: str) -> str:
    """A row of a table, in words."""
    return "unchanged, blocked" if factor == 1 else f"one {of} +{factor - 1:.0%}, caught"
