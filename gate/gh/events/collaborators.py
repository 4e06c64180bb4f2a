"""Who may write to a repository, as GitHub says at this moment.

What an event says of its author is never asked: ``author_association`` calls people of the organisation members who
may not write to this repository at all.

References
----------
https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user
"""

from __future__ import annotations

from urllib.parse import quote

from pydantic import TypeAdapter

from gate.errors import UsageError
from gate.gh.events.acceptance import Asked
from gate.gh.rest.api import Api, Call
from gate.gh.rest.failures import ApiError, Reason, while_reading_policy
from gate.gh.rest.shapes import Shape, User

READ_METADATA = "metadata: read"
"""Which every token has."""
_WRITERS = frozenset({"admin", "write"})


class _Permission(Shape):
    permission: str
    """admin, write, read or none. The role maintain is given as write, triage as read, and one that an organisation
    made itself as what it is based on."""
    role_name: str
    user: User | None = None


_PERMISSION: TypeAdapter[_Permission] = TypeAdapter(_Permission)


def refuse_who_may_not_write(api: Api, repository: str, asked: Asked) -> None:
    """Go on only for a person with write permission.

    Raises
    ------
    UsageError
        If they have less, nothing shows that they have it, or they are a bot.
    NotMeasured
        If GitHub is away.
    """
    login = asked.by
    if not asked.is_person:
        raise UsageError(f"{login} is a bot, and only people accept regressions", _cure(repository))
    call = Call(
        "GET",
        f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission",
        f"reading the permission of {login}",
        READ_METADATA,
    )
    try:
        found, _ = api.get(call, _PERMISSION)
    except ApiError as error:
        if error.reason is Reason.ABSENT:
            raise UsageError(f"{login} is no collaborator of {repository}", _cure(repository)) from None
        raise while_reading_policy(error) from error
    if found.user is None or found.user.login.casefold() != login.casefold():
        raise UsageError(f"GitHub does not say which permission {login} has on {repository}", _cure(repository))
    if found.permission not in _WRITERS:
        raise UsageError(f"{login} has the role {found.role_name} on {repository}", _cure(repository))


def _cure(repository: str) -> str:
    return f"only who may write to {repository} can accept a regression"
