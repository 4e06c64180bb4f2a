"""Steps that `check` and `compare` share: stored runs in, verdict out, report on disk and on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gate.baseline.directory import DirectoryStore
from gate.baseline.learnt import Taught, beliefs_for
from gate.baseline.select import Selection, select
from gate.baseline.store import Store
from gate.baseline.window import read_window
from gate.commands.effects import Effects
from gate.commands.outputs import pretty, write_report
from gate.config.journeys import without_steps
from gate.config.suite import Suite
from gate.errors import BaselineError, ExitCode, UsageError
from gate.measure.hashes import endpoint_hash, scenario_hash
from gate.measure.layout import Suspicion
from gate.record.run import Run
from gate.verdict.acceptance import Acceptance
from gate.verdict.rules import in_order, judge, not_measured
from gate.verdict.stored import suspected
from gate.verdict.values import Verdict


class NothingSuspected(UsageError):
    """There is nothing that other runs could confirm or clear."""


def open_store(suite: Suite, suite_file: Path, override: str | None, *, to_write: bool = False) -> Store:
    """The store named on the command line, else the suite's, which lies relative to the suite file.

    Raises
    ------
    UsageError
        For a kind of store that this version has not, and for a directory that was named to be read and is not there:
        a slip of the keyboard must not pass for "no baseline yet".
    """
    place = override if override is not None else suite.baselines.store
    kind, colon, rest = place.partition(":")
    if not colon or kind == "dir":
        folder = Path(rest if colon else place)
        if override is None:
            return DirectoryStore(suite_file.parent / folder)
        if not to_write and not folder.is_dir():
            raise UsageError(
                f"the baselines {place!r} are not there",
                "`gate refresh` makes them; to judge by objectives only, name none or an empty directory",
            )
        return DirectoryStore(folder)
    if kind == "branch":
        raise UsageError(
            f"the baselines are on {place!r}, which only the action reads",
            f"`git fetch origin {rest}`, `git worktree add ../runs {rest}`, and give --baselines dir:../runs; or any"
            " folder, for runs of this machine's own",
        )
    raise UsageError(f"the baseline store {place!r} is not in this version", "use a directory: dir:baselines")


def read_baselines(suite: Suite, store: Store, effects: Effects) -> list[Run]:
    """All stored runs that may matter; every one of them readable.

    Raises
    ------
    BaselineError
        If any is not.
    """
    runs = read_window(store, suite.name, suite.baselines.window)
    if not runs:
        effects.console.say(f"no stored runs of suite {suite.name} in {store.place}")
    return runs


def judge_runs(
    suite: Suite,
    candidates: tuple[Run, ...],
    stored: list[Run],
    effects: Effects,
    acceptances: Sequence[Acceptance] = (),
) -> Verdict:
    """Select comparable runs and judge.

    Parameters
    ----------
    acceptances : sequence of Acceptance
        Regressions that people accepted for the commit of the candidates.

    Raises
    ------
    UsageError
        If the candidates are not runs of this suite as it is now, or one of them is given twice.
    BaselineError
        If what is inside a stored run cannot be read.
    """
    _refuse_strangers(suite, candidates)
    candidates, stored = in_order(candidates), list(in_order(stored))
    own = {run.run_id for run in candidates[1:]}
    others = [run for run in stored if run.run_id not in own]
    selection = select(candidates[0], others, suite.baselines) if candidates else Selection(())
    taught = _taught(suite, candidates, stored) if candidates else None
    return judge(suite, candidates, selection, effects.tool, taught, acceptances)


def suspicion_of(suite: Suite, runs: tuple[Run, ...], stored: list[Run]) -> Suspicion:
    """What is suspected in runs, for runs on other runners to confirm or clear.

    Raises
    ------
    UsageError
        If they are not sound runs of this suite as it is now, or go on from others themselves.
    NothingSuspected
        If there is nothing to confirm.
    """
    _refuse_strangers(suite, runs)
    for run in runs:
        if not run.complete or run.not_measured or (run.plan is not None and run.plan.after):
            raise UsageError(
                f"run {run.run_id} is no whole run of its own that others could go on from",
                "give the run of the first check; if that was cut short, check again",
            )
    runs = in_order(runs)
    selection = select(runs[0], list(in_order(stored)), suite.baselines)
    names = suspected(without_steps(suite), runs, selection.runs)
    if not names:
        raise NothingSuspected(
            f"nothing is suspected in {', '.join(run.run_id for run in runs)} beside {len(selection.runs)} stored runs",
            "there is nothing to confirm; judge as it is with `gate compare`",
        )
    return Suspicion(tuple(run.run_id for run in runs), names)


def _taught(suite: Suite, candidates: tuple[Run, ...], stored: list[Run]) -> Taught:
    """What stored duets teach of the deployments behind the candidates; what came later does not count."""
    first = candidates[0]
    return beliefs_for(
        without_steps(suite),
        stored,
        first.environment,
        one_host=all(run.one_host for run in candidates),
        base_host=first.base_host,
        before=first.created,
    )


def _refuse_strangers(suite: Suite, candidates: tuple[Run, ...]) -> None:
    strangers = sorted({run.suite for run in candidates} - {suite.name})
    if strangers:
        raise UsageError(f"a run of suite {strangers[0]!r} cannot be judged by suite {suite.name!r}")
    ids = [run.run_id for run in candidates]
    twice = next((run_id for run_id in ids if ids.count(run_id) > 1), None)
    if twice is not None:
        raise UsageError(f"the run {twice} is given twice, which would count as two measurements", "give each run once")
    for run in candidates:
        if run.profile != suite.profile:
            raise UsageError(
                f"run {run.run_id} is {_size_of(run.profile)}, and is to be judged {_size_of(suite.profile)}",
                "give runs of one size, and --profile as it was measured with",
            )
        for name, record in run.endpoints.items():
            if name in suite.endpoints and record.config_hash != endpoint_hash(suite, name):
                raise UsageError(
                    f"run {run.run_id} measured {name} in another way than the suite says now",
                    "give the suite it was measured with, or measure again",
                )
        for name, scenario in run.scenarios.items():
            if name in suite.scenarios and scenario.config_hash != scenario_hash(suite, name):
                raise UsageError(
                    f"run {run.run_id} made another load in scenario {name} than the suite says now",
                    "give the suite it was measured with, or measure again",
                )


def _size_of(profile: str | None) -> str:
    return "as the suite is written" if profile is None else f"in the size of profile {profile}"


def deliver(verdict: Verdict, out: Path, effects: Effects, *, as_json: bool) -> ExitCode:
    """Write the report, show it, and say with which code to end."""
    from gate.report.render import terminal

    write_report(out, verdict)
    effects.console.show(pretty(verdict).decode() if as_json else terminal(verdict))
    effects.console.say(f"report in {out}/")
    return ExitCode(verdict.exit_code)


def unusable_baselines(suite: Suite, error: BaselineError, effects: Effects) -> Verdict:
    """The verdict when stored runs cannot be used: blocked, for a damaged store is not an empty one."""
    return not_measured(suite, effects.tool, error.message, error.cure, exit_code=5)
