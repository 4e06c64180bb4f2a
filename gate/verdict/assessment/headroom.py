"""How far measured values are from their limits, as factors. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from gate.verdict.assessed import Headroom
from gate.verdict.assessment.kinds import BACK, LEAK, is_at_least, kind_of, statistic_of
from gate.verdict.endurance import DEGRADATION, EXPIRIES
from gate.verdict.figured import ScenarioFigures
from gate.verdict.values import Row

_OF_GROWTH = (LEAK, BACK, DEGRADATION, EXPIRIES)


def headroom(suite_name: str, rows: Sequence[Row], scenarios: Iterable[ScenarioFigures]) -> Iterator[Headroom]:
    """Of every row with a limit, then of every scenario with a target; left out where it is no number.

    A limit of zero has no factor, and neither has a value of zero: there is no saying how many times nothing goes into
    something. Neither has a rate that the load sets and the answers kept up with: it is not the most they could.
    """
    scenarios = tuple(scenarios)
    paced = {scenario.scenario for scenario in scenarios if scenario.executor == "rate"}
    for row in rows:
        times = times_of(row)
        is_paced = row.endpoint in paced and statistic_of(row) == "rate" and times is not None and times >= 1
        if times is not None and not is_paced:
            value, limit = row.candidate or 0.0, row.limit or 0.0
            yield Headroom(row=row.id, value=value, limit=limit, unit=row.unit, times=times)
    for scenario in scenarios:
        rate, target = scenario.rate_rps, scenario.target_rps
        if rate and target:
            row_id = f"{suite_name}/{scenario.scenario}/target:rate"
            yield Headroom(row=row_id, value=rate, limit=target, unit="rps", times=rate / target)


def times_of(row: Row) -> float | None:
    """How far one row is from its limit; None where that is no number.

    Of a leak and of answers that slow down there is none: the smallest growth that matters is no size that must not be
    exceeded. Nor is there of what is to be back where it was, for its limit follows from where that is, nor of lives of
    logins: how many there were is as long as the load was.
    """
    value, limit = row.candidate, row.limit
    if row.outcome == "not_measured":
        return None
    if kind_of(row) == "change" or value is None or limit is None or statistic_of(row) in _OF_GROWTH:
        return None
    if statistic_of(row) == "success":  # 99.9 % where 99 % must be is ten times fewer failures than allowed
        return _divided(1 - limit, 1 - value)
    return _divided(value, limit) if is_at_least(row) else _divided(limit, value)


def _divided(dividend: float, divisor: float) -> float | None:
    times = dividend / divisor if divisor > 0 else math.nan
    return times if 0 < times < math.inf else None
