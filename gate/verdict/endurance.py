"""What only a long load shows: whether answers slow down, and whether logins that run out are survived. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gate.record.scenario import PeriodRecord, ScenarioRecord
from gate.record.value import Notice
from gate.stats.drift import Drift, Kind, drift, kind_of, needed
from gate.units import format_duration, format_ratio
from gate.verdict.figured import Degradation, LoginFigures
from gate.verdict.limit import Limit
from gate.verdict.values import finite

DEGRADATION, EXPIRIES = "degradation", "expiries"
LEAST_AN_HOUR = 0.01
"""Growth of the median in an hour that matters where the suite names none: a quarter in a day."""
_HOUR_S = 3600.0
_MOST = 100.0
"""Of growth in a few seconds as one in an hour; a larger number says nothing more."""
_WIDE = 1.0
"""An interval that is wider is not told where nothing follows from it; and what would double or halve within an hour is
told as it was seen, over the time that the load lasted. Where nobody asked, no more is claimed of it: of several short
loads one may grow by chance, and a disturbance of a minute looks alike."""
_NEARLY_ALL = 1 - 1e-9


def judge_endured(statistic: str, limit: float, records: Sequence[ScenarioRecord]) -> Limit:
    """The evidence on one of these objectives."""
    return _degradation(limit, records) if statistic == DEGRADATION else _expiries(limit, records)


def degradation_of(records: Sequence[ScenarioRecord], least: float | None) -> Degradation | None:
    """How the median grew; None of loads that were not watched for it.

    Parameters
    ----------
    least : float, optional
        Growth in an hour that matters, as the suite says.
    """
    record = _longest(records)
    if record is None:
        return None
    found = _drift(record.periods, 0.0)
    limit = LEAST_AN_HOUR if least is None else least
    lasted = record.elapsed_s / _HOUR_S
    times = needed(found, math.log1p(limit))
    kind = kind_of(found, math.log1p(limit))
    return Degradation(
        kind=kind,
        least=limit,
        is_asked=least is not None,
        an_hour=finite(_grown(found.slope)),
        lo=finite(_grown(found.lo)),
        hi=finite(_grown(found.hi)),
        over=finite(_grown(found.slope * lasted)),
        over_lo=finite(_grown(found.lo * lasted)),
        over_hi=finite(_grown(found.hi * lasted)),
        n=found.n,
        elapsed_s=record.elapsed_s,
        needed_s=finite(times * record.elapsed_s) if kind == "too short" else None,
    )


def login_figures(records: Sequence[ScenarioRecord]) -> LoginFigures | None:
    """How logins fared; None where nobody logs in. Of several runs all together, lives as the shortest."""
    found = [(record, record.logins) for record in records if record.logins is not None]
    if not found:
        return None
    lives = [logins.life_s for _, logins in found]
    known = [life for life in lives if life is not None]
    life_s = min(known) if len(known) == len(lives) else None
    elapsed_s = max(record.elapsed_s for record, _ in found)
    return LoginFigures(
        life_s=life_s,
        elapsed_s=elapsed_s,
        lifetimes=math.floor(elapsed_s / life_s) if life_s else None,
        renewals=sum(logins.renewals for _, logins in found),
        refused=sum(logins.refused for _, logins in found),
    )


def _degradation(limit: float, records: Sequence[ScenarioRecord]) -> Limit:
    told = degradation_of(records, limit)
    record = _longest(records)
    if told is None or record is None:
        notice = Notice(
            code="not-watched",
            message="no answer was as expected, or nothing was kept of when they came",
            cure="measure it again",
        )
        return Limit(DEGRADATION, limit, "ratio", math.nan, notices=(notice,))
    found = _drift(record.periods, math.log1p(limit))
    return Limit(
        statistic=DEGRADATION,
        limit=limit,
        unit="ratio",
        value=_grown(found.slope),
        lo=_grown(found.lo),
        hi=_grown(found.hi),
        p_missed=found.p_above,
        is_met=_grown(found.hi) <= limit,
        test="slope of the logarithm of the median over time (Theil-Sen), Kendall's test, neighbours being alike",
        n=found.n,
        notices=(_notice(told),),
        if_open=(_notice(told.model_copy(update={"is_doubtful": True})),),
    )


def _notice(told: Degradation) -> Notice:
    return Notice(code=f"degradation-{told.kind.replace(' ', '-')}", message=degradation_words(told))


def _expiries(limit: float, records: Sequence[ScenarioRecord]) -> Limit:
    """Missed by a single answer 401; a load that was too short to outlive so many lives has not shown it."""
    told = login_figures(records)
    if not any(record.completed for record in records):
        notice = Notice(code="unanswered", message="no answer was as expected", cure="see the errors of the scenario")
        return Limit(EXPIRIES, limit, "count", math.nan, notices=(notice,))
    if told is None or told.lifetimes is None:
        what = "nobody logged in" if told is None else "nobody says how long a login lasts"
        notice = Notice(code="lifetime-unknown", message=what, cure="write lasts into the identity")
        return Limit(EXPIRIES, limit, "count", math.nan, notices=(notice,))
    return Limit(
        statistic=EXPIRIES,
        limit=limit,
        unit="count",
        value=float(told.lifetimes),
        is_met=told.lifetimes >= limit and not told.refused,
        is_check=bool(told.refused) or told.lifetimes >= limit,
        p_missed=0.0 if told.refused else 1.0,
        test="lives of logins that the load outlived, without an answer 401",
        n=sum(record.sent for record in records),
        notices=(Notice(code="logins", message=login_words(told)),),
    )


def degradation_words(told: Degradation) -> str:
    """What came of the median in one line."""
    more = f"; about {format_duration(told.needed_s)} would tell" if told.needed_s is not None else ""
    if told.an_hour is None or told.lo is None or told.hi is None or _says_nothing(told.kind, told.hi - told.lo):
        lasted = f"{format_duration(told.elapsed_s)} are too short"
        return f"{lasted} to tell whether p50 degrades by {format_ratio(told.least)} an hour{more}"
    is_steep = abs(math.log1p(max(told.an_hour, -_NEARLY_ALL))) > math.log1p(_WIDE)
    if told.over is not None and told.over_lo is not None and told.over_hi is not None and is_steep:
        said = f"p50 {_change(told.over, told.over_lo, told.over_hi)} within {format_duration(told.elapsed_s)}"
        if told.kind == "drifts" and not told.is_asked:
            return f"{said}: a longer load would tell whether it goes on"
    else:
        said = f"p50 {_change(told.an_hour, told.lo, told.hi, ' an hour')} over {format_duration(told.elapsed_s)}"
    if told.kind == "too short":
        return f"{said}: too short to tell whether it degrades by {format_ratio(told.least)}{more}"
    if told.kind == "drifts" and told.is_doubtful:
        return f"{said}: it seems to degrade, though not beyond doubt"
    return f"{said}: {'it degrades' if told.kind == 'drifts' else 'it does not degrade'}"


def _change(growth: float, lo: float, hi: float, per: str = "") -> str:
    """``grows by 12 % an hour (+3 % to +20 %)``."""
    between = f"{format_ratio(lo, signed=True)} to {format_ratio(hi, signed=True)}"
    return f"{'grows' if growth >= 0 else 'falls'} by {format_ratio(abs(growth))}{per} ({between})"


def _says_nothing(kind: Kind, width: float) -> bool:
    return kind == "too short" and width > _WIDE


def login_words(told: LoginFigures) -> str:
    """What came of the logins in one line."""
    lasts = "nobody says how long logins last"
    lasted = f"the load lasted {format_duration(told.elapsed_s)}"
    if told.life_s is not None and told.lifetimes is not None:
        lives = f"{told.lifetimes} of their lives" if told.lifetimes else "less than one of their lives"
        lasts, lasted = f"logins last {format_duration(told.life_s)}", f"{lasted}, {lives}"
    again = "once" if told.renewals == 1 else f"{told.renewals} times" if told.renewals else "never"
    refused = f"{told.refused:,} answers 401" if told.refused else "no answer 401"
    return f"{lasts}; {lasted}: made again {again}, {refused}"


def _longest(records: Sequence[ScenarioRecord]) -> ScenarioRecord | None:
    """Of several runs the one that was watched the longest, with some answer as expected."""
    watched = [record for record in records if any(period.p50_s for period in record.periods)]
    return max(watched, key=lambda record: record.elapsed_s, default=None)


def _drift(periods: Sequence[PeriodRecord], limit: float) -> Drift:
    """Of the logarithm of the median, per hour; a period in which nothing was answered is as slow as the slowest."""
    known = [period.p95_s for period in periods if period.p95_s]
    slowest_s = max(known, default=1.0)
    hours = [(period.from_s + period.to_s) / 2 / _HOUR_S for period in periods]
    return drift(hours, [math.log(period.p50_s or slowest_s) for period in periods], limit)


def _grown(slope: float) -> float:
    return math.expm1(min(slope, math.log1p(_MOST))) if math.isfinite(slope) else slope
