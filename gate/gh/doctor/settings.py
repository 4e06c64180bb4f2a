"""What a repository is set to: its default branch, the rules of a branch, labels, the rights of a job's token.

References
----------
https://docs.github.com/rest/repos/repos#get-a-repository
https://docs.github.com/rest/repos/rules#get-rules-for-a-branch: readable without administration, for active rules only
https://docs.github.com/rest/branches/branches#get-a-branch: tells required checks of branch protection to every reader
https://docs.github.com/rest/actions/permissions#get-default-workflow-permissions-for-a-repository: for administrators
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import Field, TypeAdapter

from gate.gh.rest.api import Api, Call
from gate.gh.rest.failures import ApiError, Reason
from gate.gh.rest.paging import every
from gate.gh.rest.shapes import Shape
from gate.gh.telling.checks import ACTIONS_APP

METADATA = "metadata: read"
READ_CONTENTS = "contents: read"
READ_LABELS = "pull-requests: read"
ADMINISTRATION = "administration: read"


class Rights(Shape):
    """What the account of the token may do; a job's token is not told."""

    admin: bool = False
    push: bool = False


class RepositorySettings(Shape):
    """A repository as GitHub describes it."""

    full_name: str
    default_branch: str = Field(min_length=1)
    permissions: Rights | None = None


class RequiredCheck(Shape):
    """A check that a ruleset requires."""

    context: str
    integration_id: int | None = None
    """App that has to write it; None for any."""


class RuleParameters(Shape):
    """What a rule is set to, as far as it is about checks."""

    required_status_checks: list[RequiredCheck] = Field(default_factory=list)


class Rule(Shape):
    """An active rule of a ruleset."""

    type: str
    parameters: RuleParameters | None = None


class ProtectedCheck(Shape):
    """A check that branch protection requires."""

    context: str
    app_id: int | None = None


class RequiredChecks(Shape):
    """The checks that branch protection requires; old answers hold only the names."""

    contexts: list[str] = Field(default_factory=list)
    checks: list[ProtectedCheck] = Field(default_factory=list)


class Protection(Shape):
    """Branch protection as every reader is told."""

    enabled: bool = False
    required_status_checks: RequiredChecks | None = None


class Branch(Shape):
    """A branch, and whether anything protects it."""

    protected: bool
    protection: Protection = Protection()


class _Workflow(Shape):
    default_workflow_permissions: Literal["read", "write"]


class _App(Shape):
    id: int


class _Label(Shape):
    name: str


_REPOSITORY: TypeAdapter[RepositorySettings] = TypeAdapter(RepositorySettings)
_RULES: TypeAdapter[list[Rule]] = TypeAdapter(list[Rule])
_BRANCH: TypeAdapter[Branch] = TypeAdapter(Branch)
_WORKFLOW: TypeAdapter[_Workflow] = TypeAdapter(_Workflow)
_APP: TypeAdapter[_App] = TypeAdapter(_App)
_LABEL: TypeAdapter[_Label] = TypeAdapter(_Label)


class Settings:
    """Reads the settings of one repository. Every method raises :class:`ApiError` and nothing else.

    Parameters
    ----------
    api : Api
        Calls to the API.
    repository : str
        Owner and name.
    """

    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._repository = api, repository

    def repository(self) -> RepositorySettings:
        """The repository itself."""
        return self._api.get(self._call("", f"reading {self._repository}", METADATA), _REPOSITORY)[0]

    def rules(self, branch: str) -> tuple[Rule, ...]:
        """Active rules of all rulesets for a branch, which need not be there yet."""
        call = self._call(f"/rules/branches/{quote(branch)}", f"reading the rules for {branch}", METADATA)
        return tuple(every(self._api, call, _RULES, lambda page: page))

    def branch(self, name: str) -> Branch:
        """A branch with what branch protection requires of it."""
        return self._api.get(self._call(f"/branches/{quote(name)}", f"reading branch {name}", READ_CONTENTS), _BRANCH)[
            0
        ]

    def workflow_token(self) -> Literal["read", "write"]:
        """Rights of the token of a workflow that says nothing of permissions."""
        what = "reading the default rights of workflows"
        call = self._call("/actions/permissions/workflow", what, ADMINISTRATION)
        return self._api.get(call, _WORKFLOW)[0].default_workflow_permissions

    def has_label(self, name: str) -> bool:
        """Whether there is a label of that name; capital and small letters are alike."""
        call = self._call(f"/labels/{quote(name, safe='')}", f"reading label {name!r}", READ_LABELS)
        try:
            return self._api.get(call, _LABEL)[0].name.casefold() == name.casefold()
        except ApiError as error:
            if error.reason is Reason.ABSENT:
                return False
            raise

    def actions_app(self) -> int:
        """Id of the app behind the token of a job, which differs between servers."""
        call = Call("GET", f"/apps/{ACTIONS_APP}", "reading the app of GitHub Actions", METADATA)
        return self._api.get(call, _APP)[0].id

    def _call(self, path: str, what: str, permission: str) -> Call:
        return Call("GET", f"/repos/{self._repository}{path}", what, permission)
