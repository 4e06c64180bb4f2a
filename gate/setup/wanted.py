"""What a repository is to be set up with, checked as a whole before anything is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gate.errors import UsageError
from gate.setup.kinds import Kind

_PLAIN = re.compile(r"https?://[A-Za-z0-9.:\[\]{}_-]+(/[A-Za-z0-9/._~%+,;:=@{}-]*)?")
_WORD = re.compile(r"[^\"\\$]{1,100}")

JUDGING = ("pull-request", "two-stages", "deployment")
"""Workflows that judge a pull request of this repository: one of them is enough."""


@dataclass(frozen=True)
class Endpoint:
    """A request that changes nothing."""

    name: str
    path: str


@dataclass(frozen=True)
class Wanted:
    """Everything that the files to write depend on."""

    suite: str
    """Name of the suite."""
    kind: Kind
    endpoints: tuple[Endpoint, ...]
    workflows: tuple[str, ...]
    """Names of the files in ``examples/workflows``, without their ending."""
    action: str
    """The gate in a workflow, pinned: ``OWNER/gate@SHA # v1.2.3``; empty where it is not known."""
    branch: str
    """The default branch."""
    url: str = ""
    """Where the preview is, perhaps with ``{number}`` and the like; empty where it is found."""
    main_url: str = ""
    """Where the default branch is deployed; empty where the preview's URL serves for it."""
    environment: str = ""
    creator: str = ""
    start: str = ""
    """Command that starts the application in the job."""
    endpoints_are_guessed: bool = False
    main_is_named: bool = False
    """Whether a suite that is kept says where the default branch is deployed."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts that may be loaded: each only once."""
        named = [*self.kind.hosts, *(host_of(url) for url in (self.url, self.main_url) if url)]
        return tuple(host for n, host in enumerate(named) if not _is_covered(host, named[:n]))


def check(wanted: Wanted) -> None:
    """Refuse what could not work once it is written.

    Raises
    ------
    UsageError
        Naming every option to give.
    """
    missing = list(_needed(wanted))
    if missing:
        raise UsageError(
            f"not known: {'; '.join(what for what, _ in missing)}", f"give {', '.join(cure for _, cure in missing)}"
        )
    _check_workflows(wanted)


def _needed(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """What must be known and is not, and the option that says it."""
    kind = wanted.kind
    if not kind.is_found and not wanted.url:
        yield f"where previews on {kind.title} are", f"--url, such as {kind.url_example}"
    if kind.is_found and not (wanted.environment and wanted.creator):
        yield (
            "which deployments are previews",
            "--environment PATTERN and --creator LOGIN as they stand under Deployments of the repository",
        )
    is_elsewhere = kind.is_found or "{" in wanted.url
    is_known = kind.is_in_job or wanted.main_is_named or bool(wanted.main_url)
    if "refresh" in wanted.workflows and is_elsewhere and not is_known:
        yield f"where {wanted.branch} is deployed, for the baselines", "--main URL (or no refresh in --workflows)"
    if not wanted.action:
        yield "which release of the gate the workflows use", "--action OWNER/gate@COMMIT as the release names it"


def _check_workflows(wanted: Wanted) -> None:
    judging = [name for name in wanted.workflows if name in JUDGING]
    if len(judging) > 1:
        raise UsageError(f"{' and '.join(judging)} would judge every pull request twice", "name one of them")
    surplus = sorted(set(wanted.workflows) & {"two-stages", "deployment", "fork", "merge-queue", "dispatch"})
    if wanted.kind.is_in_job and surplus:
        raise UsageError(
            f"{', '.join(surplus)} cannot start the application", "leave it out, or measure a preview that is deployed"
        )


def checked_url(option: str, url: str, *, may_be_template: bool = False) -> str:
    """A plain URL of a deployment.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        parts = urlsplit(url)
        usable = _PLAIN.fullmatch(url) is not None and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{option} is {url!r}, not a plain http or https URL", "write it like https://pr.example.com")
    if not may_be_template and re.search(r"[{}]", url):
        raise UsageError(f"{option} is {url!r}; a name in braces is only known of pull requests", "write it out")
    return url.rstrip("/")


def checked_word(option: str, value: str) -> str:
    """A text that stands in quotes in a file.

    Raises
    ------
    UsageError
        If it holds what could end them, or draw a value from somewhere.
    """
    if not (_WORD.fullmatch(value) and value.isprintable()):
        raise UsageError(f"{option} is {value!r}", "write it in one line, without quotes, backslashes and dollar signs")
    return value


def host_of(url: str) -> str:
    """The host of a URL template as the suite allows it: ``*.`` in place of labels that hold a name in braces.

    Raises
    ------
    UsageError
        If a label after the first ones, or the whole domain, is known of a pull request only.
    """
    host = re.sub(r"^https?://|[:/].*$", "", url) if "[" not in url else (urlsplit(url).hostname or "")
    labels = host.split(".")
    open_labels = [n for n, label in enumerate(labels) if "{" in label]
    if not open_labels:
        return host
    rest = labels[open_labels[-1] + 1 :]
    if len(rest) < 2:
        raise UsageError(f"--url is {url!r}, which could be any host", "leave at least a domain without braces")
    return "*." + ".".join(rest)


def _is_covered(host: str, before: Sequence[str]) -> bool:
    return host in before or any(one.startswith("*.") and host.endswith(one[1:]) for one in before)
