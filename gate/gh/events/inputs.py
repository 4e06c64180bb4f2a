"""The inputs of the action as one frozen value, read from the mapping of the environment.

The environment is passed in. One field of :class:`Inputs` stands for one input of ``action.yml``, with the same
name, default and description; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from gate.errors import UsageError
from gate.gh.events.given import (
    api_url_of,
    app_of,
    budget_of,
    names_of,
    number_of,
    store_of,
    suites_of,
    token_of,
    urls_of,
    workspace_path_of,
)
from gate.gh.telling.checks import ACTIONS_APP


class Mode(StrEnum):
    """What a run of the action does."""

    AUTO = "auto"
    CHECK = "check"
    MEASURE = "measure"
    REFRESH = "refresh"
    CONFIRM = "confirm"
    JUDGE = "judge"


def _about(description: str, default: str = "") -> dict[str, str]:
    return {"description": description, "default": default}


@dataclass(frozen=True)
class Inputs:
    """The inputs of the action."""

    token: str = field(
        metadata=_about(
            "Token for GitHub's API: reads suite and baselines at the base commit, writes the comment.",
            "${{ github.token }}",
        ),
        repr=False,
    )
    suite: tuple[str, ...] = field(
        metadata=_about(
            "Path of the suite in the repository; read at the base commit, never from the pull request. Several suites"
            " on lines of their own or with commas.",
            "gate.yml",
        )
    )
    preview_url: tuple[str, ...] = field(
        metadata=_about(
            "URL of the deployment to measure; several deployments of one commit on lines of their own or with commas."
        )
    )
    base_url: tuple[str, ...] = field(
        metadata=_about("URL of a deployment of the base commit, measured side by side; several as above.")
    )
    mode: Mode = field(
        metadata=_about(
            "auto follows the event; or check, measure, refresh; or confirm and judge, in jobs that go on from a check"
            " of the same workflow run.",
            "auto",
        )
    )
    pull_request: int | None = field(metadata=_about("Number of the pull request, for workflow_dispatch."))
    scenarios: tuple[str, ...] = field(
        metadata=_about("Measure only: names of the scenarios to make, with commas; without it all.")
    )
    budget: float | None = field(
        metadata=_about(
            "Time that measuring may take, such as 10m, for workflow_dispatch instead of policy.budget.time; a check"
            " may take longer than the policy says, never less."
        )
    )
    """Seconds."""
    baselines: str = field(
        metadata=_about(
            "Where stored runs of main are, instead of what the suite says: branch:NAME, or dir:FOLDER in the"
            " repository."
        )
    )
    api_url: str = field(
        metadata=_about("Base of GitHub's API, for GitHub Enterprise Server; without it api.github.com and no other.")
    )
    app: str = field(
        metadata=_about(
            "Slug of the app whose token is given; its check runs are the gate's own, which acceptance and refresh"
            " read.",
            ACTIONS_APP,
        )
    )
    out: str = field(metadata=_about("Folder in the workspace for the results.", "gate-out"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the inputs as the runner passes them.

        Raises
        ------
        UsageError
            Naming the input that cannot be used; a token is never repeated.
        """

        def text(name: str, default: str = "") -> str:
            return environment.get(variable(name), "").strip() or default

        return cls(
            token=token_of(text("token")),
            suite=suites_of(text("suite", "gate.yml")),
            preview_url=urls_of("preview-url", text("preview-url")),
            base_url=urls_of("base-url", text("base-url")),
            mode=_mode(text("mode", "auto")),
            pull_request=number_of("pull-request", text("pull-request")),
            scenarios=names_of("scenarios", text("scenarios")),
            budget=budget_of(text("budget")),
            baselines=store_of(text("baselines")),
            api_url=api_url_of(text("api-url"), environment.get("GITHUB_API_URL", "")),
            app=app_of(text("app", ACTIONS_APP)),
            out=workspace_path_of(text("out", "gate-out")),
        )


def variable(name: str) -> str:
    """Variable that holds an input: upper case, spaces as underscores, hyphens kept."""
    return "INPUT_" + name.replace(" ", "_").upper()


def _mode(value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise UsageError(f"input mode is {value!r}", f"use one of {', '.join(Mode)}") from None
