"""One repository of GitHub: files at commits, branches, pull requests and their comments, one method each.

What else is asked of it has modules of its own, which share its :class:`Api` and so its budget of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import quote

from pydantic import TypeAdapter

from gate.gh.rest.api import CALL_LIMIT_S, Api, Call, Effects
from gate.gh.rest.contents import PERMISSION as READ_CONTENTS
from gate.gh.rest.contents import Contents, Entry
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.paging import every
from gate.gh.rest.pulls import PERMISSION as READ_PULLS
from gate.gh.rest.shapes import Comment, Ref, User

WRITE_PULLS = "pull-requests: write"
ACTIONS_LOGIN = "github-actions[bot]"
"""Whose comments the token of a job writes; that token may not ask who it is."""
BUDGET_S = 120.0
REFRESH_BUDGET_S = 300.0
"""A refresh has nobody waiting for it, and what it does not store is lost until the next."""

_COMMENT: TypeAdapter[Comment] = TypeAdapter(Comment)
_COMMENTS: TypeAdapter[list[Comment]] = TypeAdapter(list[Comment])
_USER: TypeAdapter[User] = TypeAdapter(User)
_REF: TypeAdapter[Ref] = TypeAdapter(Ref)
_NOTHING: TypeAdapter[None] = TypeAdapter(None)


class Client:
    """One repository of GitHub. Every method raises :class:`ApiError` and nothing else.

    Parameters
    ----------
    repository : str
        Owner and name.
    token : str
        Credential; never logged.
    api_url : str
        Base of the API.
    effects : Effects
        Sleep, clock and jitter.
    budget_s : float
        Time that all calls and pauses may take together until :meth:`renew_budget`.
    call_limit_s : float
        Time that one exchange may take.
    """

    def __init__(
        self,
        repository: str,
        token: str,
        api_url: str,
        effects: Effects,
        *,
        budget_s: float = BUDGET_S,
        call_limit_s: float = CALL_LIMIT_S,
    ) -> None:
        from gate.gh.rest.wire import Wire  # PyGithub is slow to import, and most commands need none of it

        self.repository = repository
        self.api = Api(Wire(api_url, token).exchange, effects, budget_s, call_limit_s)
        self._contents = Contents(self.api, repository)
        self._login: str | None = None

    def renew_budget(self, most_s: float = math.inf) -> None:
        """Begin a new budget of time, for example before the report; at most so much."""
        self.api.renew(most_s)

    def read_file(self, path: str, ref: str) -> bytes | None:
        """Content of a file at a commit; None only if it is surely absent there."""
        return self._contents.read_file(path, ref)

    def list_directory(self, path: str, ref: str) -> list[Entry]:
        """Entries of a directory at a commit, by name; none only if it is surely absent there."""
        return self._contents.list_directory(path, ref)

    def branch_sha(self, branch: str) -> str:
        """Commit a branch points at."""
        call = self._call("GET", f"git/ref/heads/{quote(branch)}", f"reading branch {branch}", READ_CONTENTS)
        return self.api.get(call, _REF)[0].object.sha

    def viewer_login(self) -> str:
        """Login the token writes as."""
        if self._login is None:
            try:
                call = Call("GET", "/user", "asking whose token this is", WRITE_PULLS)
                self._login = self.api.get(call, _USER)[0].login
            except ApiError as error:
                if error.reason is not Reason.FORBIDDEN:
                    raise
                self._login = ACTIONS_LOGIN
        return self._login

    def find_comments(self, number: int) -> list[Comment]:
        """All comments of a pull request, oldest first."""
        call = self._call("GET", f"issues/{number}/comments", f"reading the comments of #{number}", READ_PULLS)
        return list(every(self.api, call, _COMMENTS, lambda comments: comments))

    def create_comment(self, number: int, body: str, is_it: Callable[[Comment], bool]) -> Comment:
        """Write a new comment, once.

        Parameters
        ----------
        is_it : callable
            Recognises this very comment, for the look before a second try.
        """
        call = self._call("POST", f"issues/{number}/comments", f"commenting on #{number}", WRITE_PULLS, {"body": body})
        return self.api.send(call, _COMMENT, lambda: next(filter(is_it, self.find_comments(number)), None))

    def edit_comment(self, comment_id: int, body: str, may_overwrite: Callable[[Comment], bool]) -> Comment:
        """Replace the text of a comment.

        Parameters
        ----------
        may_overwrite : callable
            Asked about the comment as it is before a second try: another run may have written meanwhile.
        """
        path, what = f"issues/comments/{comment_id}", f"editing comment {comment_id}"

        def applied() -> Comment | None:
            now, _ = self.api.get(self._call("GET", path, what, READ_PULLS), _COMMENT)
            if now.text.rstrip() == body.rstrip():
                return now
            if not may_overwrite(now):
                raise ApiError(Reason.SUPERSEDED, f"{what}: a newer run has written there")
            return None

        return self.api.send(self._call("PATCH", path, what, WRITE_PULLS, {"body": body}), _COMMENT, applied)

    def delete_comment(self, comment_id: int) -> None:
        """Remove a comment; one that is gone already is fine."""
        what = f"deleting comment {comment_id}"
        try:
            self.api.send(
                self._call("DELETE", f"issues/comments/{comment_id}", what, WRITE_PULLS), _NOTHING, lambda: None
            )
        except ApiError as error:
            if error.reason is not Reason.ABSENT:
                raise

    def _call(
        self,
        verb: str,
        path: str,
        what: str,
        permission: str,
        body: dict[str, object] | None = None,
    ) -> Call:
        return Call(verb, f"/repos/{self.repository}/{path}", what, permission, body=body)
