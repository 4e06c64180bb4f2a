"""What is taken for granted of deployments and hosts, because one run cannot tell: assumed until learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gate.stats.location import Floats

INFLATION = 1.3
"""Learnt spreads are taken to be so much larger: too small a belief costs far more than too large a one."""
ASSUMED_SIGMA = {True: (0.015, 0.03), False: (0.05, 0.08)}
"""Standard deviation of one deployment's own effect on centre and p95, until ten same-code duets are stored: both arms
on the gate's own machine, or not."""


@dataclass(frozen=True)
class Beliefs:
    """By endpoint and metric, shape ``(endpoints, metrics)``, natural logs."""

    sigma_dep: Floats
    """Standard deviation of one deployment's own effect."""
    sigma_common: float
    """The same for what a deployment does to all its endpoints."""
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
