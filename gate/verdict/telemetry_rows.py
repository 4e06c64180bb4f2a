"""Rows of telemetry's objectives. The application writes what they are made of: they can block, and excuse nothing.

None of them joins the family of tests that share the promise: they are seen or not, or rest on bounds of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from gate.config.quantities import Quantity, quantities, timed
from gate.config.suite import Suite
from gate.config.telemetry import TelemetryObjective
from gate.config.telemetry_checks import unit_of
from gate.record.run import Run
from gate.record.value import Notice
from gate.stats.growth import Climb
from gate.units import format_size
from gate.verdict.returned import of_rests
from gate.verdict.timed import of_answers
from gate.verdict.values import Outcome, Row, Trail, finite
from gate.verdict.watched import LEAST_LEAK_BYTES, Seen, is_falling, of_series

PREFIX = "telemetry:"
"""Begins the metric of such a row; the series and the statistic follow."""
WHOLE = "run"
"""In place of a scenario: from the first request to the last."""
AT_LEAST, AT_MOST = "seen, not tested: at least", "seen, not tested: at most"
BACK = "median level at rest after the load, beside that before it"
LEAK = "growth between the medians of stretches of the run, of its middle third, and of its last"
_UNITS = {"per_s": "rps"}
_CURE = "see telemetry in the suite and docs/telemetry.md; what the server does not tell is never taken for good"


def telemetry_rows(suite: Suite, candidates: Sequence[Run], baselines: Sequence[Run], level: float) -> Iterator[Row]:
    """One row for each objective."""
    known = quantities(suite)
    for objective in suite.telemetry.objectives:
        yield _row(suite, objective, known[objective.of], candidates, baselines, level)


def _row(
    suite: Suite,
    objective: TelemetryObjective,
    quantity: Quantity,
    candidates: Sequence[Run],
    baselines: Sequence[Run],
    level: float,
) -> Row:
    seen = _seen(suite, objective, candidates)
    before = [value for run in baselines if math.isfinite(value := _seen(suite, objective, [run]).value)]
    scenario = objective.scenario
    gated = not objective.advisory and not (scenario is not None and suite.scenarios[scenario].advisory)
    outcome = _outcome(objective, seen)
    owner = scenario or WHOLE
    unit = unit_of(objective, quantity)
    return Row.model_validate(
        {
            "id": f"{suite.name}/{owner}/{PREFIX}{objective.of}:{objective.judged}",
            "endpoint": owner,
            "metric": f"{PREFIX}{objective.of}:{objective.judged}",
            "category": objective.category or _category(objective.of),
            "unit": _UNITS.get(unit, unit),
            "baseline": median(before) if before else None,
            "candidate": finite(seen.value),
            "limit": seen.limit if math.isfinite(seen.limit) else None if objective.back else _limit(objective),
            "lo": finite(seen.lo) if seen.lo != seen.hi else None,
            "hi": finite(seen.hi) if seen.lo != seen.hi else None,
            "outcome": outcome,
            "gated": gated,
            "blocks": gated and outcome == "missed",
            "notices": list(_notices(objective, seen)),
            "trail": Trail(test=_test(objective), n=seen.n, p=1.0, p_adjusted=1.0, level=level),
        }
    )


def _seen(suite: Suite, objective: TelemetryObjective, runs: Sequence[Run]) -> Seen:
    """Of several runs the first watches: it is the one that makes the scenarios."""
    if objective.of in timed(suite):
        return of_answers(runs, objective.of, objective.judged, objective.scenario)
    record = next((run.telemetry for run in runs if run.telemetry is not None), None)
    if record is None:
        return Seen(why_not="nothing was watched")
    series = record.series.get(objective.of)
    if series is not None and is_falling(series):
        return Seen(why_not=f"{objective.of} is a counter and fell: its process was started anew meanwhile")
    if objective.back is not None:
        return of_rests(record, objective.of, objective.scenario, objective.back)
    return of_series(record, objective.of, objective.judged, objective.scenario, _limit(objective))


def _limit(objective: TelemetryObjective) -> float:
    amount = objective.most or objective.least
    return amount.value if amount is not None else LEAST_LEAK_BYTES


def _test(objective: TelemetryObjective) -> str:
    if objective.leak is not None:
        return LEAK
    if objective.back is not None:
        return BACK
    return AT_MOST if objective.most is not None else AT_LEAST


def _outcome(objective: TelemetryObjective, seen: Seen) -> Outcome:
    """Missed only where the bounds leave no doubt, met only where they leave none either; NaN is neither."""
    if not math.isfinite(seen.value):
        return "not_measured"
    outcome = _decided(objective, seen)
    return "not_measured" if seen.why_not and outcome == "inconclusive" else outcome


def _decided(objective: TelemetryObjective, seen: Seen) -> Outcome:
    if objective.leak is not None:
        kind = seen.climb.kind if seen.climb is not None else ""
        return "missed" if kind == "leak" else "met" if kind == "none" else "inconclusive"
    if objective.back is not None:
        return "met" if seen.value <= seen.limit else "missed"
    limit = _limit(objective)
    if objective.most is not None:
        return "met" if seen.hi <= limit else "missed" if seen.lo > limit else "inconclusive"
    return "met" if seen.lo >= limit else "missed" if seen.hi < limit else "inconclusive"


def _notices(objective: TelemetryObjective, seen: Seen) -> Iterator[Notice]:
    if seen.why_not:
        yield Notice(code="telemetry", message=seen.why_not, cure=_CURE)
    if seen.told:
        yield Notice(code="back", message=seen.told)
    if seen.climb is None:
        return
    grown = f"{format_size(seen.value)} per request answered"
    if seen.climb.kind == "leak":
        message = f"{objective.of} grows by {grown}, and still does in the last third: a leak"
    elif seen.climb.kind == "none":
        message = (
            f"{objective.of} does not go on growing: at most {format_size(seen.climb.last.hi)} per request by the end"
        )
    else:
        needed = seen.climb.needed
        times = f"about {math.ceil(needed)} times as long" if math.isfinite(needed) else "much longer"
        message = f"too short to tell whether {objective.of} leaks{_open(objective, seen.climb)}"
        message += f"; it would have to be watched {times}"
    yield Notice(code=f"leak-{seen.climb.kind.replace(' ', '-')}", message=message)


def _open(objective: TelemetryObjective, climb: Climb) -> str:
    """What is still possible: the bounds of the whole say nothing of whether it went on."""
    if not math.isfinite(climb.last.hi):
        return ""
    may, least = format_size(climb.last.hi), format_size(_limit(objective))
    return f": in its last third it may grow by {may} per request, and {least} are one"


def _category(of: str) -> str:
    return "queries" if of.startswith(("postgres.", "queries", "query_time")) else "stability"
