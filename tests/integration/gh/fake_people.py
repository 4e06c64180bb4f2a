"""Who may do what in the fake GitHub, the line of its default branch, and the pull requests merged into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from fake_github import REPOSITORY, FakeGitHub, Operation, user

API = f"https://api.github.com/repos/{REPOSITORY}"
ROLES = {"maintain": "write", "triage": "read"}
Answered = tuple[int, dict, object]
_URLS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors "
    "deployments downloads events forks git_commits git_refs git_tags hooks html issue_comment "
    "issue_events issues keys labels languages merges milestones notifications pulls releases stargazers "
    "statuses subscribers subscription tags teams trees clone git mirror ssh svn "
)


def _repository() -> dict:
    """As a pull request has it."""
    name, counts = REPOSITORY.partition("/")[2], ("forks", "open_issues", "stargazers", "watchers")
    return {
        "id": 1,
        "node_id": "R_1",
        "name": name,
        "full_name": REPOSITORY,
        "owner": user("octo"),
        "url": API,
        **{f"{each}_url": API for each in _URLS.split()},
        **{f"{each}_count": 0 for each in counts},
        **dict.fromkeys(("forks", "open_issues", "watchers", "size"), 0),
        **dict.fromkeys(("private", "fork", "archived", "disabled"), False),
        **{f"has_{each}": False for each in ("downloads", "issues", "projects", "wiki", "pages")},
        **dict.fromkeys(("description", "homepage", "language", "license")),
        **dict.fromkeys(("pushed_at", "created_at", "updated_at"), "2026-11-20T12:00:00Z"),
        "default_branch": "main",
    }


@dataclass
class People:
    """Roles on the repository, and whom a merge commit belongs to."""

    roles: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    """Commits of the default branch, oldest first."""
    pulls: dict[str, list[dict]] = field(default_factory=dict)
    """By commit."""


def pull_request(number: int, head: str, base: str = "main", merged_at: str | None = "2026-11-20T14:00:00Z") -> dict:
    """As a list has it."""
    page = f"https://github.com/{REPOSITORY}/pull/{number}"
    side = {"label": "octo:x", "repo": _repository(), "user": user("octo")}
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    return {
        "url": f"{API}/pulls/{number}",
        "id": number,
        "node_id": "PR_1",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": f"{API}/issues/{number}",
        **{f"{name}_url": f"{API}/x" for name in ("commits", "review_comments", "comments", "statuses")},
        "review_comment_url": f"{API}/x{{/number}}",
        "number": number,
        "state": "closed",
        "locked": False,
        "title": "x",
        "user": user("author"),
        "body": None,
        "labels": [],
        "milestone": None,
        "created_at": "2026-11-20T12:00:00Z",
        "updated_at": "2026-11-20T12:00:00Z",
        "closed_at": merged_at,
        "merged_at": merged_at,
        "merge_commit_sha": None,
        "assignee": None,
        "head": side | {"ref": "topic", "sha": head},
        "base": side | {"ref": base, "sha": "b" * 40},
        "_links": {name: {"href": f"{API}/x"} for name in links},
        "author_association": "NONE",
        "auto_merge": None,
    }


def answer_first(github: FakeGitHub, operations: dict[str, Operation]) -> None:
    """Before what else answers to the same: other modules have pull requests and histories of their own."""
    others = {pattern: operation for pattern, operation in github.operations.items() if pattern not in operations}
    github.operations = operations | others


def add_people(github: FakeGitHub, people: People) -> None:
    def permission(matched: re.Match[str], _: dict[str, str], __: dict) -> Answered:
        login = unquote(matched["login"])
        role = people.roles.get(login)
        if role is None:
            return 404, {}, {"message": f"{login} is not a user"}
        found = user(login) | {"role_name": role}
        return 200, {}, {"permission": ROLES.get(role, role), "role_name": role, "user": found}

    def compared(matched: re.Match[str], query: dict[str, str], _: dict) -> Answered:
        base, head = matched["base"], matched["head"]
        if base not in people.history or head not in people.history:
            return 404, {}, {"message": "Not Found"}
        between = people.history[people.history.index(base) + 1 : people.history.index(head) + 1]
        size, page = int(query["per_page"]), int(query["page"])
        commits = [_commit(people, sha) for sha in between]
        return 200, {}, {
            **{f"{name}_url": f"{API}/x" for name in ("html", "permalink", "diff", "patch")},
            "url": f"{API}/compare/{base}...{head}",
            "base_commit": _commit(people, base),
            "merge_base_commit": _commit(people, base),
            "status": "ahead" if between else "identical",
            "ahead_by": len(between),
            "behind_by": 0,
            "total_commits": len(between),
            "commits": commits[(page - 1) * size : page * size],
            "files": [],
        }  # fmt: skip

    def pulls(matched: re.Match[str], _: dict[str, str], __: dict) -> Answered:
        return 200, {}, people.pulls.get(matched["sha"], [])

    answer_first(github, {
        r"GET collaborators/(?P<login>[^/]+)/permission": permission,
        r"GET compare/(?P<base>\w+)\.\.\.(?P<head>\w+)": compared,
        r"GET commits/(?P<sha>\w+)/pulls": pulls,
    })  # fmt: skip


def _commit(people: People, sha: str) -> dict:
    place = people.history.index(sha)
    parents = [people.history[place - 1]] if place else []
    by = {"name": "a", "email": "a@example.com", "date": "2026-11-20T12:00:00Z"}
    return {
        "url": f"{API}/commits/{sha}",
        "sha": sha,
        "node_id": "C_1",
        "html_url": f"https://github.com/{REPOSITORY}/commit/{sha}",
        "comments_url": f"{API}/commits/{sha}/comments",
        "commit": {
            "url": f"{API}/git/commits/{sha}",
            "author": by,
            "committer": by,
            "message": "x",
            "comment_count": 0,
            "tree": {"sha": sha, "url": f"{API}/git/trees/{sha}"},
        },
        "author": user("author"),
        "committer": user("author"),
        "parents": [{"sha": parent, "url": f"{API}/commits/{parent}"} for parent in parents],
    }
