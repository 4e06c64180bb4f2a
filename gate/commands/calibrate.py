"""`gate calibrate`: deployments of one commit side by side teach what no single run can tell.

Every duet is stored as soon as it is made; a signal keeps what was made. Nothing is written into the suite.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, cycle, islice, product
from pathlib import Path

from gate.baseline.store import Store
from gate.baseline.window import append_run
from gate.commands.effects import Effects
from gate.commands.judging import read_baselines
from gate.commands.measuring import Prepared, Targets, measure, prepare
from gate.commands.outputs import write_run
from gate.commands.plan import look
from gate.commands.refresh import refuse_failing
from gate.config.suite import Suite
from gate.errors import ExitCode, NotMeasured, UsageError
from gate.measure.counts import MAX_ROUNDS
from gate.measure.layout import lay_out_same_code
from gate.measure.plan import Cost, round_cost
from gate.record.run import CalibrationRecord, Run
from gate.report import plan as report
from gate.verdict.afford import duet_within, stored_within
from gate.verdict.proposals import propose

MOST_DUETS, MOST_MINUTES = 100, 360
_RUNS = 10
"""Stored runs that the last sentence speaks of."""
_PAIRS = {0: (1, 0), 1: (1, 0), 2: (1, 1), 3: (1, 2)}
"""Pairs of deployments at first and afresh, by how many a check would have; from four on two and two."""
_ALONE = (
    "there was one deployment, beside itself: that shows the noise of blocks, but not how deployments differ; give two"
    " or more of one commit"
)


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    duets: int | None = None
    """Each pair of deployments once in each direction unless said."""
    minutes: float | None = None
    """For each duet; the suite's budget of a check unless said."""


def run(suite: Suite, store: Store, targets: Targets, out: Path, effects: Effects, extent: Extent) -> ExitCode:
    """Measure deployments of one commit side by side, store the duets, and say what they taught.

    Parameters
    ----------
    targets : Targets
        Without bases each preview is measured beside each other one, both ways round. With bases each preview is
        measured beside each base, and so the difference of the two hosts is learnt as well.

    Raises
    ------
    NotMeasured
        If one could not be measured; those before it are stored.
    BaselineError
        If the store holds something unusable, or cannot be written.
    UsageError
        If the deployments serve different commits, or their number makes no sense.
    """
    previews = list(dict.fromkeys(targets.previews or suite.preview.url or ()))
    bases = list(dict.fromkeys(targets.bases or suite.preview.base or ()))
    longer = with_time(suite, extent.minutes)
    prepared = [
        _prepare(longer, pair, targets.commit, effects, is_first=not number)
        for number, pair in enumerate(pairs_of(previews, bases, extent.duets))
    ]
    read_baselines(suite, store, effects)
    made: list[Run] = []
    for number, one in enumerate(prepared, 1):
        effects.console.say(f"duet {number} of {len(prepared)}")
        made.append(_make(one, store, out, effects, made))
    set_up, told = look(suite, read_baselines(suite, store, effects))
    told += [*_too_short(longer), *([_ALONE] if len({*previews, *bases}) == 1 else [])]
    at_hand = _PAIRS.get(min(len(previews), len(bases) or len(previews) // 2), (2, 2))
    proposal = propose(set_up, made, at_hand)
    budget = Cost(proposal.time_s, proposal.requests)
    within = (duet_within(set_up, at_hand, budget), stored_within(set_up, _RUNS, budget))
    sentences = [report.sentence(set_up, way) for way in within if way is not None]
    effects.console.show("".join(f"{line}\n" for line in [*told, "", *report.proposal(proposal), "", *sentences]))
    return ExitCode.APPROVED


def pairs_of(previews: Sequence[str], bases: Sequence[str], duets: int | None) -> list[tuple[str, str]]:
    """Candidate and base of each duet, each pair of deployments in turn.

    Raises
    ------
    UsageError
        If there is no preview, or the number of duets makes no sense.
    """
    previews, bases = list(dict.fromkeys(previews)), list(dict.fromkeys(bases))
    if not previews:
        raise UsageError("there is nothing to calibrate", "give --preview URL, and again for more of one commit")
    if duets is not None and not 1 <= duets <= MOST_DUETS:
        raise UsageError(f"--duets {duets} is not a number of duets", f"write it like 10, at most {MOST_DUETS}")
    if bases:
        turns = list(product(previews, bases))
    elif len(previews) == 1:
        turns = [(previews[0], previews[0])]
    else:
        once = list(combinations(previews, 2))
        turns = [*once, *((base, candidate) for candidate, base in once)]
    return list(islice(cycle(turns), duets or len(turns)))


def with_time(suite: Suite, minutes: float | None) -> Suite:
    """The same suite with so much time for a duet, and requests in proportion.

    Raises
    ------
    UsageError
        If that is no time for a duet.
    """
    if minutes is None:
        return suite
    if not 0 < minutes <= MOST_MINUTES:
        raise UsageError(f"--duet-minutes {minutes:g} is not a time for a duet", "write it like 5 or 0.5")
    budget = suite.policy.budget
    factor = max(1.0, 60 * minutes / budget.time_s)
    budget = budget.model_copy(update={"time_s": 60 * minutes, "requests": math.ceil(factor * budget.requests)})
    return suite.model_copy(update={"policy": suite.policy.model_copy(update={"budget": budget})})


def _too_short(suite: Suite) -> list[str]:
    """Few rounds know little of deployments, however many duets there are."""
    rounds = lay_out_same_code(suite).most_rounds(0)
    if rounds >= MAX_ROUNDS:
        return []
    least = math.ceil(MAX_ROUNDS * round_cost(suite, None, arms=2).time_s / 6) / 10
    return [f"each duet had {rounds} rounds, and {MAX_ROUNDS} would teach more: --duet-minutes {least:g}"]


def _prepare(suite: Suite, pair: tuple[str, str], commit: str | None, effects: Effects, *, is_first: bool) -> Prepared:
    """Of the scenarios only searches for the capacity are made, and once."""
    searches = {name: scenario for name, scenario in suite.scenarios.items() if scenario.load.find and is_first}
    bare = suite.without_probes().model_copy(update={"scenarios": searches})
    return prepare(bare, Targets((pair[0],), (pair[1],), commit), effects)


def _make(prepared: Prepared, store: Store, out: Path, effects: Effects, made: Sequence[Run]) -> Run:
    measured = measure(prepared, out, effects, same_code=True)
    kept = f"{len(made)} duets were stored before it"
    if measured.stopped_by is not None:
        effects.console.say(kept)
        raise measured.stopped_by
    (done,) = measured.runs
    if done.not_measured:
        raise NotMeasured(f"{done.not_measured[0].message}; {kept}", done.not_measured[0].cure)
    refuse_failing(done)
    _refuse_other_code([*made, done])
    (origins,) = prepared.origins
    prints = {arm: hashlib.sha256(origin.encode()).hexdigest()[:12] for arm, origin in origins.items()}
    record = CalibrationRecord(candidate=prints["candidate"], base=prints["base"])
    done = done.model_copy(update={"calibration": record})
    write_run(out, done)
    effects.console.say(f"stored {append_run(store, done)}")
    return done


def _refuse_other_code(runs: Sequence[Run]) -> None:
    """One commit, as far as deployments say what they serve."""
    commits = {commit for run in runs for commit in (run.commit, run.base_commit) if commit is not None}
    if len(commits) > 1:
        raise UsageError(
            "the deployments serve different commits: " + " and ".join(sorted(commit[:12] for commit in commits)),
            "deploy one commit to all of them: what differs must not be the code",
        )
