"""Where the preview and its base are: given, made of a template, or found among GitHub's deployments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gate.config.change import OF_HEAD, values_of
from gate.config.preview import Find, Preview
from gate.config.suite import Suite
from gate.config.templates import fill, placeholders
from gate.errors import UsageError
from gate.gh.finding.apart import refuse_beside_itself, refuse_shared_name
from gate.gh.finding.awaiting import Awaiting, Say
from gate.gh.finding.base import Bases
from gate.gh.rest.ancestry import Ancestry
from gate.gh.rest.api import Api, Effects
from gate.gh.rest.failures import ApiError, while_reading_policy
from gate.record.value import Notice


@dataclass(frozen=True)
class Change:
    """What is measured, as GitHub knows it."""

    head_sha: str
    """Commit under test; empty where only a URL is known."""
    branch: str
    """Its branch; empty where that is not known."""
    number: int | None
    """Of the pull request, if there is one."""
    base_sha: str
    """Commit of the default branch that the merge base is looked for from; empty where there is none."""
    base_branch: str
    """The default branch."""
    is_main: bool = False
    """Whether the commit under test is main's own, as in a refresh."""
    is_fork: bool = False
    """Whether its branch is of another repository."""


@dataclass(frozen=True)
class Urls:
    """URLs from the inputs of the action."""

    previews: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The deployments to measure."""

    previews: tuple[str, ...]
    bases: tuple[str, ...]
    """Empty where stored runs are what the preview is compared with."""
    base_commit: str | None
    """Commit that the base should be of; None where there is no base, or nobody knows."""
    notices: tuple[Notice, ...] = ()
    """What the reader of the verdict has to know of them."""


def find(suite: Suite, api: Api, repository: str, change: Change, given: Urls, effects: Effects, say: Say) -> Found:
    """Find the deployments: those of the inputs, else of the suite's URLs, else of ``preview.find``.

    Which hosts may be measured is not decided here but where the run is prepared.

    Parameters
    ----------
    api : Api
        Calls to the API of the repository.
    effects : Effects
        Sleep, clock and jitter of waiting.
    say : callable
        Tells people what is waited for, and what was found.

    Raises
    ------
    UsageError
        If nothing says where the preview is, a URL holds what this event does not know or may be another branch's, the
        base is the preview itself, a pattern means several environments, or the token lacks a permission.
    NotMeasured
        If the commit is not deployed in time or its deployment failed, or GitHub is away.
    """
    whole = Urls(_whole(given.previews, "preview-url"), _whole(given.bases, "base-url"))
    finder = _Finder(suite.preview, api, repository, change, Awaiting(api, repository, effects, say), say)
    try:
        found = finder.of_main(whole) if change.is_main else finder.of_change(whole)
    except ApiError as error:
        raise while_reading_policy(error) from error
    refuse_beside_itself(found.previews, found.bases)
    return found


def aimed(suite: Suite, found: Found) -> Suite:
    """The suite with what was found in place of what it says itself: where no base was found, it has none."""
    urls = {"url": list(found.previews), "base": list(found.bases) or None}
    return suite.model_copy(update={"preview": suite.preview.model_copy(update=urls)})


def _whole(urls: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The URLs of an input, which are no templates: those could draw anything from the gate's environment."""
    if any(sign in url for url in urls for sign in "${}"):
        raise UsageError(f"input {name} holds a URL with '$' or a brace", "write the URL as it is")
    return urls


class _Finder:
    """One search."""

    def __init__(
        self, preview: Preview, api: Api, repository: str, change: Change, awaiting: Awaiting, say: Say
    ) -> None:
        self._preview, self._change = preview, change
        self._api, self._repository = api, repository
        self._awaiting, self._say = awaiting, say

    def of_change(self, given: Urls) -> Found:
        """Deployments of a pull request's head and of its base."""
        url, settings, change = self._preview.url, self._preview.find, self._change
        if given.previews:
            previews = given.previews
        elif url is not None:
            refuse_shared_name(self._preview, change.branch, change.base_branch, is_fork=change.is_fork)
            previews = _filled(url, self._of_head(), "preview.url", "preview-url")
        else:
            previews = self._deployed(settings, settings.environment if settings else ())
        if given.bases:
            return Found(previews, given.bases, self._told_commit())
        if self._preview.base is not None:
            values = self._of_head() | self._of_base(self._preview.base)
            bases = _filled(self._preview.base, values, "preview.base", "base-url")
            return Found(previews, bases, self._told_commit())
        if settings is None or settings.base_environment is None or not (change.head_sha and change.base_sha):
            return Found(previews, (), None)
        return self._with_found_base(previews, settings, settings.base_environment)

    def of_main(self, given: Urls) -> Found:
        """Main's own deployment, and beside it only what the suite or the inputs name as it stands.

        Where ``preview.url`` is of pull requests, ``preview.base`` is main.
        """
        url, base, settings = self._preview.url, self._preview.base, self._preview.find
        as_base = values_of(None, self._change.head_sha, self._change.base_branch, before="base_")
        beside = given.bases or (tuple(base) if base is not None and not placeholders(base) else ())
        if given.previews:
            previews = given.previews
        elif url is not None and (base is None or placeholders(url) <= self._of_head().keys()):
            previews = _filled(url, self._of_head(), "preview.url", "preview-url")
        elif base is not None:
            previews, beside = _filled(base, as_base, "preview.base", "preview-url"), given.bases
        else:
            patterns = settings.environment if settings else []
            main = settings.base_environment if settings else None
            previews = self._deployed(settings, patterns if main is None else [main])
        return Found(previews, tuple(one for one in beside if one not in previews), None)

    def _deployed(self, settings: Find | None, patterns: Sequence[str]) -> tuple[str, ...]:
        if settings is None or not self._change.head_sha:
            raise UsageError(
                "nothing says where the preview is",
                "give input preview-url, or preview.url or preview.find in the suite on the base branch",
            )
        urls = self._awaiting.urls(self._change.head_sha, patterns, settings)
        self._say(f"commit {self._change.head_sha[:12]} is deployed at {', '.join(urls)}")
        return urls

    def _with_found_base(self, previews: tuple[str, ...], settings: Find, environment: str) -> Found:
        bases = Bases(self._api, self._repository, settings, environment)
        base = bases.find(self._merge_base(), self._change.base_branch)
        self._say(base.notice.message if base.notice else f"the base is the merge base, deployed at {base.url}")
        notices = () if base.notice is None else (base.notice,)
        return Found(previews, () if base.url is None else (base.url,), base.commit, notices)

    def _told_commit(self) -> str | None:
        """The merge base, where the base will be asked which commit it is of."""
        known = self._preview.commit is not None and self._change.head_sha and self._change.base_sha
        return self._merge_base() if known else None

    def _of_head(self) -> dict[str, str]:
        return values_of(self._change.number, self._change.head_sha, self._change.branch)

    def _of_base(self, templates: Sequence[str]) -> dict[str, str]:
        change = self._change
        if not placeholders(templates) - set(OF_HEAD) or not (change.head_sha and change.base_sha):
            return {}
        return values_of(None, self._merge_base(), change.base_branch, before="base_")

    def _merge_base(self) -> str:
        return Ancestry(self._api, self._repository).merge_base(self._change.base_sha, self._change.head_sha)


def _filled(templates: Sequence[str], values: Mapping[str, str], key: str, name: str) -> tuple[str, ...]:
    try:
        return tuple(fill(text, data=values) for text in templates)
    except KeyError as missing:
        raise UsageError(
            f"{key} holds {{{missing.args[0]}}}, which is not known of this event", f"give input {name}"
        ) from None
