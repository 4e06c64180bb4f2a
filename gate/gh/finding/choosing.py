"""Which deployment is the one to take, and whether it can be taken yet. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from gate.errors import UsageError
from gate.gh.rest.deployments import Deployment, DeploymentStatus

MOST_URL_CHARACTERS = 2048
MOST_NAMES = 5
"""Of environments or accounts in a message."""
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9/._~%+,;:=@-]*)?")
"""No credentials, no query, and none of the signs that make a template: a URL that somebody told GitHub must not be
able to draw values from the gate's environment."""
_ENDED_BADLY = ("failure", "error")


class Standing(StrEnum):
    """How a deployment stands."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Seen:
    """A deployment that was looked at, or that there is none."""

    standing: Standing
    words: str
    """How it stands, for people."""
    url: str = ""
    """Where it answers, if it is ready."""


def is_meant(pattern: str, environment: str) -> bool:
    """Whether a pattern of the suite means an environment; ``*`` and ``?`` are the only special signs.

    Names of environments are equal in capital and small letters, and may hold brackets.
    """
    return fnmatchcase(environment.casefold(), pattern.casefold().replace("[", "[[]"))


def is_trusted(login: str, creators: Collection[str]) -> bool:
    """Whether the word of an account counts; logins are equal in capital and small letters."""
    return login != "" and login.casefold() in {creator.casefold() for creator in creators}


def is_plain(url: str) -> bool:
    """Whether a URL that somebody told GitHub may be used at all; which hosts may be, is decided elsewhere."""
    return len(url) <= MOST_URL_CHARACTERS and _PLAIN_URL.fullmatch(url) is not None


def of_environment(deployments: Iterable[Deployment], pattern: str, creators: Collection[str]) -> list[Deployment]:
    """The deployments in the one environment that a pattern means, by accounts whose word counts; in the same order.

    Raises
    ------
    UsageError
        If it means several environments: of an application each, for all that anybody here knows.
    """
    meant = [
        deployment
        for deployment in deployments
        if is_meant(pattern, deployment.environment) and is_trusted(deployment.login, creators)
    ]
    names = {deployment.environment.casefold(): deployment.environment for deployment in meant}
    if len(names) > 1:
        raise UsageError(
            f"{pattern!r} of preview.find means {len(names)} environments: {_listed(names.values())}",
            "name the one in which this application is deployed; several that hold the same application can be listed",
        )
    return meant


def look_at(deployment: Deployment, status: DeploymentStatus | None, creators: Collection[str]) -> Seen:
    """How a deployment stands by what was said of it last.

    Only ``success`` is success: what is ``inactive`` was replaced or taken down, and may answer with something else.
    """
    name = f"deployment {deployment.id} in {deployment.environment!r}"
    if status is None:
        return Seen(Standing.WAITING, f"{name} has no status yet")
    if status.state in _ENDED_BADLY:
        return Seen(Standing.FAILED, f"{name} ended with {status.state}")
    if status.state != "success":
        return Seen(Standing.WAITING, f"{name} is {status.state!r}")
    if not is_trusted(status.login, creators):
        return Seen(
            Standing.WAITING, f"{name} was called a success by {status.login!r}, whom preview.find.creators lacks"
        )
    url = status.environment_url or ""
    if not is_plain(url):
        problem = "an environment_url that is no plain http or https URL" if url else "no environment_url"
        return Seen(Standing.WAITING, f"{name} is a success with {problem}")
    return Seen(Standing.READY, f"{name} is a success", url)


def none_yet(deployments: Iterable[Deployment], pattern: str, creators: Collection[str]) -> Seen:
    """That no deployment is there; of those that there are, why they are not it."""
    every = list(deployments)
    others = {one.login for one in every if is_meant(pattern, one.environment)}
    elsewhere = {one.environment for one in every if is_trusted(one.login, creators)}
    told = f"there is none in {pattern!r}"
    if others:
        told += f" but by {_listed(others)}, whom preview.find.creators lacks"
    elif elsewhere:  # hosts write "Preview – shop" with a dash that few people type
        told += f" but in {_listed(elsewhere)}"
    return Seen(Standing.WAITING, told)


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)[:MOST_NAMES]
    return ", ".join(map(repr, shown)) + (", ..." if len(names) > len(shown) else "")
