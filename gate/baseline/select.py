"""Which stored runs a candidate may be compared with.

Pure. The clock is the candidate's own time of measurement, so that a verdict can be repeated later from files.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gate.config.policy import Baselines
from gate.record.run import Run
from gate.record.value import Notice

_CLOCK_SKEW_S = 600.0
_WORTH_TELLING = 3
_ONE_GO_S = 3 * 3600.0


@dataclass(frozen=True)
class Selection:
    """Comparable runs, oldest first, and what was left out."""

    runs: tuple[Run, ...]
    notices: tuple[Notice, ...] = ()


def select(candidate: Run, stored: list[Run], rules: Baselines) -> Selection:
    """The newest sound runs of the same environment class within the window and the age allowed.

    None for a candidate that was measured under a profiler, which says so itself.
    """
    if candidate.spent is not None:
        return Selection(())
    now = _instant(candidate.created)
    reasons: dict[str, int] = {}
    kept: list[Run] = []
    for run in stored:
        why = _unfit(run, candidate, now, rules.max_age_s)
        if why is None:
            kept.append(run)
        else:
            reasons[why] = reasons.get(why, 0) + 1
    notices = tuple(
        Notice(code="baselines-left-out", message=f"{count} stored {_runs(count)} left out: {why}")
        for why, count in sorted(reasons.items())
    )
    window = tuple(kept[-rules.window :])
    return Selection(window, (*notices, *_too_close(window)))


def _too_close(runs: tuple[Run, ...]) -> tuple[Notice, ...]:
    """Tell when stored runs were made in one go: their spread is that of an hour, not of days and runners."""
    if len(runs) < _WORTH_TELLING:
        return ()
    instants = [_instant(run.created) for run in runs]
    span_s = (max(instants) - min(instants)).total_seconds()
    if span_s >= _ONE_GO_S:
        return ()
    return (
        Notice(
            code="baselines-in-one-go",
            message=f"all {len(runs)} stored runs were made within {max(1, round(span_s / 60))} minutes: they do"
            " not know how days and runners differ, so a difference between days may be called a slowdown",
            cure="refresh on every merge, or hours apart",
        ),
    )


def comparable(run: Run, endpoint: str, config_hash: str) -> bool:
    """Whether a stored run measured this endpoint in exactly the same way."""
    record = run.endpoints.get(endpoint)
    return record is not None and record.config_hash == config_hash and "candidate" in record.arms


def _unfit(run: Run, candidate: Run, now: dt.datetime, max_age_s: float) -> str | None:
    if not run.complete or run.not_measured:
        return "not measured completely"
    if run.spent is not None:
        return "measured under a profiler"
    if run.calibration is not None:
        return "made by `gate calibrate`, from deployments that are measured again and again"
    if run.plan is not None and run.plan.after:
        return "they only measured again what another run made suspect"
    if run.run_id == candidate.run_id:
        return "it is the candidate itself"
    if run.environment != candidate.environment:
        return f"another environment ({_describe(run)}, the candidate has {_describe(candidate)})"
    age_s = (now - _instant(run.created)).total_seconds()
    if not age_s <= max_age_s:
        return f"older than {max_age_s / 86_400:g} days"
    if not age_s >= -_CLOCK_SKEW_S:
        return "stamped later than the candidate"
    return None


def _describe(run: Run) -> str:
    environment = run.environment
    return ", ".join(part for part in (environment.host, environment.runner, environment.cpu) if part)


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
