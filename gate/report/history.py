"""The history of main as a value with a published schema: what ``gate history`` shows, and prints as JSON."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from gate.baseline.creep import Creep
from gate.baseline.history import APPLICATION, History
from gate.baseline.series import Series
from gate.record.run import AcceptedChange, Environment, Run
from gate.record.value import Instant, Value
from gate.stats.shift import Shift


class Size(Value):
    """A change as a ratio less one, with its 90 % interval."""

    change: float
    lo: float
    hi: float


class Where(Value):
    """A stored run."""

    created: Instant
    run_id: str
    commit: str | None


class LevelChange(Value):
    """A level that changed for good."""

    at: Where
    """The first run at the new level."""
    size: Size


class Accepted(Value):
    """A change that is meant."""

    at: Where
    """The run that carries it."""
    reason: str


class SinceAnchor(Value):
    """One row now against the anchor; None where there are not the runs for it."""

    stored: Size | None
    """By stored runs of both."""
    duets: Size | None
    """By the sum of the duets of merges since then."""
    total: Size | None
    """By both."""
    creeping: bool
    """Surely slower than the margin, over all rows together, and by more than the tolerance."""
    hint: bool
    """The cumulative sum of deviations is high: worth a look, and no test."""


class HistoryRow(Value):
    """One row over stored runs."""

    id: str
    """suite/endpoint/metric; ``*`` as the endpoint is what all endpoints share."""
    runs: int
    """With a value that is comparable with the newest."""
    in_window: int
    """Of these at the present level: what a pull request is compared with, as far as number and age allow."""
    since: Instant
    """When the present level began, or the first of the runs was made."""
    level_s: float | None
    """Present level; None for what all endpoints share, which has no unit, and if no run was measured since."""
    spread: float | None
    """Standard deviation from run to run, as a ratio; None for a single run."""
    changes: list[LevelChange]
    accepted: list[Accepted]
    unsettled: float | None
    """Ratio less one by which the two newest runs lie off the level, if both do: one more makes a new level."""
    since_anchor: SinceAnchor | None = None


class HistoryClass(Value):
    """Stored runs of one environment class."""

    environment: Environment
    runs: int
    first: Instant
    last: Instant
    shared: list[str]
    """Metrics of which what all endpoints share was taken out."""
    anchor_runs: int
    """Stored runs of the anchor in this class."""
    rows: list[HistoryRow]


class HistoryFile(Value):
    """What is known of main."""

    schema_: Literal["gate.history/1"] = Field(default="gate.history/1", alias="schema")
    tool: str
    suite: str
    anchor: str | None
    classes: list[HistoryClass]
    """The one of the newest run last."""


def class_of(
    suite: str,
    history: History,
    anchor: tuple[int, ...] = (),
    creeps: tuple[Creep, ...] = (),
    creeping: frozenset[tuple[str, str]] = frozenset(),
) -> HistoryClass:
    """Everything that is shown of one environment class."""
    by_row = {(creep.endpoint, creep.metric): creep for creep in creeps}
    rows = []
    for key, series in sorted(history.series.items(), key=lambda item: (item[0][0] == APPLICATION, *item[0])):
        row, creep = _row(suite, history, series), by_row.get(key)
        since = _since_anchor(creep, is_creeping=key in creeping) if creep is not None else None
        rows.append(row.model_copy(update={"since_anchor": since}))
    return HistoryClass(
        environment=history.runs[-1].environment,
        runs=len(history.runs),
        first=history.runs[0].created,
        last=history.runs[-1].created,
        shared=sorted(history.shared),
        anchor_runs=len(anchor),
        rows=rows,
    )


def _row(suite: str, history: History, series: Series) -> HistoryRow:
    level_s = math.exp(series.level) if series.endpoint != APPLICATION and math.isfinite(series.level) else None
    begin = series.window_start if series.window_start > 0 else series.runs[0]
    return HistoryRow(
        id=f"{suite}/{series.endpoint}/{series.metric}",
        runs=len(series.runs),
        in_window=len(series.current),
        since=history.runs[begin].created,
        level_s=_rounded(level_s),
        spread=_rounded(math.expm1(series.sd)) if math.isfinite(series.sd) else None,
        changes=[LevelChange(at=_where(history.runs[c.run]), size=_size(c.size)) for c in series.changes],
        accepted=[_accepted(history.runs[index], change) for index, change in series.accepted],
        unsettled=_rounded(math.expm1(series.unsettled)) if series.unsettled is not None else None,
    )


def _since_anchor(creep: Creep, *, is_creeping: bool) -> SinceAnchor:
    stored, duets, total = (_size(s) if s is not None else None for s in (creep.stored, creep.duets, creep.total))
    return SinceAnchor(stored=stored, duets=duets, total=total, creeping=is_creeping, hint=creep.hint)


def _size(shift: Shift) -> Size:
    low, high = shift.interval()
    change, lo, hi = (float(f"{math.expm1(min(log, 700.0)):.9g}") for log in (shift.effect, low, high))
    return Size(change=change, lo=lo, hi=hi)


def _where(run: Run) -> Where:
    return Where(created=run.created, run_id=run.run_id, commit=run.commit)


def _accepted(run: Run, change: AcceptedChange) -> Accepted:
    return Accepted(at=_where(run), reason=change.reason)


def _rounded(value: float | None) -> float | None:
    """Nine digits: the same bytes on every processor."""
    return None if value is None else float(f"{value:.9g}")
