"""Where previews come from, and what the suite says of each kind. Pure, and light: the command line lists them.

Sources of the names that hosts use are in ``docs/github.md``, "Where the preview is"; what none of them tells is marked
as a guess, and is so in the file that is written.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of preview."""

    name: str
    title: str
    """For people: ``Vercel``."""
    hosts: tuple[str, ...] = ()
    """Hosts that may be loaded, where the kind says them; else those of the URL."""
    url_example: str = ""
    """A URL template like the one that is needed; empty where the Deployments API tells the URL."""
    environment: str = ""
    creator: str = ""
    """Environment and creator of its deployments; empty where only the repository can tell."""
    is_guess: bool = False
    """Whether nothing that was read confirms environment and creator."""
    is_in_job: bool = False
    """The job itself starts the application."""
    remark: str = ""
    """A line of advice for the suite."""

    @property
    def is_found(self) -> bool:
        """Whether the Deployments API tells where the preview is."""
        return not self.url_example


_BYPASS = (
    'with Deployment Protection: headers: {x-vercel-protection-bypass: "${BYPASS}"}, and the secret in the workflow'
)

KINDS = {
    kind.name: kind
    for kind in (
        Kind("vercel", "Vercel", ("*.vercel.app",), "", "Preview*", "vercel[bot]", remark=_BYPASS),
        Kind("netlify", "Netlify", url_example="https://deploy-preview-{number}--SITE.netlify.app"),
        Kind("fly", "Fly", url_example="https://pr-{number}-OWNER-REPOSITORY.fly.dev"),
        Kind("render", "Render", ("*.onrender.com",), "", "*", "render[bot]", is_guess=True),
        Kind("heroku", "Heroku", ("*.herokuapp.com",), "", "*", "heroku[bot]", is_guess=True),
        Kind("kubernetes", "Kubernetes", url_example="https://pr-{number}.preview.example.com"),
        Kind("url-template", "a URL", url_example="https://pr-{number}.preview.example.com"),
        Kind("service", "an application that the job starts", url_example="http://172.17.0.1:8000", is_in_job=True),
        Kind("deployments", "GitHub's Deployments API"),
    )
}
"""Every kind by its name."""
