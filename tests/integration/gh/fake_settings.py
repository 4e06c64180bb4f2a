"""Settings of the fake GitHub's repository: rules, branch protection, labels, default rights, the app of Actions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from fake_github import REPOSITORY, FakeGitHub, user
from fake_objects import _shown_branch_commit

API = f"https://api.github.com/repos/{REPOSITORY}"
ACTIONS = 15368
WHEN = "2026-11-18T12:00:00Z"
FORBIDDEN = (403, {}, {"message": "Resource not accessible by integration"})
_URLS = [
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks",
    "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones", "notifications",
    "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
]  # fmt: skip
_COUNTS = [
    "forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers",
    "watchers_count",
]  # fmt: skip
_FLAGS = ["archived", "disabled", "fork", "private", "has_issues", "has_projects", "has_wiki", "has_pages"]
Query = dict[str, str]
Answer = tuple[int, dict, object]


def required(context: str, app: int | None = ACTIONS) -> dict:
    """A rule that requires a check."""
    check = {"context": context} | ({} if app is None else {"integration_id": app})
    return rule("required_status_checks", required_status_checks=[check], strict_required_status_checks_policy=False)


def rule(kind: str, **parameters: object) -> dict:
    source = {"ruleset_source_type": "Repository", "ruleset_source": REPOSITORY, "ruleset_id": 1}
    return {"type": kind, **source} | ({"parameters": parameters} if parameters else {})


@dataclass
class FakeSettings:
    """Adds the routes to a fake; tests change the rest as they like."""

    github: FakeGitHub
    rules: dict[str, list[dict]] = field(default_factory=dict)
    protected: dict[str, list[dict]] = field(default_factory=dict)
    """Required checks of branches that branch protection holds for."""
    labels: set[str] = field(default_factory=set)
    default_rights: str = "read"
    is_admin: bool = True
    is_job: bool = False
    """Whether the token is a job's, to which GitHub does not tell what it may."""

    def __post_init__(self) -> None:
        self.github.operations |= {
            rf"GET /repos/{REPOSITORY}": self._repository,
            r"GET rules/branches/(?P<branch>.+)": self._rules,
            r"GET branches/(?P<branch>.+)": self._branch,
            r"GET labels/(?P<name>[^/]+)": self._label,
            r"GET actions/permissions/workflow": self._default_rights,
            r"GET /apps/github-actions": self._app,
        }

    def _repository(self, _: re.Match[str], __: Query, ___: dict) -> Answer:
        rights = dict.fromkeys(("admin", "maintain"), self.is_admin) | dict.fromkeys(("push", "triage", "pull"), True)
        return 200, {}, {
            "id": 1, "node_id": "R_1", "name": "shop", "full_name": REPOSITORY, "owner": user("octo"),
            "description": None, "homepage": None, "language": None, "license": None, "mirror_url": None,
            "default_branch": "main", "url": API, "html_url": "https://github.com/octo/shop",
            "clone_url": "https://github.com/octo/shop.git", "svn_url": "https://github.com/octo/shop",
            "git_url": "git://github.com/octo/shop.git", "ssh_url": "git@github.com:octo/shop.git",
            **{f"{name}_url": f"{API}/{name}" for name in _URLS},
            **dict.fromkeys(_COUNTS, 0), **dict.fromkeys(_FLAGS, False), "has_discussions": False,
            "network_count": 0, "subscribers_count": 0,
            "pushed_at": WHEN, "created_at": WHEN, "updated_at": WHEN,
            **({} if self.is_job else {"permissions": rights}),
        }  # fmt: skip

    def _rules(self, matched: re.Match[str], query: Query, __: dict) -> Answer:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        return 200, {}, self.rules.get(unquote(matched["branch"]), [])[(page - 1) * size : page * size]

    def _branch(self, matched: re.Match[str], _: Query, __: dict) -> Answer:
        name = unquote(matched["branch"])
        if name not in self.github.branches:
            return 404, {}, {"message": "Branch not found"}
        checks = self.protected.get(name)
        told = {
            "enforcement_level": "off" if checks is None else "non_admins",
            "contexts": [check["context"] for check in checks or []],
            "checks": checks or [],
        }
        return 200, {}, {
            "name": name,
            "commit": _shown_branch_commit(self.github.branches[name]),
            "_links": {"self": f"{API}/branches/{name}", "html": f"https://github.com/{REPOSITORY}/tree/{name}"},
            "protected": checks is not None or bool(self.rules.get(name)),
            "protection": {"enabled": checks is not None, "required_status_checks": told},
            "protection_url": f"{API}/branches/{name}/protection",
        }  # fmt: skip

    def _label(self, matched: re.Match[str], _: Query, __: dict) -> Answer:
        name = unquote(matched["name"])
        if name not in self.labels:
            return 404, {}, {"message": "Not Found"}
        shown = {"id": 1, "node_id": "LA_1", "url": f"{API}/labels/{name}", "name": name}
        return 200, {}, {**shown, "description": None, "color": "ededed", "default": False}

    def _default_rights(self, _: re.Match[str], __: Query, ___: dict) -> Answer:
        if not self.is_admin or self.is_job:
            return FORBIDDEN
        return 200, {}, {
            "default_workflow_permissions": self.default_rights, "can_approve_pull_request_reviews": False,
        }  # fmt: skip

    def _app(self, _: re.Match[str], __: Query, ___: dict) -> Answer:
        return 200, {}, {
            "id": ACTIONS, "slug": "github-actions", "node_id": "A_1", "owner": user("github"),
            "name": "GitHub Actions", "description": None, "external_url": "https://help.github.com/en/actions",
            "html_url": "https://github.com/apps/github-actions", "created_at": WHEN, "updated_at": WHEN,
            "permissions": {"checks": "write"}, "events": ["push"],
        }  # fmt: skip
