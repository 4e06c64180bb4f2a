"""Every peer rule with the evidence it would be given, as a procedure of the standard table.

Rules for stored runs look at the p95 of each endpoint, as somebody would who sets one threshold per endpoint; to let
them look at the centre too would only add false blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.decision.peers import bencher, benchstat, kayenta, limits, perfherder
from bench.decision.peers.evidence import RUN_REQUESTS, sequences, slowed_requests, stored_and_new, two_arms
from bench.decision.peers.github_action_benchmark import ratio_to_last
from bench.decision.table import Judged, Procedure, on_metric, rows
from bench.decision.world import METRICS, Floats, Mask, Noise, run_effects

P95 = METRICS.index("p95")
P95_MS = (50.0, 400.0)
"""Where one limit in milliseconds serves all endpoints, their usual p95 spread between these, evenly on logs."""
KAYENTA_PASS = 95.0
"""Score from which a canary passes; the user sets it. Two failed metrics of forty still pass this one."""


@dataclass(frozen=True)
class OnRuns:
    """A rule for runs of the pull request beside stored runs of main."""

    name: str
    rule: Callable[[Floats, Floats], Mask]
    """From p95 of stored and new runs, shapes ``(prs, runs, endpoints, 1)``, to rows ``(prs, endpoints, 1)``."""
    stored: int = 30
    new: int = 1

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """Draw the runs and apply the rule."""
        old, new = stored_and_new(rng, noise, effects, self.stored, self.new)
        failed = self.rule(old[..., P95:], new[..., P95:])
        return rows(on_metric(failed[..., 0], "p95"), self.new * RUN_REQUESTS * effects.shape[1])


@dataclass(frozen=True)
class OnArms:
    """A rule for blocks of both sides in one job, on one deployment of each; centre and p95."""

    name: str
    rule: Callable[[Floats, Floats], Mask]
    blocks: int
    n: int

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """Draw the blocks and apply the rule."""
        base, candidate = two_arms(rng, noise, effects, self.blocks, self.n)
        return rows(self.rule(base, candidate), 2 * self.blocks * self.n * effects.shape[1])


@dataclass(frozen=True)
class OnRequests:
    """Mann-Whitney on all requests of one run against those of the last stored one: the common misuse."""

    name: str
    alpha: float = benchstat.ALPHA

    def judge(self, rng: np.random.Generator, noise: Noise, effects: Floats) -> Judged:
        """Draw the runs and test each endpoint."""
        prs, endpoints, _ = effects.shape
        between = run_effects(rng, noise, (2, prs, endpoints))[..., METRICS.index("centre")]
        moved = between[1] - between[0]
        u = np.empty((prs, endpoints))
        for endpoint in range(endpoints):
            kept = sequences(endpoint)
            for pr in range(prs):
                base, candidate = kept[rng.choice(len(kept), 2, replace=False)]
                slowed = slowed_requests(candidate, effects[pr, endpoint])
                u[pr, endpoint] = benchstat.u_of_sorted(slowed + moved[pr, endpoint], base)
        m = RUN_REQUESTS
        failed = (benchstat.normal_p(u, m, m) <= self.alpha) & (u > m * m / 2)
        return rows(on_metric(failed, "centre"), m * endpoints)


def _score_below(base: Floats, candidate: Floats) -> Mask:
    """High metrics of the canaries whose share of passing metrics is below the score that passes."""
    failed = kayenta.high(base, candidate)
    score = 100 * (1 - failed.mean(axis=(1, 2)))
    return np.asarray(failed & (score < KAYENTA_PASS)[:, None, None])


def _one_limit(_stored: Floats, new: Floats) -> Mask:
    usual_ms = np.geomspace(*P95_MS, new.shape[2])[:, None]
    return limits.over(usual_ms * np.exp(new[:, 0]), 500.0)


def _bencher(limit: bencher.Limit, boundary: float) -> Callable[[Floats, Floats], Mask]:
    return lambda stored, new: bencher.above(stored, new[:, 0], limit, boundary)


def _ratio(threshold: float) -> Callable[[Floats, Floats], Mask]:
    return lambda stored, new: ratio_to_last(stored, new[:, 0], threshold)


def _room(room: float) -> Callable[[Floats, Floats], Mask]:
    return lambda stored, new: limits.over(new[:, 0], limits.limits_from_main(stored, room))


ON_RUNNERS: tuple[Procedure, ...] = (
    *(OnRuns(f"github-action-benchmark {t:.0%}", _ratio(t), stored=1) for t in (1.1, 1.2, 1.5, 2.0)),
    OnRuns("Bencher percentage 10 %", _bencher(bencher.percentage, 0.10)),
    OnRuns("Bencher percentage 25 %", _bencher(bencher.percentage, 0.25)),
    OnRuns("Bencher z 0.98", _bencher(bencher.z_score, 0.98)),
    OnRuns("Bencher t 0.98", _bencher(bencher.t_test, 0.98)),
    OnRuns("Bencher t 0.99", _bencher(bencher.t_test, 0.99)),
    OnRuns("Bencher t 0.99, prediction", _bencher(bencher.t_prediction, 0.99)),
    OnRuns("Bencher t 0.99, prediction, 5 runs", _bencher(bencher.t_prediction, 0.99), stored=5),
    OnRuns("Bencher log-normal 0.98", _bencher(bencher.log_normal, 0.98)),
    OnRuns("Bencher IQR 1.5", _bencher(bencher.iqr, 1.5)),
    OnRuns("Bencher delta IQR 1.5", _bencher(bencher.delta_iqr, 1.5)),
    OnRuns("Perfherder, 12 runs of the pull request", perfherder.alert, stored=24, new=12),
    OnRuns("Perfherder, one run", perfherder.alert, stored=24),
    OnRuns("fixed limit, main's p95 + 10 %", _room(0.10)),
    OnRuns("fixed limit, main's p95 + 50 %", _room(0.50)),
    OnRuns("fixed limit, 500 ms for all", _one_limit),
    OnRuns("benchstat, 10 runners each", benchstat.slower, stored=10, new=10),
    OnRequests("Mann-Whitney on requests"),
)
"""Whose evidence comes from several runners."""
KAYENTA: tuple[Procedure, ...] = (
    OnArms("Kayenta, any metric High", kayenta.high, blocks=50, n=50),
    OnArms("Kayenta, score below 95", _score_below, blocks=50, n=50),
)
ON_DEPLOYMENTS: tuple[Procedure, ...] = (
    OnArms("benchstat -count=10, one job", benchstat.slower, blocks=10, n=100),
    *KAYENTA,
)
"""Whose evidence comes from one deployment of either side."""
PEERS = ON_RUNNERS + ON_DEPLOYMENTS
