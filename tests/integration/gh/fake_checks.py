"""Check runs and commit statuses of the fake GitHub, with the limits that GitHub puts on them."""

from __future__ import annotations

import re

from fake_github import REPOSITORY, FakeGitHub, Operation, user

API = f"https://api.github.com/repos/{REPOSITORY}"
TIME = "2026-11-18T12:00:00Z"
MOST_CHARACTERS, MOST_ANNOTATIONS, MOST_DESCRIPTION = 65_535, 50, 140


def app(slug: str) -> dict:
    return {
        "id": 15368,
        "slug": slug,
        "node_id": "A_1",
        "owner": user("github"),
        "name": slug,
        "description": "",
        "external_url": "https://example.com",
        "html_url": f"https://github.com/apps/{slug}",
        "created_at": TIME,
        "updated_at": TIME,
        "permissions": {"checks": "write"},
        "events": [],
    }


class FakeChecks:
    """What stands on commits; tests change it as they like."""

    def __init__(self, github: FakeGitHub) -> None:
        self.github = github
        self.runs: list[dict] = []
        self.statuses: list[dict] = []
        self.slug = "github-actions"
        """App whose token is used."""
        self.annotations: dict[int, list[dict]] = {}
        self.received: list[tuple[str, str, dict]] = []
        """Verb, path as described and body of every write."""
        self.operations: dict[str, Operation] = {
            r"POST check-runs": self._create,
            r"PATCH check-runs/(?P<id>\d+)": self._update,
            r"GET check-runs/(?P<id>\d+)": self._one,
            r"GET commits/(?P<sha>\w+)/check-runs": self._list,
            r"POST statuses/(?P<sha>\w+)": self._set,
            r"GET commits/(?P<sha>\w+)/statuses": self._list_statuses,
        }

    def make(self, slug: str | None = None, **body: object) -> dict:
        number = len(self.runs) + 1
        made = {
            "id": number,
            "node_id": "CR_1",
            "head_sha": body["head_sha"],
            "external_id": body.get("external_id", ""),
            "url": f"{API}/check-runs/{number}",
            "html_url": f"https://github.com/{REPOSITORY}/runs/{number}",
            "details_url": body.get("details_url"),
            "status": body.get("status", "queued"),
            "conclusion": body.get("conclusion"),
            "started_at": TIME,
            "completed_at": TIME if body.get("conclusion") else None,
            "name": body["name"],
            "check_suite": {"id": 5},
            "app": app(slug or self.slug),
            "pull_requests": [],
        }
        self.runs.append(made)
        self.annotations[number] = []
        self._take_output(made, body.get("output") or {})
        return made

    def _create(self, _: re.Match[str], __: dict[str, str], body: dict) -> tuple[int, dict, object]:
        self.received.append(("post", "check-runs", body))
        wrong = self._wrong(body.get("output") or {})
        if body["head_sha"] not in self.github.commits:
            wrong = f"No commit found for SHA: {body['head_sha']}"
        if (body.get("status") == "completed") != ("conclusion" in body):
            wrong = "conclusion is missing"
        return _refused(wrong) if wrong else (201, {}, self.make(**body))

    def _update(self, matched: re.Match[str], _: dict[str, str], body: dict) -> tuple[int, dict, object]:
        self.received.append(("patch", "check-runs/{check_run_id}", body))
        found = self._found(matched)
        wrong = self._wrong(body.get("output") or {})
        if found is None or wrong:
            return _refused(wrong) if wrong else (404, {}, {"message": "Not Found"})
        self._take_output(found, body.get("output") or {})
        return 200, {}, found

    def _one(self, matched: re.Match[str], _: dict[str, str], __: dict) -> tuple[int, dict, object]:
        found = self._found(matched)
        return (200, {}, found) if found else (404, {}, {"message": "Not Found"})

    def _list(self, matched: re.Match[str], query: dict[str, str], _: dict) -> tuple[int, dict, object]:
        found = [run for run in self.runs if run["head_sha"] == matched["sha"]]
        if "check_name" in query:
            found = [run for run in found if run["name"] == query["check_name"]]
        if query.get("filter", "latest") == "latest":
            found = list({(run["app"]["slug"], run["name"]): run for run in found}.values())
        page = _page(found, query)
        return 200, {}, {"total_count": len(found), "check_runs": page}

    def _set(self, matched: re.Match[str], _: dict[str, str], body: dict) -> tuple[int, dict, object]:
        self.received.append(("post", "statuses/{sha}", body))
        if len(body.get("description") or "") > MOST_DESCRIPTION:
            return _refused("description is too long (maximum is 140 characters)")
        number = len(self.statuses) + 1
        made = {
            "id": number,
            "node_id": "S_1",
            "url": f"{API}/statuses/{matched['sha']}",
            "avatar_url": "https://avatars.example/u/1",
            "state": body["state"],
            "description": body.get("description"),
            "target_url": body.get("target_url"),
            "context": body["context"],
            "created_at": TIME,
            "updated_at": TIME,
            "creator": user(self.github.writes_as),
        }
        self.statuses.append(made)
        return 201, {}, made

    def _list_statuses(self, _: re.Match[str], query: dict[str, str], __: dict) -> tuple[int, dict, object]:
        return 200, {}, _page(self.statuses[::-1], query)

    def _found(self, matched: re.Match[str]) -> dict | None:
        return next((run for run in self.runs if run["id"] == int(matched["id"])), None)

    def _take_output(self, run: dict, output: dict) -> None:
        self.annotations[run["id"]] += output.get("annotations", [])
        run["output"] = {
            "title": output.get("title"),
            "summary": output.get("summary"),
            "text": output.get("text"),
            "annotations_count": len(self.annotations[run["id"]]),
            "annotations_url": f"{run['url']}/annotations",
        }

    def _wrong(self, output: dict) -> str:
        texts = [output.get("title") or "", output.get("summary") or "", output.get("text") or ""]
        noted = output.get("annotations", [])
        if any(len(text) > MOST_CHARACTERS for text in texts):
            return "Only 65535 characters are allowed"
        if len(noted) > MOST_ANNOTATIONS:
            return "No more than 50 annotations per request"
        if any(note["start_line"] < 1 or not note["message"] or not note["path"] for note in noted):
            return "an annotation lacks a line, a path or a message"
        words = [*texts, *(note["message"] + note["title"] for note in noted)]
        return "a character is not supported" if any(max(word, default="") > "\uffff" for word in words) else ""


def _page(found: list[dict], query: dict[str, str]) -> list[dict]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    return found[(page - 1) * size : page * size]


def _refused(why: str) -> tuple[int, dict, object]:
    return 422, {}, {"message": f"Invalid request.\n\n{why}"}
