"""The parts of GitHub's answers that the gate uses; an answer that does not fit its shape is no answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

OBJECT_ID = r"^[0-9a-f]{40}([0-9a-f]{24})?$"
"""Full id of a commit, tree or file: SHA-1, or SHA-256 in repositories that use it."""


class Shape(BaseModel):
    """Base of all answers: strict about what is used, deaf to the rest."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class User(Shape):
    """An account."""

    login: str = Field(min_length=1)


class Comment(Shape):
    """A comment on a pull request."""

    id: int
    body: str | None = None
    user: User | None = None
    """None where the account is gone."""
    html_url: str = ""

    @property
    def author(self) -> str:
        """Login of who wrote it; empty where the account is gone."""
        return self.user.login if self.user else ""

    @property
    def text(self) -> str:
        """Its Markdown."""
        return self.body or ""


class Repository(Shape):
    """Where a branch lives."""

    full_name: str


class Side(Shape):
    """Head or base of a pull request."""

    sha: str = Field(pattern=OBJECT_ID)
    ref: str
    repo: Repository | None = None
    """None where the fork was deleted."""


class PullRequest(Shape):
    """A pull request: where it comes from and where it goes."""

    number: int
    state: str
    head: Side
    base: Side
    user: User | None = None
    """Who opened it; None where the account is gone."""
    merged_at: str | None = None
    """When it was merged; None if it was not."""
    changed_files: int | None = None
    """How many files it changes; only told of a single pull request."""

    @property
    def head_repository(self) -> str:
        """Owner and name of where its head lives; empty where that is gone."""
        return self.head.repo.full_name if self.head.repo else ""


class ChangedFile(Shape):
    """A file that a pull request changes."""

    filename: str
    previous_filename: str | None = None
    """Its name before, where it was renamed."""
    patch: str | None = None
    """What changes in it; GitHub leaves it out where it is long or not text."""


class GitObject(Shape):
    """What a branch points at."""

    sha: str = Field(pattern=OBJECT_ID)


class Ref(Shape):
    """A branch."""

    object: GitObject
