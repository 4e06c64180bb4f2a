"""Where a system ends: how many requests it serves at once, how its throughput bends, and which resource was full.

Pure. Only what was measured is said: a number served at once needs a curve whose throughput the system set in the end
and not the load, its resource needs telemetry that saw it full, and its size needs to have been read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean

from gate.stats import scalability
from gate.stats.occupancy import PLATEAU, Level, begins_unloaded, is_held_back, occupancy
from gate.stats.scalability import LEAST_LEVELS, Exponent, Scalability
from gate.verdict.assessment.curves import Curve
from gate.verdict.loaded import Bottleneck, ResourceUse
from gate.verdict.values import finite

LEAST_FULL_RATIO = 0.1
"""Share of the samples of a scenario in which a resource must have been full: a search begins far below."""
MOSTLY_RATIO = 0.5
"""Share of the samples from which on what is full sets the pace: a moment's crowd fills a small one."""
ALIKE = 1.5
"""Times that the size of what was full may differ from the number served at once: beyond it something else did."""
LEAST_SPAN = 2.0
"""The highest load over the lowest, from which it is worth saying how throughput grew."""
LEAST_FULL = 2
"""Samples; one alone may be chance."""


def bottlenecks(curves: Sequence[Curve], resources: Sequence[ResourceUse]) -> Iterator[Bottleneck]:
    """One for each curve; of a curve that does not saturate only how throughput grows."""
    for curve in curves:
        yield _bottleneck(curve, [use for use in resources if use.window in curve.scenarios and is_full(use)])


def is_full(use: ResourceUse) -> bool:
    """Whether a resource was full often enough to limit something."""
    return use.full_ratio >= LEAST_FULL_RATIO and use.full_ratio * use.n >= LEAST_FULL - 0.5


def _nearest(full: Sequence[ResourceUse], at_once: float) -> ResourceUse | None:
    """Of what was full the thing that is as large as what is served at once, if there is one.

    A pool that fills while everything waits for the processors, or for one process, does not set the pace.
    """
    found = min(full, key=lambda use: abs(math.log(use.size / at_once)), default=None)
    return found if found is not None and abs(math.log(found.size / at_once)) <= math.log(ALIKE) else None


def _bottleneck(curve: Curve, uses: Sequence[ResourceUse]) -> Bottleneck:
    stages = curve.stages
    levels = [Level(stage.rate_rps, stage.time_s, stage.asked_rps, stage.think_s) for stage in stages]
    found = occupancy(levels)
    full = _nearest(uses, found.at_once) if found else None
    fit, power = _fit(curve) if len(curve.names) >= LEAST_LEVELS else None, _exponent(curve)
    last = stages[-1]
    return Bottleneck(
        scenario=" + ".join(curve.scenarios),
        of=curve.of,
        levels=len(curve.names),
        highest=last.load,
        saturated=found is not None if begins_unloaded(levels) else None,
        held_back=is_held_back(levels),
        served_at_once=found.at_once if found else None,
        served_lo=found.lo if found else None,
        served_hi=found.hi if found else None,
        resource=full.resource if full else None,
        configured=full.size if full else None,
        saturation_rps=found.saturation_rps if found else None,
        unloaded_s=found.unloaded_s if found else None,
        served_s=found.served_s if found else None,
        waiting_ratio=max(0.0, 1 - found.unloaded_s / last.time_s) if found else None,
        peak=finite(fit.peak) if fit else None,
        peak_lo=finite(fit.peak_lo) if fit else None,
        peak_hi=finite(fit.peak_hi) if fit else None,
        fails_from=_fails_from(curve),
        exponent=power.value if power else None,
        exponent_lo=power.lo if power else None,
        exponent_hi=power.hi if power else None,
    )


def _fit(curve: Curve) -> Scalability | None:
    """The universal scalability law over requests under way: users who do not think, else rate times time.

    None where throughput is not seen to fall.
    """
    is_load = curve.of == "under way" or (curve.of == "users" and not curve.thinks)
    loads = [stage.load if is_load else stage.rate_rps * stage.time_s for stage in curve.stages]
    kept = [(load, stage.rate_rps) for load, stage in zip(loads, curve.stages, strict=True) if load >= 1]
    if not kept:
        return None
    found = scalability.fit([load for load, _ in kept], [rate for _, rate in kept])
    return found if found is not None and _falls(kept, found.peak) else None


def _falls(levels: Sequence[tuple[float, float]], peak: float) -> bool:
    """Whether throughput was seen to fall beyond a peak: the law has one for a curve that is only flat there, too."""
    beyond = [rate for load, rate in levels if load > peak]
    return bool(beyond) and min(beyond) < PLATEAU * max(rate for _, rate in levels)


def _exponent(curve: Curve) -> Exponent | None:
    """Of two loads too, where one of them was measured several times: that tells how sure it is.

    None where the loads are so near to each other that their own noise would pass for growth.
    """
    loads = [fmean(stage.load for stage in curve.stages if stage.name == name) for name in curve.names]
    if max(loads) < LEAST_SPAN * min(loads):
        return None
    loads, rates_rps = [stage.load for stage in curve.stages], [stage.rate_rps for stage in curve.stages]
    return scalability.exponent(loads, rates_rps, exact="rate" if curve.of == "under way" else "load")


def _fails_from(curve: Curve) -> float | None:
    """The lowest level that never held: one that missed once and held then was disturbed."""
    held = {stage.load for stage in curve.stages if stage.met}
    return min((stage.load for stage in curve.stages if stage.met is False and stage.load not in held), default=None)
