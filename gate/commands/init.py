"""`gate init`: a suite and workflows in the repository one stands in, all written or none."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from gate.commands.bundled import workflow_templates
from gate.commands.effects import Effects
from gate.config.read import read_suite
from gate.errors import ExitCode, UsageError
from gate.setup.endpoints import Listed, listed, named
from gate.setup.kinds import KINDS, Kind
from gate.setup.release import checked_action, of_installation
from gate.setup.suite_text import SUITE_PATH, suite_text
from gate.setup.wanted import Wanted, check, checked_url, checked_word
from gate.setup.workflows import FILES, template_names, workflow_texts
from gate.setup.writing import conflicts, write_all
from gate.version import DISTRIBUTION

DEFAULT_WORKFLOWS = "pull-request,refresh"
Ask = Callable[[str], str]
"""Puts a question to whoever sits at the terminal."""
_MOST_BYTES = 20 * 2**20


@dataclass(frozen=True)
class Options:
    """What was said on the command line; None and empty where nothing was."""

    kind: str | None = None
    url: str | None = None
    main_url: str | None = None
    environment: str | None = None
    creator: str | None = None
    start: str | None = None
    endpoints: tuple[str, ...] = ()
    openapi: Path | None = None
    workflows: str = DEFAULT_WORKFLOWS
    action: str | None = None
    name: str | None = None
    branch: str | None = None
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Place:
    """The repository one stands in."""

    root: Path
    branch: str
    """Its default branch, as far as it is known here."""
    remote: str = field(default="")
    """Owner and name, if it has a remote; else empty."""


def run(options: Options, effects: Effects, folder: Path, ask: Ask | None) -> ExitCode:
    """Write ``gate.yml`` and the workflows, and say what comes next.

    Parameters
    ----------
    folder : Path
        Where one stands: a repository, or a folder in it.
    ask : callable, optional
        Asks for what the options leave open; None where nobody is there to answer.

    Raises
    ------
    UsageError
        If something that must be known is not, or a file is there and differs; nothing is written then.
    """
    place = find_place(folder)
    wanted, offered = _wanted(options, place, ask)
    check(wanted)
    files = {SUITE_PATH: suite_text(wanted), **workflow_texts(wanted, workflow_templates(template_names(wanted)))}
    read_suite(files[SUITE_PATH].encode(), SUITE_PATH)  # what it refuses here would be refused there
    if options.dry_run:
        effects.console.show("".join(f"==> {name}\n{text}\n" for name, text in files.items()))
        return ExitCode.APPROVED
    there = conflicts(place.root, files)
    if there and not options.force:
        raise UsageError(
            f"{', '.join(there)}: there is such a file, with other content",
            "--force replaces it; --dry-run shows what would be written",
        )
    write_all(place.root, files)
    effects.console.show("\n".join(_told(files, wanted, offered, place)) + "\n")
    return ExitCode.APPROVED


def find_place(folder: Path) -> Place:
    """The repository that a folder is in.

    Raises
    ------
    UsageError
        If it is in none.
    """
    root = _git(folder, "rev-parse", "--show-toplevel")
    if not root:
        raise UsageError(f"{folder} is not in a git repository", "change into the repository of the application")
    head = _git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    unborn = "" if _git(folder, "rev-parse", "--verify", "HEAD") else _git(folder, "symbolic-ref", "--short", "HEAD")
    found = re.search(r"[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", _git(folder, "remote", "get-url", "origin"), re.ASCII)
    return Place(Path(root), head or unborn or "main", found[1] if found else "")


def _git(folder: Path, *arguments: str) -> str:
    """What git says; empty where it says nothing or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments that are all written here
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git, as they would start it
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _wanted(options: Options, place: Place, ask: Ask | None) -> tuple[Wanted, Listed | None]:
    """Everything that the files depend on; what is open is asked, or refused."""
    kind = _kind(options.kind, ask)
    workflows = _workflows(options.workflows)
    needs_main = "refresh" in workflows and not kind.is_in_job
    url = options.url or (kind.url_example if kind.is_in_job else None)
    if url is None and not kind.is_found:
        url = _asked(ask, f"URL of a preview, such as {kind.url_example}")
    main = options.main_url
    if main is None and needs_main and (url is None or "{" in url):
        main = _asked(ask, f"URL where {options.branch or place.branch} is deployed")
    description = None if options.openapi is None else listed(_parsed(options.openapi))
    requests = (*options.endpoints, *(description.paths if description else ()))
    action = checked_action(options.action) if options.action else _installed_action()
    wanted = Wanted(
        suite=_suite_name(options.name, place),
        kind=kind,
        endpoints=named(requests or ["GET /"]),
        workflows=workflows,
        action=action or "",
        branch=checked_word("--branch", options.branch or place.branch),
        url=checked_url("--url", url, may_be_template=not kind.is_in_job) if url else "",
        main_url=checked_url("--main", main) if main else "",
        environment=_word("--environment", options.environment or kind.environment),
        creator=_word("--creator", options.creator or kind.creator),
        start=_word("--start", options.start or ""),
        endpoints_are_guessed=not options.endpoints,
    )
    return wanted, description


def _kind(name: str | None, ask: Ask | None) -> Kind:
    choices = ", ".join(KINDS)
    name = name or _asked(ask, f"Where do previews come from? {choices}")
    if name is None:
        raise UsageError("where previews come from is not said", f"give --preview-kind, one of {choices}")
    if name not in KINDS:
        raise UsageError(f"{name!r} is no kind of preview", f"use one of {choices}")
    return KINDS[name]


def _asked(ask: Ask | None, question: str) -> str | None:
    return (ask(f"{question}\n> ").strip() or None) if ask else None


def _word(option: str, value: str) -> str:
    return checked_word(option, value) if value else ""


def _workflows(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FILES]
    if unknown or not names:
        raise UsageError(f"--workflows is {text!r}", f"name some of {', '.join(FILES)}, with commas")
    return names


def _suite_name(given: str | None, place: Place) -> str:
    if given is not None:
        return given if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", given) else _refused_name(given)
    guess = re.sub(r"[^A-Za-z0-9_.-]+", "-", place.remote.rpartition("/")[2] or place.root.name).strip("-._")[:64]
    return guess or "app"


def _refused_name(given: str) -> str:
    raise UsageError(f"--name is {given!r}", "use letters, digits, '-', '_' and '.', at most 64")


def _parsed(path: Path) -> object:
    import yaml

    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{path} is longer than {_MOST_BYTES} bytes")
        return yaml.safe_load(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UsageError(f"{path} is neither JSON nor YAML", "give an OpenAPI description") from None


def _installed_action() -> str | None:
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return None
    return of_installation(installed.read_text("direct_url.json"), installed.version)


def _told(files: Mapping[str, str], wanted: Wanted, offered: Listed | None, place: Place) -> list[str]:
    """What was written, and the next steps."""
    told = [f"wrote {name}" for name in files]
    if offered is not None and offered.left_out:
        told.append(f"left out {offered.left_out} GET operations: they need a parameter or a login, or are too many")
    if "fork" in wanted.workflows:
        told.append("gate-fork.yml starts after the workflow `Preview`: write the name of the one that makes yours")
    repository = f" --repo {place.remote}" if place.remote else ""
    measured = "refresh" in wanted.workflows
    return [
        *told,
        "",
        "next:",
        "  1. look at the guesses in gate.yml, then `gate validate`",
        f"  2. merge it into {wanted.branch}"
        + ("; each push there adds one run to perf-baselines, ten are enough" if measured else ""),
        f"  3. require the check `gate / {wanted.suite}`; `gate doctor{repository}` says what is missing",
    ]
