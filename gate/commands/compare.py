"""`gate compare`: judge run files offline; the same files give the same bytes."""

from __future__ import annotations

from pathlib import Path

from gate.baseline.store import Store
from gate.commands.effects import Effects
from gate.commands.judging import deliver, judge_runs, read_baselines, unusable_baselines
from gate.commands.outputs import read_run
from gate.config.profile_checks import scaled
from gate.config.suite import Suite
from gate.errors import BaselineError, ExitCode


def run(
    suite: Suite, store: Store, files: tuple[Path, ...], out: Path, effects: Effects, *, as_json: bool = False
) -> ExitCode:
    """Judge one or several candidate runs of one commit against stored runs, in the size of the profile they have."""
    candidates = tuple(read_run(path) for path in files)
    profile = candidates[0].profile
    suite = suite if profile is None else scaled(suite, profile)
    try:
        verdict = judge_runs(suite, candidates, read_baselines(suite, store, effects), effects)
    except BaselineError as error:
        verdict = unusable_baselines(suite, error, effects)
    return deliver(verdict, out, effects, as_json=as_json)
