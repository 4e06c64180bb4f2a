"""What the uses of the action share: the job they are part of, where stored runs are, and what each suite comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gate.baseline.store import Store
from gate.commands.effects import Effects
from gate.commands.measuring import Targets
from gate.config.suite import Suite
from gate.errors import ExitCode
from gate.gh.events.context import Context
from gate.gh.events.inputs import Inputs
from gate.gh.events.plan import ActionPlan, Use
from gate.gh.events.suites import SuiteAt
from gate.gh.finding.find import Change, Urls, aimed, find
from gate.gh.rest.api import Effects as ApiEffects
from gate.gh.rest.client import Client
from gate.gh.store.baselines import BaseCommitBaselines
from gate.gh.store.branch import BranchStore
from gate.gh.telling.log import Log
from gate.gh.telling.results import Outputs
from gate.gh.telling.workflow import results_folder
from gate.measure.outlook import Beforehand


@dataclass(frozen=True)
class Job:
    """One run of the action, everything decided that only GitHub could tell."""

    plan: ActionPlan
    inputs: Inputs
    context: Context
    client: Client
    api_effects: ApiEffects
    effects: Effects
    log: Log

    def out(self, at: SuiteAt) -> Path:
        """Folder for the results of a suite; of several each has one of its own."""
        several = len(self.plan.suite_paths) > 1
        name = f"{self.inputs.out}/{at.suite.name}" if several else self.inputs.out
        return results_folder(self.context.workspace, name)

    def from_workspace(self, paths: Sequence[Path]) -> list[str]:
        """Paths as the steps after this one see them."""
        return [str(path.relative_to(self.context.workspace)) for path in paths]

    def place_of(self, suite: Suite) -> tuple[str, str]:
        """Kind and name of where stored runs are."""
        kind, _, name = (self.inputs.baselines or suite.baselines.store).partition(":")
        return kind, name

    def open_to_read(self, suite: Suite) -> Store:
        """Stored runs as they count here: on a branch of their own, or in the tree of the base commit."""
        kind, name = self.place_of(suite)
        if kind == "branch":
            return BranchStore.open(self.client.api, self.plan.repository, name, self.plan.default_branch)
        return BaseCommitBaselines(self.client, name, self.plan.policy_sha)

    def find(self, suite: Suite) -> tuple[Suite, Targets]:
        """The suite aimed at the deployments to measure, and what is known of them."""
        what = self.plan
        change = Change(
            head_sha=what.head_sha,
            branch=what.head_branch,
            # A merge queue's commit is not what any pull request has deployed.
            number=what.pull_requests[0] if what.pull_requests and not what.is_queued else None,
            base_sha=what.policy_sha if what.pull_requests else "",
            base_branch=what.default_branch,
            is_main=what.use is Use.REFRESH,
            is_fork=what.fork,
        )
        given = Urls(what.preview_urls, what.base_urls)
        self.client.renew_budget()
        say = self.effects.console.say
        found = find(suite, self.client.api, what.repository, change, given, self.api_effects, say)
        targets = Targets(commit=what.head_sha or None, beforehand=Beforehand(found.base_commit, found.notices))
        return aimed(suite, found), targets


@dataclass(frozen=True)
class Part:
    """What one suite came to, and how GitHub is told once all have."""

    outputs: Outputs
    tell: Callable[[], ExitCode] = field(default=lambda: ExitCode.APPROVED)
    """Returns NOT_DELIVERED if nothing that could be required was made."""
