"""The image beside a GitHub emulator that nobody here wrote, where nothing can leave; run by ``test_emulator.py``.

Usage: ``beside_emulator.py INDEX_JS IMAGE FOLDER``, in a network namespace with a loopback and nothing else, where the
kernel counts what it has no way for. Says what it did, one line each; a failed assertion ends it.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from emulator_session import REPOSITORY, URL, ask, client, commit, emulator, said

from tests.integration.container import jobs
from tests.integration.container.simulated_runner import Runner
from tests.integration.load.servers import answer, serving

ELSEWHERE = "203.0.113.1"
"""An address that nobody has: https://www.rfc-editor.org/rfc/rfc5737."""
SUITE = b"""\
suite: shop
preview: {hosts: ["127.0.0.1"], commit: {header: X-Commit}, ready: {timeout: 5s}}
endpoints: {list: {request: GET /list, rate: 100/s, objectives: {max: 5s}}}
policy: {absolute_floor: 60s, max_rate: 200/s, budget: {time: 2s}}
"""


def refused() -> int:
    """How often this kernel was asked for a way to another machine and knew none; names asked of a server count too.

    https://www.kernel.org/doc/html/latest/networking/snmp_counter.html: IpOutNoRoutes.
    """
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line[:3] == "Ip:")
    counted = [int(dict(zip(names, values, strict=True))["OutNoRoutes"])]
    if (sixth := Path("/proc/net/snmp6")).exists():
        counted += map(int, re.findall(r"^Ip6OutNoRoutes\s+(\d+)$", sixth.read_text(), re.M))
    return sum(counted)


def opened() -> tuple[int, str, str]:
    base = commit("gate.yml", SUITE, "main")
    ask("POST", "git/refs", ref="refs/heads/topic", sha=base)
    head = commit("shop.py", b"slow = False\n", "topic")
    return ask("POST", "pulls", title="x", head="topic", base="main")["number"], head, base


def event(number: int, head: str, base: str) -> dict[str, object]:
    repository = {"full_name": REPOSITORY, "default_branch": "main", "name": "shop"}
    told = jobs.pull_request()
    pull = {
        **told["pull_request"],
        "number": number,
        "head": {"repo": repository | {"fork": False}, "sha": head, "ref": "topic"},
        "base": {"repo": repository | {"fork": False}, "sha": base, "ref": "main"},
    }
    return told | {"number": number, "pull_request": pull, "repository": repository}


def measured(image: str, folder: Path) -> None:
    number, head, base = opened()

    def shop(connection: socket.socket, _line: str, _number: int) -> bool:
        time.sleep(jobs.UNHURRIED_S)
        connection.sendall(answer(headers=f"Content-Type: application/json\r\nX-Commit: {head}\r\n"))
        return True

    context = jobs.context(URL) | {"token": "ghs_OURS", "repository": REPOSITORY, "sha": base}
    with serving(shop) as server:
        given = {"preview-url": server.origin, "api-url": URL}
        step = Runner(folder / "runner", image).step(context, event(number, head, base), given)
    assert (step.exit_code, step.outputs["verdict"]) == (0, "APPROVED"), step.log
    said("measured and approved")
    *_, check = sorted(ask("GET", f"commits/{head}/check-runs")["check_runs"], key=lambda run: run["id"])
    assert (check["name"], check["status"], check["conclusion"]) == ("gate / shop", "completed", "success"), check
    assert check["output"]["title"].startswith("APPROVED: no baseline yet; 1 of 1 objectives met")
    said("the check is on the head")
    (comment,) = client().find_comments(number)
    assert comment.text.startswith("<!-- gate:shop run=1.1 -->\n**APPROVED**: no baseline yet; 1 of 1"), comment.text
    said("the comment is on the pull request")


def run(index: str, image: str, folder: Path) -> None:
    before = refused()
    with emulator(index):
        measured(image, folder)
    assert refused() == before, "it tried to reach another machine"
    said("nothing else was tried")
    with suppress(OSError):
        socket.create_connection((ELSEWHERE, 80), timeout=1)
    assert refused() > before, "the guard of the line above would see nothing"
    said("it would have been seen")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
