"""The one comment of a suite on a pull request: found, edited in place, never doubled, never older than it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gate.errors import DeliveryError
from gate.gh.rest.client import Client
from gate.gh.rest.failures import ApiError, Reason, while_delivering
from gate.gh.rest.shapes import Comment

MAX_UNITS = 65_536
"""What GitHub takes; counted in UTF-16 units, the larger of the two ways to count characters."""
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MARKER = re.compile(r"<!-- gate:([A-Za-z0-9][A-Za-z0-9_.-]{0,63}) run=([0-9]{1,20})\.([0-9]{1,6}) -->")
_NOT_OURS_TO_EDIT = frozenset({Reason.ABSENT, Reason.FORBIDDEN})

Write = Callable[[str], Sequence[str]]


class Run(NamedTuple):
    """A run of the workflow; a later one compares as greater."""

    run_id: int
    attempt: int


class Delivery(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    EDITED = "edited"
    SUPERSEDED = "superseded"
    """A newer run has spoken; its comment stays."""


@dataclass(frozen=True)
class Delivered:
    """What became of the comment, and where it is (empty where GitHub does not say)."""

    delivery: Delivery
    url: str


def marker(key: str, run: Run) -> str:
    """First line of the comment, hidden when shown.

    Raises
    ------
    ValueError
        If the key could end the marker or break its line.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot stand in a marker")
    return f"<!-- gate:{key} run={run.run_id}.{run.attempt} -->"


def written_by(body: str, key: str) -> Run | None:
    """Run that wrote a comment of this key, from its first line; no decision is ever taken from anything else in it."""
    found = _MARKER.fullmatch(body.split("\n", 1)[0].rstrip("\r"))
    return Run(int(found[2]), int(found[3])) if found and found[1] == key else None


def upsert(client: Client, number: int, key: str, run: Run, write: Write) -> Delivered:
    """Put the comment of this run in place of the one before.

    Parameters
    ----------
    key : str
        Name of the suite; each suite has one comment.
    write : callable
        From the comment of ours that is there (empty if none is), what is to be shown: the whole text first, then
        shorter ones. The first that fits is sent, and if GitHub refuses that, the last.

    Raises
    ------
    DeliveryError
        If GitHub did not take it, or no text is short enough.
    """
    try:
        return _Slot(client, number, key, run).fill(write)
    except ApiError as error:
        raise while_delivering(error) from error


def shown_run(client: Client, number: int, key: str) -> Run | None:
    """Run that the comment of a suite speaks for; None where there is no comment of ours.

    Raises
    ------
    ApiError
        If the comments cannot be read.
    """
    return _Slot(client, number, key, Run(0, 0)).shown()


class _Slot:
    """The place of one suite's comment on one pull request, as one run sees it."""

    def __init__(self, client: Client, number: int, key: str, run: Run) -> None:
        self._client, self._number, self._key, self._run = client, number, key, run

    def fill(self, write: Write) -> Delivered:
        ours = self._ours(self._client.viewer_login())
        if not ours:
            return self._insist(self._texts(write, ""), self._create)
        newest_run, newest = max(ours, key=lambda pair: (pair[0], -pair[1].id))
        if newest_run > self._run:
            return Delivered(Delivery.SUPERSEDED, newest.html_url)
        others = [comment for _, comment in ours if comment.id != newest.id]
        return self._insist(self._texts(write, newest.text), lambda text: self._edit(newest, others, text))

    def shown(self) -> Run | None:
        return max((run for run, _ in self._ours(self._client.viewer_login())), default=None)

    def _texts(self, write: Write, before: str) -> list[str]:
        texts = [f"{marker(self._key, self._run)}\n{body}" for body in write(before)]
        sizes = [len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in texts]
        if min(sizes) > MAX_UNITS:
            raise DeliveryError(f"the comment has {min(sizes)} characters; GitHub takes {MAX_UNITS}")
        return [text for text, units in zip(texts, sizes, strict=True) if units <= MAX_UNITS]

    def _insist(self, texts: list[str], send: Callable[[str], Delivered]) -> Delivered:
        try:
            return send(texts[0])
        except ApiError as error:
            if error.reason is not Reason.REFUSED or len(texts) == 1:
                raise
            return send(texts[-1])

    def _edit(self, newest: Comment, others: list[Comment], text: str) -> Delivered:
        try:
            edited = self._client.edit_comment(newest.id, text, self._may_overwrite)
        except ApiError as error:
            if error.reason is Reason.SUPERSEDED:
                return Delivered(Delivery.SUPERSEDED, newest.html_url)
            if error.reason not in _NOT_OURS_TO_EDIT:
                raise
            return self._create(text)
        self._remove(others)
        return Delivered(Delivery.EDITED, edited.html_url)

    def _create(self, text: str) -> Delivered:
        author = self._client.viewer_login()
        created = self._client.create_comment(
            self._number, text, lambda seen: seen.author == author and written_by(seen.text, self._key) == self._run
        )
        # Two runs may both have found no comment and both have written one. GitHub's own word on who wrote ours also
        # settles the identity of an app's token, which cannot ask for its name.
        others = [(run, comment) for run, comment in self._ours(created.author) if comment.id != created.id]
        newer = [comment for run, comment in others if run > self._run]
        if newer:
            self._remove([created])
            return Delivered(Delivery.SUPERSEDED, newer[0].html_url)
        self._remove([comment for _, comment in others])
        return Delivered(Delivery.CREATED, created.html_url)

    def _ours(self, author: str) -> list[tuple[Run, Comment]]:
        # Anybody can write our marker; only its author makes a comment ours.
        pairs = [
            (written_by(comment.text, self._key), comment)
            for comment in self._client.find_comments(self._number)
            if comment.author and comment.author == author
        ]
        return [(run, comment) for run, comment in pairs if run is not None]

    def _may_overwrite(self, comment: Comment) -> bool:
        run = written_by(comment.text, self._key)
        return run is not None and run <= self._run

    def _remove(self, comments: list[Comment]) -> None:
        for comment in comments:
            try:
                self._client.delete_comment(comment.id)
            except ApiError:
                return  # a second comment is ugly, a verdict that counts as undelivered would be wrong
