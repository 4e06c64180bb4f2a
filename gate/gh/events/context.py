"""Where and why the action runs, as one frozen value read from the mapping of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gate.errors import UsageError


@dataclass(frozen=True)
class Context:
    """Where and why the action runs, as the runner says."""

    repository: str
    event_name: str
    event_path: Path
    sha: str
    ref: str
    """Empty where a deployment was made for a commit, as Vercel makes them: it is on no branch then.

    https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#deployment_status
    """
    run_id: int
    run_attempt: int
    server_url: str
    workspace: Path
    output_path: Path
    summary_path: Path | None
    """None where the runner offers no summary: it is the one channel nothing depends on."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the context as the runner passes it.

        Raises
        ------
        UsageError
            Naming the variable that is missing or cannot be used.
        """

        def needed(name: str, pattern: str = r"[^\x00-\x1f\x7f]+") -> str:
            value = environment.get(name, "")
            if not value:
                raise UsageError(f"{name} is not set", "the action runs in GitHub Actions; elsewhere use `gate check`")
            if not re.fullmatch(pattern, value):
                raise UsageError(f"{name} is {value!r}, which cannot be used")
            return value

        summary = environment.get("GITHUB_STEP_SUMMARY", "")
        return cls(
            repository=needed("GITHUB_REPOSITORY", r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"),
            event_name=needed("GITHUB_EVENT_NAME", r"[a-z_]+"),
            event_path=Path(needed("GITHUB_EVENT_PATH")),
            sha=needed("GITHUB_SHA", r"[0-9a-f]{40}([0-9a-f]{24})?"),
            ref=needed("GITHUB_REF") if environment.get("GITHUB_REF") else "",
            run_id=int(needed("GITHUB_RUN_ID", r"[0-9]{1,20}")),
            run_attempt=int(needed("GITHUB_RUN_ATTEMPT", r"[0-9]{1,6}")),
            server_url=needed("GITHUB_SERVER_URL", r"https?://[A-Za-z0-9.:\[\]-]+/?").rstrip("/"),
            workspace=Path(needed("GITHUB_WORKSPACE")),
            output_path=Path(needed("GITHUB_OUTPUT")),
            summary_path=Path(summary) if summary else None,
        )

    @property
    def run_url(self) -> str:
        """Page of this run, for links."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}/attempts/{self.run_attempt}"
