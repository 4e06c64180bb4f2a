"""How long packets take over a network that is not this machine: a constant, and what queues on the way add. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

_SHAPE = 2.0
"""Of the gamma distribution of what queues add: a long right tail, and zero is rare."""


@dataclass(frozen=True)
class Network:
    """One direction of a path.

    Constant plus gamma, as one-way delays were found to be; its slow changes are those of the load on the way.

    References
    ----------
    Mukherjee, A. (1994). On the dynamics and significance of low frequency components of Internet load.
    Internetworking: Research and Experience 5, 163-205.
    """

    one_way_s: float = 0.020
    """No packet takes less."""
    jitter_s: float = 0.001
    """Mean of what comes on top."""
    drift_ratio: float = 0.0
    """The jitter rises and falls by this share of itself, as a sine."""
    drift_period_s: float = 60.0
    burst_every_s: float = math.inf
    """Mean time between the starts of two bursts, exponential."""
    burst_s: float = 0.2
    """How long one lasts."""
    burst_factor: float = 5.0
    """How many times the usual jitter there is in a burst."""


class Delays:
    """Delays of packets over a path, one after the other.

    Parameters
    ----------
    network : Network
        The path.
    random : Random
        Where they are drawn from.
    """

    def __init__(self, network: Network, random: Random) -> None:
        self._network, self._random = network, random
        self._burst_at_s = self._gap_s()

    def draw(self, now_s: float) -> float:
        """Delay in seconds of a packet sent at an instant, which is not before that of the one before.

        Instants count in seconds from when the path came into being.
        """
        network = self._network
        while now_s >= self._burst_at_s + network.burst_s:
            self._burst_at_s += network.burst_s + self._gap_s()
        mean_s = network.jitter_s * (1 + network.drift_ratio * math.sin(2 * math.pi * now_s / network.drift_period_s))
        if now_s >= self._burst_at_s:
            mean_s *= network.burst_factor
        return network.one_way_s + (self._random.gammavariate(_SHAPE, mean_s / _SHAPE) if mean_s > 0 else 0.0)

    def _gap_s(self) -> float:
        every_s = self._network.burst_every_s
        return self._random.expovariate(1 / every_s) if math.isfinite(every_s) else math.inf
