"""What was seen of a repository, and that something could not be looked at: the input of the diagnosis. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from gate.config.suite import Suite
from gate.gh.doctor.settings import Branch, RepositorySettings, Rule
from gate.gh.doctor.workflow_files import WorkflowFile
from gate.gh.rest.deployments import Deployment


@dataclass(frozen=True)
class Unseen:
    """Something that could not be looked at, which is not the same as not being there."""

    why: str
    cure: str = ""


@dataclass(frozen=True)
class Wrong:
    """Something that is there and cannot be used."""

    what: str
    cure: str = ""


@dataclass(frozen=True)
class SuiteFile:
    """The suite in one place."""

    content: bytes | None
    """None where there is none."""
    suite: Suite | None = None
    problem: str = ""
    """Why it is refused; of several problems all, one on a line."""


@dataclass(frozen=True)
class StoredRuns:
    """Runs of main that checks are compared with."""

    place: str
    count: int
    newest: str = ""
    """When the newest was measured, in ISO 8601; empty where there is none."""
    age_s: float = 0.0


@dataclass(frozen=True)
class BaselineBranch:
    """What holds for the branch of the baselines."""

    name: str
    rules: tuple[Rule, ...] | Unseen
    branch: Branch | Unseen | None
    """None where it is not there yet."""


@dataclass(frozen=True)
class Answers:
    """How a preview answered."""

    url: str
    after_s: float


@dataclass(frozen=True)
class Facts:
    """Everything that was looked at. None stands for what this suite has no need of."""

    repository: str
    suite_path: str
    here: SuiteFile
    settings: RepositorySettings | Unseen
    there: SuiteFile | Unseen
    """On the default branch."""
    workflows: tuple[WorkflowFile, ...] | Unseen
    default_rights: str | Unseen
    """Of the token of a workflow that says nothing of permissions: ``read`` or ``write``."""
    rules: tuple[Rule, ...] | Unseen
    """Of the default branch."""
    branch: Branch | Unseen
    """The default branch."""
    actions_app: int | Unseen
    stored: StoredRuns | Wrong | Unseen
    baseline_branch: BaselineBranch | None
    deployments: tuple[Deployment, ...] | Unseen | None
    has_label: bool | Unseen
    preview: Answers | Wrong | Unseen | None

    @property
    def suite(self) -> Suite | None:
        """The suite that counts: that of the default branch, before it is merged the one here."""
        there = self.there.suite if isinstance(self.there, SuiteFile) else None
        return there or self.here.suite

    @property
    def default_branch(self) -> str:
        """Name of the default branch; empty where it is not known."""
        return self.settings.default_branch if isinstance(self.settings, RepositorySettings) else ""
