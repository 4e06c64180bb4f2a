"""Pull requests of the fake GitHub by head, by commit, and their files."""

from __future__ import annotations

import re
from urllib.parse import unquote

from fake_github import REPOSITORY, FakeGitHub, git_id, user


class Pulls:
    """Adds the routes to a fake; ``github.pulls`` holds the pull requests themselves."""

    def __init__(self, github: FakeGitHub) -> None:
        self.github = github
        self.files: dict[int, list[dict]] = {}
        github.operations |= {
            r"GET pulls": self._list,
            r"GET commits/(?P<sha>\w+)/pulls": self._of_commit,
            r"GET pulls/(?P<number>\d+)/files": self._files,
        }

    def add(
        self,
        number: int,
        head: str,
        base: str,
        *,
        branch: str = "topic",
        into: str = "main",
        source: str | None = REPOSITORY,
        state: str = "open",
        author: str = "dev",
    ) -> dict:
        made = {
            "number": number,
            "state": state,
            "user": user(author),
            "head": {"sha": head, "ref": branch, "repo": source and {"full_name": source}},
            "base": {"sha": base, "ref": into, "repo": {"full_name": REPOSITORY}},
        }
        self.github.pulls[number] = made
        return made

    def changes(self, number: int, *names: str, renamed: dict[str, str] | None = None) -> None:
        previous = {new: old for old, new in (renamed or {}).items()}
        self.files[number] = [_file(name, previous.get(name)) for name in (*names, *previous)]
        self.github.pulls[number]["changed_files"] = len(self.files[number])

    def _list(self, _: re.Match[str], query: dict[str, str], __: dict) -> tuple[int, dict, object]:
        owner, _colon, branch = unquote(query.get("head", "")).partition(":")
        found = [
            pull
            for pull in self.github.pulls.values()
            if query.get("state", "open") in ("all", pull["state"])
            and (not branch or (pull["head"]["ref"] == branch and _owner(pull) == owner))
        ]
        return 200, {}, _page(found, query)

    def _of_commit(self, matched: re.Match[str], query: dict[str, str], _: dict) -> tuple[int, dict, object]:
        # As on GitHub, nothing is listed for the commit of a fork.
        found = [
            pull
            for pull in self.github.pulls.values()
            if matched["sha"] in (pull["head"]["sha"], pull.get("merge_commit_sha")) and _owner(pull) == "octo"
        ]
        return 200, {}, _page(found, query)

    def _files(self, matched: re.Match[str], query: dict[str, str], _: dict) -> tuple[int, dict, object]:
        return 200, {}, _page(self.files.get(int(matched["number"]), []), query)


def _owner(pull: dict) -> str:
    repo = pull["head"]["repo"]
    return repo["full_name"].partition("/")[0] if repo else ""


def _page(found: list[dict], query: dict[str, str]) -> list[dict]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    return found[(page - 1) * size : page * size]


def _file(name: str, previous: str | None) -> dict:
    api = f"https://api.github.com/repos/{REPOSITORY}"
    return {
        "sha": git_id("blob", name.encode()),
        "filename": name,
        "status": "renamed" if previous else "modified",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"https://github.com/{REPOSITORY}/blob/x/{name}",
        "raw_url": f"https://github.com/{REPOSITORY}/raw/x/{name}",
        "contents_url": f"{api}/contents/{name}",
        **({"previous_filename": previous} if previous else {}),
    }
