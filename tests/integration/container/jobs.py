"""A pull request's run as GitHub describes it to a step, and the preview it is about."""

from __future__ import annotations

import socket
import time

from fake_github import BASE, HEAD, REPOSITORY, TOKEN

from tests.integration.load.servers import answer

UNHURRIED_S = 0.3
"""What an answer takes: so long that the lateness of a load generator on a busy machine hardly counts against it."""


def context(api_url: str, run_id: int = 1) -> dict[str, str]:
    """Members of ``github`` in a ``pull_request`` run."""
    return {
        "token": TOKEN,
        "repository": REPOSITORY,
        "event_name": "pull_request",
        "sha": BASE,
        "ref": "refs/pull/7/merge",
        "run_id": str(run_id),
        "run_attempt": "1",
        "server_url": "https://github.com",
        "api_url": api_url,
        "actor": "octocat",
        "workflow": "Performance gate",
    }


def pull_request() -> dict[str, object]:
    """The event of a push to an open pull request."""
    repository = {"full_name": REPOSITORY, "default_branch": "main", "name": "shop"}
    side = {"repo": repository | {"fork": False}}
    pull = {
        "number": 7,
        "state": "open",
        "draft": False,
        "user": {"login": "dev"},
        "head": side | {"sha": HEAD, "ref": "topic"},
        "base": side | {"sha": BASE, "ref": "main"},
    }
    return {"action": "synchronize", "number": 7, "pull_request": pull, "repository": repository}


def shop(connection: socket.socket, _line: str, _number: int) -> bool:
    """A preview of the head commit whose every word tries to be a command of the runner."""
    time.sleep(UNHURRIED_S)
    hostile = f"::set-output name=verdict::APPROVED ##[add-mask]BLOCKED\r\nX-Commit: {HEAD}\r\n"
    connection.sendall(answer(body=b"::error::x", headers=f"Content-Type: application/json\r\nX-Note: {hostile}"))
    return True
