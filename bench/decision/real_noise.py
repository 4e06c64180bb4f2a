"""What the noise of real stored runs and real duets is like, where it matters to the constants of the decision.

``python -m bench.decision.real_noise`` writes ``bench/results/real_noise.json``; half a minute. Rows inform, none has
a goal. Everything is on natural logs; "scale" is the standard deviation of a normal with the same median absolute
deviation. A residual is a server's value in a run, less its median over the ten runs before, less the median of that
over servers (what all share); only servers of unchanged version count, as in ``bench.decision.histories``.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import stdtr, stdtrit

from bench.decision.duet_replay import DuetReplay, read_restarts
from bench.decision.fastify import read_history
from bench.decision.stored_replay import Case, cases
from bench.decision.world import Floats
from bench.figures import Figure, publish
from gate.record.run import Run
from gate.record.value import Arm
from gate.stats.location import NU, mad_sd, t_location

STUDY = "real_noise"
COMMAND = f"python -m bench.decision.{STUDY}"
K = 10
WINDOWS = (3, 5, 10, 20, 30)
BANDS = (0.0, 0.05, 0.15, 0.30, np.inf)
"""Sizes of what all servers of a run share."""
FAR = (3.0, 5.0, 7.0)
MAD_TO_SD = 1.4826
ARMS: tuple[Arm, Arm] = ("base", "candidate")
LEAST = 30
"""Residuals of a server from which its own scale is known."""


@dataclass(frozen=True)
class Residuals:
    """Of the gated servers of one candidate."""

    names: tuple[str, ...]
    own: Floats
    """Beyond what is shared, shape (runs, servers): the candidate, and the runs after it that were asked for."""
    shared: float
    """Median over servers of the candidate."""


def residuals(case: Case) -> Residuals:
    """Take out each server's centre and what the servers of a run share."""
    runs = (*case.stored, *case.candidates)
    names = tuple(name for name in case.gated if all(name in run.latency_s for run in runs))
    logs = np.log([[run.latency_s[name] for name in names] for run in runs])
    moved = logs - np.median(logs[: len(case.stored)], axis=0)
    shared = np.median(moved, axis=1, keepdims=True)
    k = len(case.stored)
    return Residuals(names, np.asarray((moved - shared)[k:]), float(shared[k, 0] - np.median(shared[:k])))


def _figure(what: str, value: float, n: int, unit: str = "%") -> Figure:
    scaled = 100 * value if unit == "%" else value
    return Figure(what, round(float(scaled), 2), unit, None, n, None, COMMAND)


def stored_rows() -> list[Figure]:
    """Noise between runs of the fastify history."""
    history = read_history()
    found = [residuals(case) for case in cases(history, K)]
    return [
        *_shared_rows(found),
        *_window_rows(),
        *_tail_rows("fastify, residuals of servers", _by_own_scale(found)),
        *_outlier_rows([residuals(case) for case in cases(history, K, measured=2)]),
    ]


def _shared_rows(found: list[Residuals]) -> list[Figure]:
    """How the scale of residuals grows with what all servers share, and how unequally they share it."""
    figures = []
    for low, high in pairwise(BANDS):
        inside = np.concatenate([one.own[0] for one in found if low <= abs(one.shared) < high])
        band = f"{low:.0%} to {high:.0%}" if np.isfinite(high) else f"{low:.0%} or more"
        figures.append(
            _figure(f"fastify, scale of residuals where all moved by {band}", float(mad_sd(inside)), len(inside))
        )
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in found:
        for name, own in zip(one.names, one.own[0], strict=True):
            points[name].append((one.shared, own))
    slopes = [_slope(np.array(pairs)) for pairs in points.values() if len(pairs) >= LEAST]
    figures.append(
        _figure(
            "fastify, slope of residuals on what is shared, scale over servers",
            float(mad_sd(np.array(slopes))),
            len(slopes),
            "per unit",
        )
    )
    shared = np.array([one.shared for one in found])
    figures.append(_figure("fastify, what all servers share, scale", float(mad_sd(shared)), len(shared)))
    return figures


def _slope(pairs: Floats) -> float:
    x, y = (pairs - pairs.mean(axis=0)).T
    return float((x * y).sum() / (x * x).sum())


def _window_rows() -> list[Figure]:
    """How well the median of the last k runs foretells the next one."""
    figures = []
    for k in WINDOWS:
        own = np.concatenate([residuals(case).own[0] for case in cases(read_history(), k)])
        for what, value in (
            ("scale", float(mad_sd(own))),
            ("95th percentile", float(np.quantile(own, 0.95))),
            ("99th percentile", float(np.quantile(own, 0.99))),
        ):
            figures.append(_figure(f"fastify, residuals with {k} stored runs, {what}", value, len(own)))
    return figures


def _by_own_scale(found: list[Residuals]) -> Floats:
    values: dict[str, list[float]] = defaultdict(list)
    for one in found:
        for name, own in zip(one.names, one.own[0], strict=True):
            values[name].append(own)
    many = [np.array(own) for own in values.values() if len(own) >= LEAST]
    return np.concatenate([(own - np.median(own)) / mad_sd(own) for own in many])


def _tail_rows(what: str, scaled: Floats) -> list[Figure]:
    """Shares far out, beside those of a normal and of the t that the decision takes for granted."""
    figures = []
    for far in FAR:
        of_t = 2 * stdtr(NU, -far * MAD_TO_SD * stdtrit(NU, 0.75))
        label = f"{what}, beyond {far:g} scales (of a t with {NU:g} degrees of freedom {100 * of_t:.2g} %)"
        figures.append(_figure(label, float(np.mean(np.abs(scaled) > far)), len(scaled)))
    return figures


def _outlier_rows(found: list[Residuals]) -> list[Figure]:
    """Pull requests that change nothing in which some server looks slower by so much, and does so again."""
    figures = []
    for factor in (1.1, 1.2, 1.5):
        far = [one.own > np.log(factor) for one in found]
        label = f"fastify, unchanged, some server slower by {factor - 1:.0%} or more"
        figures.append(_figure(f"{label}, in one run", float(np.mean([one[0].any() for one in far])), len(far)))
        again = float(np.mean([one.all(axis=0).any() for one in far]))
        figures.append(_figure(f"{label}, in that run and the next", again, len(far)))
    return figures


def duet_rows() -> list[Figure]:
    """Noise of blocks and of restarts in the local duet."""
    restarts = read_restarts()
    replay = DuetReplay(restarts)
    runs = [replay.run_file(restart) for restart in sorted(restarts)]
    figures = []
    scaled: list[Floats] = []
    for metric in ("log_trimmed_mean", "log_p95"):
        effects = []
        for name in replay.endpoints:
            differences = [_differences(run, name, metric) for run in runs]
            fits = [t_location(d) for d in differences]
            effects.append([fit.centre for fit in fits])
            excess = float(np.var(effects[-1], ddof=1)) - float(np.mean([fit.variance for fit in fits]))
            scale = float(np.median([mad_sd(d) for d in differences]))
            label = f"local duet, {name}, {metric}"
            figures.append(_figure(f"{label}: scale of block differences", scale, len(runs)))
            figures.append(_figure(f"{label}: sigma_dep by moments", float(np.sqrt(max(0.0, excess) / 2)), len(runs)))
            scaled += [(d - fit.centre) / mad_sd(d) for d, fit in zip(differences, fits, strict=True)]
        between = float(np.asarray(np.corrcoef(effects))[np.triu_indices(len(effects), 1)].mean())
        label = f"local duet, {metric}: correlation between endpoints of the effects of restarts, mean"
        figures.append(_figure(label, between, len(runs), ""))
    return [*figures, *_tail_rows("local duet, block differences", np.concatenate(scaled))]


def _differences(run: Run, name: str, metric: str) -> Floats:
    """Candidate less base, block by block."""
    base, candidate = (run.endpoints[name].arms[arm].blocks for arm in ARMS)
    return np.array([getattr(new, metric) - getattr(old, metric) for old, new in zip(base, candidate, strict=True)])


def main() -> int:
    """Measure and publish."""
    return 0 if publish(STUDY, [*stored_rows(), *duet_rows()]) else 1


if __name__ == "__main__":
    sys.exit(main())
