"""Deployments, their statuses and comparisons of commits, beside the fake GitHub."""

from __future__ import annotations

import itertools
import re
from urllib.parse import unquote

from fake_github import REPOSITORY, FakeGitHub, user

VERCEL = "vercel[bot]"
WHEN = "2026-11-18T12:00:00Z"
API = f"https://api.github.com/repos/{REPOSITORY}"
WEB = f"https://github.com/{REPOSITORY}"


class FakeDeployments:
    """The state; tests change it as they like."""

    def __init__(self, github: FakeGitHub) -> None:
        self._github = github
        self.deployments: list[dict] = []
        self.statuses: dict[int, list[dict]] = {}
        self.parents: dict[str, list[str]] = {}
        """Of each commit that can be compared."""
        github.operations |= {
            r"GET deployments": self._list,
            r"GET deployments/(?P<id>\d+)": self._one,
            r"GET deployments/(?P<id>\d+)/statuses": self._statuses,
            r"GET compare/(?P<base>.+)\.\.\.(?P<head>.+)": self._compare,
        }

    def deploy(
        self,
        sha: str,
        environment: str = "Preview",
        url: str | None = None,
        creator: str | None = VERCEL,
        state: str | None = "success",
    ) -> int:
        """A deployment, with a status if a state is given."""
        number = len(self.deployments) + 1
        self.deployments.append(
            {
                "url": f"{API}/deployments/{number}",
                "id": number,
                "node_id": "D_1",
                "sha": sha,
                "ref": sha,
                "task": "deploy",
                "payload": {},
                "original_environment": environment,
                "environment": environment,
                "description": "https://description.example",
                "creator": user(creator) if creator else None,
                "created_at": WHEN,
                "updated_at": WHEN,
                "statuses_url": f"{API}/deployments/{number}/statuses",
                "repository_url": API,
                "transient_environment": False,
                "production_environment": False,
            }
        )
        self.statuses[number] = []
        if state is not None:
            self.say(number, state, url)
        return number

    def say(self, deployment: int, state: str, url: str | None = None, creator: str | None = VERCEL) -> None:
        """One more status of a deployment."""
        self.statuses[deployment].append(
            {
                "url": f"{API}/deployments/{deployment}/statuses/1",
                "id": sum(map(len, self.statuses.values())) + 1,
                "node_id": "DS_1",
                "state": state,
                "creator": user(creator) if creator else None,
                "description": "https://description.example",
                "environment": self.deployments[deployment - 1]["environment"],
                "target_url": "https://target.example",
                "log_url": "https://log.example",
                "environment_url": f"https://shop-{deployment}.vercel.app" if url is None else url,
                "created_at": WHEN,
                "updated_at": WHEN,
                "deployment_url": f"{API}/deployments/{deployment}",
                "repository_url": API,
            }
        )

    def history(self, *shas: str) -> None:
        """Commits, each the child of the one before."""
        for sha in shas:
            self.parents.setdefault(sha, [])
        for parent, child in itertools.pairwise(shas):
            self.parents[child] = [parent]

    def _list(self, _: re.Match[str], query: dict[str, str], __: dict) -> tuple[int, dict, object]:
        asked = {name: query[name] for name in ("sha", "ref", "task", "environment") if name in query}
        found = [one for one in reversed(self.deployments) if all(one[name] == asked[name] for name in asked)]
        return self._page(found, query)

    def _one(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        found = [one for one in self.deployments if one["id"] == int(matched["id"])]
        return (200, {}, found[0]) if found else (404, {}, {"message": "Not Found"})

    def _statuses(self, matched: re.Match[str], query: dict[str, str], _: dict) -> tuple[int, dict, object]:
        said = self.statuses.get(int(matched["id"]))
        return (404, {}, {"message": "Not Found"}) if said is None else self._page(said[::-1], query)

    def _page(self, found: list[dict], query: dict[str, str]) -> tuple[int, dict, object]:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        link = {"Link": f'<{self._github.url}/x?page={page + 1}>; rel="next"'} if len(found) > page * size else {}
        return 200, link, found[(page - 1) * size : page * size]

    def _compare(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        named = [unquote(matched[name]) for name in ("base", "head")]
        base, head = (self._github.branches.get(name, name) for name in named)
        if base not in self.parents or head not in self.parents:
            return 404, {}, {"message": "Not Found"}
        of_base, of_head = self._ancestors(base), self._ancestors(head)
        common = next((sha for sha in of_head if sha in of_base), None)
        if common is None:
            return 404, {}, {"message": f"No common ancestor between {named[0]} and {named[1]}."}
        ahead, behind = of_head.index(common), of_base.index(common)
        status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
        page = f"{WEB}/compare/{base}...{head}"
        return 200, {}, {
            "url": f"{API}/compare/{base}...{head}",
            "html_url": page,
            "permalink_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": self._commit(base),
            "merge_base_commit": self._commit(common),
            "status": status.get((ahead > 0, behind > 0), "diverged"),
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": [self._commit(sha) for sha in of_head[:ahead]],
            "files": [],
        }  # fmt: skip

    def _ancestors(self, sha: str) -> list[str]:
        """Along first parents, the commit itself first."""
        found = [sha]
        while self.parents.get(found[-1]):
            found.append(self.parents[found[-1]][0])
        return found

    def _commit(self, sha: str) -> dict:
        who = {"name": "Ada", "email": "ada@example.com", "date": WHEN}
        return {
            "url": f"{API}/commits/{sha}",
            "sha": sha,
            "node_id": "C_1",
            "html_url": f"{WEB}/commit/{sha}",
            "comments_url": f"{API}/commits/{sha}/comments",
            "commit": {
                "url": f"{API}/git/commits/{sha}",
                "author": who,
                "committer": who,
                "message": "work",
                "comment_count": 0,
                "tree": {"sha": sha, "url": f"{API}/git/trees/{sha}"},
            },
            "author": user("ada"),
            "committer": user("ada"),
            "parents": [
                {"sha": parent, "url": f"{API}/commits/{parent}", "html_url": f"{WEB}/commit/{parent}"}
                for parent in self.parents[sha]
            ],
        }
