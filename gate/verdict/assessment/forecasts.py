"""How long measured capacity and limits last, at a growth that the suite names. Pure; it decides nothing.

Nothing is said without measurements. A capacity is compared with the load that will be asked of it as it was measured;
where a limit is reached follows from a law of sizes, and is told no farther beyond what was measured than that allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gate.config import sweeps as config
from gate.config.forecast import ExpectedGrowth
from gate.config.forecast_checks import limits_of
from gate.config.suite import Suite
from gate.config.sweeps import AT_LEAST
from gate.record.run import Run
from gate.stats import laws
from gate.stats.laws import Crossing
from gate.verdict.assessment.sweep_points import Measurement, lowest_missed, measurements
from gate.verdict.assessment.sweeps import CONFIDENCE
from gate.verdict.swept import Forecast, SweepUnit

FARTHEST = 10.0
"""A law is followed at most so many times beyond the largest size that was measured, and not farther than the sizes
reach apart. So far out the band of a line through three sizes is two to three times as wide as at its end; and what
bends later than that, such as an index that no longer fits into memory, no smaller size has shown."""


def forecasts(suite: Suite, runs: Sequence[Run]) -> Iterator[Forecast]:
    """Each growth of the suite: of a capacity one, of a setting one for each limit that may be reached."""
    for name, growth in suite.forecast.items():
        if growth.scenario is not None:
            yield _of_capacity(suite, runs, name, growth, growth.scenario)
        elif growth.setting is not None:
            yield from _of_setting(suite, runs, name, growth, growth.setting)


def months_until(growth: ExpectedGrowth, size: float) -> float:
    """Months until so much is there: growth by a share is compound, by an amount it is even; 0 where it is now."""
    now, monthly = growth.now.value, growth.monthly.value
    if size <= now:
        return 0.0
    if growth.monthly.unit == "ratio":
        return math.log(size / now) / math.log1p(monthly)
    return (size - now) / monthly


def _of_capacity(suite: Suite, runs: Sequence[Run], name: str, growth: ExpectedGrowth, scenario: str) -> Forecast:
    unit: SweepUnit = "rps" if growth.now.unit == "per_s" else "users"
    made = _begun(name, growth, [scenario], statistic="capacity", unit=unit)
    records = [run.reached[scenario].search for run in runs if scenario in run.reached]
    found = [search for search in records if search is not None and search.finished]
    held = [search.capacity for search in found if search.capacity is not None]
    if scenario not in suite.scenarios:
        return made.model_copy(update={"why": f"this profile leaves {scenario} out"})
    if not held or len(held) < len(found):
        why = "its condition did not hold at its first level" if found else "it was not reached, or cut short"
        return made.model_copy(update={"why": f"{scenario} found no capacity: {why}"})
    tried = [level.level for search in found for level in search.levels]
    capacity = min(held)
    is_bounded = all(search.is_bounded for search in found if search.capacity == capacity)
    if not is_bounded and capacity < growth.now.value:
        return made.model_copy(update={"why": f"{scenario} held up to its limit, which is below what there is now"})
    ends = [end for search in found if search.is_bounded and (end := lowest_missed(search)) is not None]
    highest = max(ends) if len(ends) == len(found) else None
    ahead = "ahead" if capacity > growth.now.value else "reached"
    return made.model_copy(
        update={
            "state": ahead if is_bounded else "at least",
            "at": capacity,
            "at_lo": capacity,
            "at_hi": highest,
            "months": months_until(growth, capacity),
            "months_lo": months_until(growth, capacity),
            "months_hi": None if highest is None else months_until(growth, highest),
            "n": len(found),
            "measured_from": min(tried, default=capacity),
            "measured_to": max(tried, default=capacity),
        }
    )


def _of_setting(
    suite: Suite, runs: Sequence[Run], name: str, growth: ExpectedGrowth, setting: str
) -> Iterator[Forecast]:
    mine = [sweep for sweep in config.sweeps(suite) if sweep.setting == setting]
    if not mine:
        made = _begun(name, growth, [], statistic="", unit="s")
        yield made.model_copy(update={"why": f"this profile has no scenarios that differ in {setting} alone"})
    for sweep in mine:
        for (endpoint, statistic), limit in limits_of(suite, sweep).items():
            measured = "capacity_rps" if statistic == "capacity" else statistic
            made = _begun(
                name, growth, list(sweep.values), statistic=statistic, unit="rps" if statistic in AT_LEAST else "s"
            ).model_copy(update={"endpoint": endpoint, "limit": limit})
            yield _at_limit(made, growth, limit, measurements(suite, runs, sweep, measured, endpoint))


def _at_limit(made: Forecast, growth: ExpectedGrowth, limit: float, measured: Sequence[Measurement]) -> Forecast:
    """Where a limit is reached, by the law of the measurements."""
    exact = [each for each in measured if not each.at_least]
    sizes, values = [each.setting for each in exact], [each.value for each in exact]
    found = laws.plausible(sizes, values, CONFIDENCE)
    if not found:
        return made.model_copy(update={"why": _too_few(sizes)})
    update = {"law": found[0].kind, "n": len(sizes), "measured_from": min(sizes), "measured_to": max(sizes)}
    reach = max(sizes) * min(FARTHEST, max(sizes) / min(sizes))
    if growth.now.value > reach:
        why = f"what there is now is more than {reach / max(sizes):.3g} times the largest size measured"
        return made.model_copy(update=update | {"why": why})
    crossing = laws.crossing(found, limit, rising=made.statistic not in AT_LEAST, confidence=CONFIDENCE)
    return made.model_copy(update=update | _told(growth, crossing, reach))


def _too_few(sizes: Sequence[float]) -> str:
    if not sizes:
        return "it was not measured with enough answers at any size"
    often = "once" if len(sizes) == 1 else f"{len(sizes)} times"
    where = "one size" if len(set(sizes)) == 1 else f"{len(set(sizes))} sizes"
    return f"it was measured {often} with enough answers, at {where}; a law needs three times, and two sizes"


def _told(growth: ExpectedGrowth, crossing: Crossing, reach: float) -> dict[str, object]:
    if not crossing.at <= reach:
        lo = min(crossing.lo, reach)
        return {"state": "too far", "at_lo": lo, "months_lo": months_until(growth, lo)}
    hi = crossing.hi if crossing.hi <= reach else None
    return {
        "state": "ahead" if crossing.at > growth.now.value else "reached",
        "at": crossing.at,
        "at_lo": crossing.lo,
        "at_hi": hi,
        "months": months_until(growth, crossing.at),
        "months_lo": months_until(growth, crossing.lo),
        "months_hi": None if hi is None else months_until(growth, hi),
    }


def _begun(name: str, growth: ExpectedGrowth, scenarios: list[str], *, statistic: str, unit: SweepUnit) -> Forecast:
    """What is known beforehand; nothing was measured yet."""
    return Forecast(
        name=name,
        scenarios=scenarios,
        setting=growth.setting,
        statistic=statistic,
        unit=unit,
        now=growth.now.value,
        monthly=growth.monthly.value,
        monthly_is_ratio=growth.monthly.unit == "ratio",
        state="not measured",
    )
