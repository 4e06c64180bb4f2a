"""From the options of `gate init` to what a repository is set up with; what is open is asked, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from gate.commands.place import Place
from gate.config.suite import Suite
from gate.errors import UsageError
from gate.setup.endpoints import Listed, listed, named
from gate.setup.kinds import KINDS, Kind
from gate.setup.release import checked_action, of_installation
from gate.setup.wanted import Wanted, checked_url, checked_word
from gate.setup.workflows import FILES
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


def wanted_of(options: Options, place: Place, kept: Suite | None, ask: Ask | None) -> tuple[Wanted, Listed | None]:
    """Everything that the files depend on, and what an OpenAPI description offered.

    Parameters
    ----------
    kept : Suite, optional
        A suite that is there and stays; what it says of previews need not be said again.

    Raises
    ------
    UsageError
        For a value that cannot be used.
    """
    if kept is not None:
        options = _as_kept(options, kept)
    kind = _kind(options.kind, ask)
    workflows = _workflows(options.workflows)
    main_is_named = kept is not None and _names_main(kept)
    needs_main = "refresh" in workflows and not kind.is_in_job
    url = options.url or (kind.url_example if kind.is_in_job else None)
    if url is None and not kind.is_found:
        url = _asked(ask, f"URL of a preview, such as {kind.url_example}")
    main = options.main_url
    if main is None and needs_main and not main_is_named and (url is None or "{" in url):
        main = _asked(ask, f"URL where {options.branch or place.branch} is deployed")
    description = None if options.openapi is None else listed(_parsed(options.openapi))
    requests = (*options.endpoints, *(description.paths if description else ()))
    action = checked_action(options.action) if options.action else _installed_action()
    wanted = Wanted(
        suite=kept.name if kept is not None else _suite_name(options.name, place),
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
        main_is_named=main_is_named,
    )
    return wanted, description


def _as_kept(options: Options, suite: Suite) -> Options:
    """The options, with what a suite says in place of what they leave out."""
    preview = suite.preview
    if options.kind is None and preview.url:
        return replace(options, kind="url-template", url=options.url or preview.url[0])
    if options.kind is None and preview.find:
        find = preview.find
        return replace(options, kind="deployments", environment=find.environment[0], creator=find.creators[0])
    return options


def _names_main(suite: Suite) -> bool:
    """Whether the suite says where the default branch is deployed."""
    return bool(suite.preview.base) or bool(suite.preview.find and suite.preview.find.base_environment)


def _kind(name: str | None, ask: Ask | None) -> Kind:
    choices = ", ".join(KINDS)
    name = name or _asked(ask, f"Where do previews come from? {choices}")
    if name is None:
        raise UsageError("where previews come from is not said", f"give --preview-kind, one of {choices}")
    if name not in KINDS:
        raise UsageError(f"{name!r} is no kind of preview", f"use one of {choices}")
    return KINDS[name]


def _asked(ask: Ask | None, question: str) -> str | None:
    try:
        return (ask(f"{question}\n> ").strip() or None) if ask else None
    except EOFError:  # whoever sits there has nothing to say
        return None


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
