"""Whether a system or its load set the pace, and how many requests the system serves at once, from levels of load.

Pure. What is beyond that number waits. The time of an answer without load is the time that it is served; at saturation
so many are served at once that they leave at the throughput that is seen (Little's law). That holds only where the
system set the throughput: users who think, and rates, set it themselves until the system holds them back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gate.stats.sharing import Sharing, sharing
from gate.stats.special import stdtrit

UNLOADED = 0.5
"""Up to this share of the highest throughput answers hardly wait for each other."""
PLATEAU = 0.9
"""From this share of the highest throughput on it is called the same."""
WAITING = 1.5
"""Times the time without load, from which on an answer waits."""
HELD_BACK = 1.1
"""Times the throughput that the load would make if nothing waited, from which on the system sets the pace."""
FLAT = 1.25
"""Between levels on the plateau: a quarter more was asked for and less than a tenth more was answered, so that
throughput grew as load to a power below one half."""
CLEARLY_HELD_BACK = 3.0
"""The same of a single level on the plateau, beside which nothing shows that throughput has ceased to grow."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """One load, and what it came to."""

    rate_rps: float
    """Answers per second."""
    time_s: float
    """Of an answer; the mean, or the median where only that is known."""
    asked_rps: float | None = None
    """Open model: requests per second that fell due. None where users wait for their answers."""
    think_s: float = 0.0
    """Closed model: pause of a user after each answer."""

    @property
    def under_way(self) -> float:
        """Requests on average, by Little's law: of users who do not think all of them."""
        return self.rate_rps * self.time_s

    def held_back(self, unloaded_s: float) -> float:
        """How many times the throughput that came the load would have made if nothing had waited.

        Of users it is the ratio of their bound ``N / (Z + D)`` to their throughput ``N / (Z + R)``: ``N`` users think
        for ``Z``, and an answer takes ``R``, without load ``D``.

        References
        ----------
        Denning, P. J. and Buzen, J. P. (1978). The Operational Analysis of Queueing Network Models, sections 3 and 4:
        the interactive response time law and asymptotic bounds. https://doi.org/10.1145/356733.356735
        """
        if self.asked_rps is not None:
            return self.asked_rps / self.rate_rps
        return (self.think_s + self.time_s) / (self.think_s + unloaded_s)


@dataclass(frozen=True)
class Occupancy:
    """Requests that are served at once at saturation, waiting ones not among them."""

    at_once: float
    lo: float | None
    hi: float | None
    """Of the interval; None where either kind of level was measured only once, so that its spread is not known."""
    saturation_rps: float
    """Mean throughput of the saturated levels."""
    unloaded_s: float
    """Geometric mean of the time of an answer at the unloaded levels."""
    served_s: float
    """Time that an answer is served among so many; longer than without load only where that was seen to grow."""


def occupancy(levels: Sequence[Level], confidence: float = 0.9) -> Occupancy | None:
    """The number that is served at once: throughput at saturation times the time that an answer is served.

    That is the time without load, unless levels of users who do not think, and are fewer than what is served at once,
    show that it grows with their number: they wait for nothing. Then it is that of so many as are served at once.

    The interval is Student's over the logarithms of both, from how much levels of one kind differ among themselves
    (degrees of freedom by Welch and Satterthwaite). It knows nothing of work outside of what is full: time that an
    answer spends there counts as served.

    Parameters
    ----------
    levels : sequence of Level
        In any order; a load may be there several times.

    Returns
    -------
    Occupancy or None
        None if no level is unloaded, or none is saturated: then nothing is known of where the system ends.

    Raises
    ------
    ValueError
        If a throughput or a time is not positive and finite.

    References
    ----------
    Little, J. D. C. (1961). A Proof for the Queuing Formula: L = λW. https://doi.org/10.1287/opre.9.3.383
    Welch, B. L. (1947). https://doi.org/10.1093/biomet/34.1-2.28
    """
    unloaded = _unloaded(levels)
    if not unloaded:
        return None
    times = np.log([level.time_s for level in unloaded])
    unloaded_s = math.exp(float(times.mean()))
    held = _saturated(levels, unloaded_s)
    if not held:
        return None
    saturated = np.array([level.rate_rps for level in held])
    saturation_rps = float(saturated.mean())
    at_once = saturation_rps * unloaded_s
    shared = _shared(levels, at_once, saturation_rps)
    if shared is None:
        factor = _factor([_of_mean(np.log(saturated)), _of_mean(times)], confidence)
    else:
        steepness = 1 - saturation_rps * shared.each_s  # n = rate (alone + each n)
        at_once = saturation_rps * shared.alone_s / steepness
        time = (shared.variance(at_once), shared.df)
        factor = _factor([_of_mean(np.log(saturated)), time], confidence, steepness)
    lo, hi = (None, None) if factor is None else (at_once / factor, at_once * factor)
    return Occupancy(at_once, lo, hi, saturation_rps, unloaded_s, at_once / saturation_rps)


def begins_unloaded(levels: Sequence[Level]) -> bool:
    """Whether some level is far enough below the highest throughput to tell what an answer takes without load."""
    return bool(_unloaded(levels))


def is_held_back(levels: Sequence[Level]) -> bool:
    """Whether answers waited at some level that brought less than its load would have made without waiting.

    Then it was not the load alone that set the throughput, whether or not more of it was seen to bring no more.
    """
    unloaded = _unloaded(levels)
    if not unloaded:
        return False
    unloaded_s = math.exp(float(np.log([level.time_s for level in unloaded]).mean()))
    return any(_waits(level, unloaded_s) for level in levels)


def _waits(level: Level, unloaded_s: float) -> bool:
    return level.time_s >= WAITING * unloaded_s and level.held_back(unloaded_s) >= HELD_BACK


def _unloaded(levels: Sequence[Level]) -> list[Level]:
    numbers = [(level.rate_rps, level.time_s, level.asked_rps or 1.0, level.think_s + 1.0) for level in levels]
    if not all(math.isfinite(number) and number > 0 for each in numbers for number in each):
        raise ValueError("throughputs and times are positive, and thinking takes no negative time")
    highest_rps = max((level.rate_rps for level in levels), default=0.0)
    return [level for level in levels if level.rate_rps <= UNLOADED * highest_rps]


def _saturated(levels: Sequence[Level], unloaded_s: float) -> list[Level]:
    """Levels whose throughput the system set; none unless it is seen that more load brings no more."""
    highest_rps = max(level.rate_rps for level in levels)
    plateau = [level for level in levels if level.rate_rps >= PLATEAU * highest_rps]
    held = [level for level in plateau if _waits(level, unloaded_s)]
    if not held:
        return []
    asked = [level.rate_rps * level.held_back(unloaded_s) for level in plateau]
    most = max(level.rate_rps * level.held_back(unloaded_s) for level in held)
    clearly = max(level.held_back(unloaded_s) for level in held) >= CLEARLY_HELD_BACK
    return held if clearly or most >= FLAT * min(asked) else []


def _shared(levels: Sequence[Level], at_once: float, saturation_rps: float) -> Sharing | None:
    """How service grows with company; None where that would have more served than were ever under way."""
    closed = [level for level in levels if level.asked_rps is None and not level.think_s]
    alike = [level for level in closed if level.under_way <= at_once]
    found = sharing([level.under_way for level in alike], [level.time_s for level in alike])
    if found is None or not saturation_rps * found.each_s < 1:
        return None
    served = saturation_rps * found.alone_s / (1 - saturation_rps * found.each_s)
    return found if served <= max(level.under_way for level in levels) else None


def _of_mean(logs: Floats) -> tuple[float, int]:
    """Variance of a mean with its degrees of freedom; none of a single value."""
    return (float(np.var(logs, ddof=1)) / len(logs) if len(logs) > 1 else math.nan, len(logs) - 1)


def _factor(parts: Sequence[tuple[float, int]], confidence: float, steepness: float = 1.0) -> float | None:
    """Half the width of the interval of a sum, as a factor.

    Parameters
    ----------
    parts : sequence of (float, int)
        Variances of its terms, with their degrees of freedom.
    steepness : float
        What a change of the sum is divided by in the result.
    """
    total = sum(variance for variance, _ in parts)
    if math.isnan(total):
        return None
    if total == 0:
        return 1.0
    df = total**2 / sum(variance**2 / own for variance, own in parts)
    return math.exp(float(stdtrit(df, (1 + confidence) / 2)) * math.sqrt(total) / steepness)
