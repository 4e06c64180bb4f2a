"""Accepting a regression: the stored runs of a commit are judged again with what a person let pass, without new load.

Nothing is told and nothing is changed unless all of it goes well: whoever may not accept, or accepts what is not there,
leaves the check as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.baseline.store import Store
from gate.commands.effects import Effects
from gate.commands.judging import judge_runs, read_baselines
from gate.commands.outputs import read_run, write_whole
from gate.config.suite import Suite
from gate.errors import NotMeasured, UsageError
from gate.gh.events.acceptance import APPLICATION, Asked
from gate.gh.events.command import Command
from gate.gh.telling.stored_runs import AGAIN, StoredRuns
from gate.record.run import Run
from gate.record.value import Notice
from gate.stats.designs import METRICS
from gate.verdict.acceptance import ACCEPTED, MAX_ACCEPTANCES, Acceptance, acceptance_of, is_acceptable
from gate.verdict.stored import UNCONFIRMED
from gate.verdict.values import Row, Verdict


@dataclass(frozen=True)
class Rejudged:
    """The verdict after an acceptance."""

    verdict: Verdict
    run_files: tuple[Path, ...]
    acceptances: tuple[Acceptance, ...]
    """All that count for this commit, the earlier ones too; they belong into the record of this verdict."""


def accept(suite: Suite, store: Store, asked: Asked, measured: StoredRuns, out: Path, effects: Effects) -> Rejudged:
    """Judge stored runs again by the suite of the base commit, with what is accepted now and was before.

    Parameters
    ----------
    asked : Asked
        By somebody who may; that is found out before.

    Raises
    ------
    UsageError
        If a row that is named is not there or is none that can be accepted, the runs are newer than the comment, or
        the suite has changed so that they are no runs of it any more.
    NotMeasured
        If the runs are not those of a commit that was measured.
    BaselineError
        If the baselines cannot be used.
    """
    paths = tuple(out / name for name in sorted(measured.files))
    for path in paths:
        write_whole(path, measured.files[path.name])
    runs = tuple(read_run(path) for path in paths)
    _refuse_others(runs, measured.sha)
    if not asked.head_sha:
        _refuse_newer(runs, asked.at)
    stored = read_baselines(suite, store, effects)
    before = judge_runs(suite, runs, stored, effects, measured.acceptances)
    if not before.rows:
        raise NotMeasured(f"the stored run was not measured: {before.reasons[0].message}", AGAIN)
    new = _of_label(asked, before) if asked.label else _of_commands(asked, before)
    acceptances = together(measured.acceptances, new)
    if len(acceptances) > MAX_ACCEPTANCES:
        raise UsageError(
            f"{len(acceptances)} rows of one commit would be accepted, more than {MAX_ACCEPTANCES}",
            "accept the ones that are meant, by `/gate accept` in a comment",
        )
    verdict = judge_runs(suite, runs, stored, effects, acceptances) if new else before
    told = _notices(asked, verdict, measured.sha)
    return Rejudged(verdict.model_copy(update={"notices": [*verdict.notices, *told]}), paths, acceptances)


def together(earlier: Sequence[Acceptance], new: Sequence[Acceptance]) -> tuple[Acceptance, ...]:
    """All acceptances, of each row the new one."""
    rows = {acceptance.row for acceptance in new}
    return (*(acceptance for acceptance in earlier if acceptance.row not in rows), *new)


def _refuse_others(runs: Sequence[Run], sha: str) -> None:
    other = next((run.commit for run in runs if run.commit not in (None, sha)), None)
    if other is not None:
        raise NotMeasured(f"the stored run is of commit {other[:12]}, not of {sha[:12]}", AGAIN)


def _refuse_newer(runs: Sequence[Run], asked_at: str) -> None:
    """What came after a comment cannot be what its author looked at."""
    ended = max(_ended(run) for run in runs)
    if not ended <= dt.datetime.fromisoformat(asked_at):
        raise UsageError(
            "the newest run was not measured yet when the comment was written",
            "look at what it shows, and accept that with a new comment",
        )


def _ended(run: Run) -> dt.datetime:
    return dt.datetime.fromisoformat(run.created) + dt.timedelta(seconds=run.ready_after_s + run.elapsed_s)


def _of_label(asked: Asked, verdict: Verdict) -> list[Acceptance]:
    rows = [row for row in verdict.rows if is_acceptable(row)]
    return [acceptance_of(row, asked.by, f"label {asked.label}", asked.at) for row in rows]


def _of_commands(asked: Asked, verdict: Verdict) -> list[Acceptance]:
    """One for each command; none for a row that was accepted before, so that the same comment may be obeyed twice."""
    rows = {row.id: row for row in verdict.rows}
    found = []
    for command in asked.commands:
        row = rows.get(f"{verdict.suite}/{command.endpoint}/{command.metric}")
        if row is not None and is_acceptable(row):
            found.append(acceptance_of(row, asked.by, command.reason, asked.at))
        elif row is None or not _has(row, ACCEPTED):
            raise _refusal(command, row, verdict)
    return found


def _refusal(command: Command, row: Row | None, verdict: Verdict) -> UsageError:
    acceptable = [row.id for row in verdict.rows if is_acceptable(row)]
    cure = f"what can be accepted: {', '.join(acceptable)}" if acceptable else "there is nothing that can be accepted"
    if row is None:
        return UsageError(f"the verdict has no row {command.row}", cure)
    is_slower = row.outcome == "regressed"
    if _has(row, UNCONFIRMED) or (is_slower and row.endpoint == APPLICATION and not row.gated):
        return UsageError(f"{row.id} is only suspected", "have it confirmed first; then there is a change to accept")
    what = row.outcome.replace("_", " ") if not is_slower else "waived by the suite" if row.gated else "not gated"
    return UsageError(f"{row.id} does not block: it is {what}", cure)


def _has(row: Row, code: str) -> bool:
    return any(notice.code == code for notice in row.notices)


def _notices(asked: Asked, verdict: Verdict, sha: str) -> list[Notice]:
    """What the reader has to know of who accepted, and for how long."""
    accepted = [row for row in verdict.rows if row.metric in METRICS and _has(row, ACCEPTED)]
    if not accepted:
        return [Notice(code="nothing-to-accept", message=f"{asked.by} accepted what regressed, and nothing did")]
    told = [
        Notice(
            code="accepted-once",
            message=f"what is accepted counts for commit {sha[:12]}; another commit is judged as if nothing had been",
        )
    ]
    if asked.author and asked.by.casefold() == asked.author.casefold():
        told.append(Notice(code=ACCEPTED, message=f"{asked.by} accepted a change of their own"))
    return told
