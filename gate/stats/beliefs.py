"""What is taken for granted of deployments and hosts, because one run cannot tell: assumed until learnt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gate.stats.deployments import Learnt
from gate.stats.location import Floats
from gate.stats.special import stdtrit

INFLATION = 1.3
"""Learnt spreads are taken to be so much larger, however many duets there are: too small a belief costs far more than
too large a one, and what was learnt may be outgrown by a third."""
ASSUMED_SIGMA = {True: (0.015, 0.03), False: (0.05, 0.08)}
"""Standard deviation of one deployment's own effect on centre and p95, until ten same-code duets are stored: both arms
on the gate's own machine, or not."""
LEAST_FOR_OFFSETS, LEAST_FOR_SIGMA = 5, 10
"""Same-code duets from which hosts, and deployments, are taken to be known."""
FLOOR_SIGMA = (0.005, 0.01)
"""A third of what is assumed on one machine: no luck makes deployments more alike than that."""
_UPPER = 0.95
"""One-sided confidence of the upper limit of a learnt spread."""
_DIFFER = 3.0
"""Standard errors by which two hosts must differ to be told apart by fewer duets."""


@dataclass(frozen=True)
class Beliefs:
    """By endpoint and metric, shape ``(endpoints, metrics)``, natural logs."""

    sigma_dep: Floats
    """Standard deviation of what one deployment does to an endpoint, that which it does to all included."""
    sigma_common: float
    """Standard deviation of what one deployment does to all its endpoints."""
    offset: Floats
    """How much slower the candidate's host is than the base's for the same code."""
    offset_variance: Floats
    """Squared standard error of the offset."""
    duets: int
    """Same-code duets it was learnt from; zero is assumed."""
    hosts_known: bool
    """Whether the two hosts are known to be alike, or how they differ: one machine, or learnt."""

    @property
    def widest(self) -> float:
        """Largest sigma_dep of the suite, in terms of the centre (that of p95 counts half)."""
        return float(np.max(self.sigma_dep / np.array((1.0, 2.0)), initial=0.0))


def assumed(endpoints: int, *, one_host: bool) -> Beliefs:
    """What to believe before anything was learnt."""
    shape = (endpoints, 2)
    return Beliefs(
        sigma_dep=np.broadcast_to(np.array(ASSUMED_SIGMA[one_host]), shape),
        sigma_common=0.0,
        offset=np.zeros(shape),
        offset_variance=np.zeros(shape),
        duets=0,
        hosts_known=one_host,
    )


def believed(learnt: Learnt, *, one_host: bool) -> Beliefs:
    """What to believe after same-code duets.

    Spreads are inflated, or taken at their upper confidence limit if that is more: short duets know little of
    deployments. They are not below a floor, and from five to nine duets not below what is assumed. The error of the
    offsets is inflated alike. With fewer than five everything stays assumed, but hosts that differ by three
    standard errors are not taken to be alike.
    """
    guess = assumed(len(learnt.sigma), one_host=one_host)
    if learnt.worth < LEAST_FOR_OFFSETS:
        return replace(guess, hosts_known=one_host and not hosts_differ(learnt, one_host=one_host))
    reach = stdtrit(learnt.worth - 1, _UPPER) * learnt.sigma2_error
    highest = np.where(np.isfinite(reach), np.sqrt(learnt.sigma**2 + reach), guess.sigma_dep)
    sigma = np.maximum(np.maximum(INFLATION * learnt.sigma, highest), FLOOR_SIGMA)
    if learnt.worth < LEAST_FOR_SIGMA:
        sigma = np.maximum(sigma, guess.sigma_dep)
    return Beliefs(
        sigma_dep=sigma,
        sigma_common=INFLATION * learnt.sigma_common,
        offset=learnt.offset,
        offset_variance=INFLATION**2 * learnt.offset_variance,
        duets=learnt.worth,
        hosts_known=True,
    )


def hosts_differ(learnt: Learnt, *, one_host: bool) -> bool:
    """Whether few duets already show that the hosts are not alike: so few do not know sigma_dep, so it is assumed."""
    sigma = np.array(ASSUMED_SIGMA[one_host])
    by_luck = 2 * sigma**2 / (max(learnt.worth, 1) * len(learnt.sigma))
    error = np.sqrt(np.maximum(learnt.mean_offset_variance, by_luck))
    return learnt.worth > 0 and bool((np.abs(learnt.mean_offset) > _DIFFER * error).any())
