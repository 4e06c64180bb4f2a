"""Changes of latency between candidate runs and stored runs of main."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.baseline.history import APPLICATION, History, history_of
from gate.baseline.select import comparable
from gate.baseline.windows import in_window, window_notices
from gate.config.suite import Suite
from gate.measure.plan import compared
from gate.record.blocks import run_values
from gate.record.run import Run
from gate.record.value import Notice
from gate.stats.designs import METRICS, StoredDesign
from gate.stats.location import Floats
from gate.stats.stored import FEW_RUNS, StoredComparison, compare_stored
from gate.verdict.change import Change, Changes, SuiteChange
from gate.verdict.hosts import SUSPECTED_AT
from gate.verdict.shared import blocks_of
from gate.verdict.stored_rows import CONFIRM, Look, change_of, confirming_design, shift_of

UNCONFIRMED = "unconfirmed"
"""Code of a notice that a row is suspected by one run and not measured again."""
_OF_FACTOR = "prediction interval of the shared factor"


def stored_changes(suite: Suite, runs: Sequence[Run], baselines: Sequence[Run]) -> Changes:
    """Compare candidate runs with stored ones, all endpoints at once.

    Runs that go on from another one decide alone on what that one suspects: counted together, its bad luck would be
    counted against the pull request that it was noticed in.
    """
    beside = _Beside.of(suite, runs, baselines)
    if not beside.names:
        return Changes((), ())
    later = [run for run in runs if run.plan is not None and run.plan.after]
    first = [run for run in runs if run not in later]
    everything = beside.compare(runs)
    factors = [_factor(suite, everything.found, metric) for metric in range(len(METRICS))]
    confirm = confirming_design(suite) if len(first) == 1 else None
    if later:
        confirm = confirm or CONFIRM
    rows = _rows(suite, replace(beside.compare(first) if later else everything, confirm=confirm))
    if confirm is not None:
        suspects = max(1, sum(row.is_suspect for row in rows))
        again = _rows(suite, replace(beside.compare(later), confirm=confirm, suspects=suspects)) if later else rows
        rows = [
            _decided(row, other, len(later), confirm) if suite.endpoints[row.endpoint].gate else row
            for row, other in zip(rows, again, strict=True)
        ]
    rows = [replace(row, notices=[*row.notices, *beside.window_notices(row)]) for row in rows]
    return Changes(tuple(rows), tuple(factor for factor in factors if factor is not None))


def suspected(suite: Suite, runs: Sequence[Run], baselines: Sequence[Run]) -> tuple[str, ...]:
    """Endpoints that runs of the candidate make suspect, in the suite's order; all if everything seems slower.

    Those are what runs that go on from them measure thoroughly.
    """
    beside = _Beside.of(suite, runs, baselines)
    if not beside.names:
        return ()
    look = replace(beside.compare(runs), confirm=confirming_design(suite) or CONFIRM)
    factors = [_factor(suite, look.found, metric) for metric in range(len(METRICS))]
    everything = any(
        f is not None and not f.share > SUSPECTED_AT and math.expm1(f.shift.effect) > f.margin for f in factors
    )
    rows = [row for row in _rows(suite, look) if row.shift is not None]
    names = {row.endpoint for row in rows if row.is_suspect or everything}
    return tuple(name for name in beside.names if name in names)


@dataclass(frozen=True)
class _Beside:
    """Stored runs as they are compared with those of the candidate."""

    names: tuple[str, ...]
    old: Floats
    old_noise: Floats
    history: History

    @classmethod
    def of(cls, suite: Suite, runs: Sequence[Run], baselines: Sequence[Run]) -> _Beside:
        names = compared(suite)
        old, noise = _table(names, baselines, lambda run, name: _is_comparable(run, runs[0], name))
        history = history_of(baselines, {name: record.config_hash for name, record in runs[0].endpoints.items()})
        window = in_window(history, names)
        return cls(names, np.where(window, old, np.nan), np.where(window, noise, np.nan), history)

    def compare(self, runs: Sequence[Run]) -> Look:
        """Some runs of the candidate; NaN where they did not measure."""
        new, noise = _table(self.names, runs, lambda _run, _name: True)
        since = in_window(self.history, [APPLICATION])[0]
        return Look(self.names, self.old, new, compare_stored(self.old, new, self.old_noise, noise, since))

    def window_notices(self, row: Change) -> tuple[Notice, ...]:
        """Since when a row is compared."""
        return window_notices(self.history, row.endpoint, row.metric)


def _rows(suite: Suite, look: Look) -> list[Change]:
    """By metric, then endpoint. What may not block is never suspected."""
    rows = [change_of(suite, look, place, metric) for metric in range(len(METRICS)) for place in range(len(look.names))]
    return [row if suite.endpoints[row.endpoint].gate else replace(row, is_suspect=False) for row in rows]


def _decided(row: Change, again: Change, runs: int, confirm: StoredDesign) -> Change:
    """A row that one run saw, given what those that went on from it show."""
    if row.shift is None:
        return row
    if not row.is_suspect:
        return replace(row, standing="cleared", share=1.0)
    if runs < confirm.runs:
        return replace(row, standing="open", doubt=_unconfirmed(runs, confirm))
    notice = Notice(
        code="measured-again",
        message=f"one run showed {math.expm1(row.shift.effect):+.1%}; {runs} others, on which this rests, measured it"
        " again",
    )
    return replace(again, detectable=row.detectable, notices=[*again.notices, notice])


def _unconfirmed(runs: int, confirm: StoredDesign) -> Notice:
    have = "not measured again yet" if not runs else f"measured again in {runs} run"
    return Notice(
        code=UNCONFIRMED,
        message=f"in one run, which alone proves nothing; {have}",
        cure=f"measure what is suspected in {confirm.runs} runs on other runners (`gate run --after RUN`), then"
        " `gate compare` all of them",
    )


def _table(names: Sequence[str], runs: Sequence[Run], counts: Callable[[Run, str], bool]) -> tuple[Floats, Floats]:
    """Values and their squared errors, shape ``(endpoints, metrics, runs)``, NaN where a run does not count."""
    cells = [blocks_of(run, name, "candidate") if counts(run, name) else [] for name in names for run in runs]
    shape = (len(names), len(runs), len(METRICS))
    values, noise = (np.swapaxes(found.reshape(shape), 1, 2) for found in run_values(cells))
    return values, noise


def _is_comparable(run: Run, candidate: Run, name: str) -> bool:
    record = candidate.endpoints.get(name)
    return record is not None and comparable(run, name, record.config_hash)


def _factor(suite: Suite, found: StoredComparison, metric: int) -> SuiteChange | None:
    """What all endpoints share, where it was taken out; only a suspicion can come of it, for the runner is in it."""
    if not found.removed[metric]:
        return None
    runs = int(found.factor_runs[metric])
    shift = shift_of(found.factor, (metric,), runs, _OF_FACTOR + ("" if runs >= FEW_RUNS else ", assumed spread"))
    if shift is None:
        return None
    tolerance = suite.tolerance_of_all(METRICS[metric])
    return SuiteChange(
        metric=METRICS[metric],
        shift=shift,
        margin=tolerance,
        share=shift.p_slower(tolerance),
        limit=math.nan,
        proves=False,
        detectable=shift.detectable(tolerance, SUSPECTED_AT),
    )
