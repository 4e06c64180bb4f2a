"""How soon GitHub has the answer once everything is measured, what is asked of its API, and what an action costs.

``python -m bench.github``, some minutes. GATE_EMULATOR names ``dist/index.js`` of the npm package ``emulate`` 0.11.2,
which needs node and, for a loopback of its own, root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure, publish

ROOT = Path(__file__).parents[2]
COMMAND = "python -m bench.github"
ENDPOINTS, DELAYS_MS, REPEATS = (5, 50, 200), (0, 50, 200), 5
_SESSION = Path(__file__).with_name("session.py")
_ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "-")
Found = list[dict[str, Any]]


def said_by(*given: object, alone: bool = False) -> Found:
    """What a session found, in a process of its own."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "integration" / "gh")])
    command = [*(_ALONE if alone else ()), sys.executable, str(_SESSION), *map(str, given)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def telling(endpoints: int, emulator: str) -> list[Figure]:
    """From the end of measuring to the comment, at every place."""
    many = f"{endpoints} endpoints"
    figures = [
        _spread(
            f"end of measuring to comment, {many}, answers after {delay_ms} ms",
            _whole(said_by("fake", endpoints, REPEATS, delay_ms)),
        )
        for delay_ms in DELAYS_MS
    ]
    found = said_by("emulator", endpoints, REPEATS, emulator, alone=True)
    goal = {5: "G1", 50: "G2", 200: "G3"}[endpoints]
    figures.append(_spread(f"end of measuring to comment, {many}, emulator", _whole(found), "<= 5", goal))
    parts = {
        "judging": [one["judging_s"] for one in found],
        "asleep between writes": [one["asleep_s"] for one in found],
        "waiting for answers": [one["answering_s"] for one in found],
        "wording": [one["telling_s"] - one["asleep_s"] - one["answering_s"] for one in found],
    }
    figures += [_spread(f"of it {part}, {many}, emulator", seconds) for part, seconds in parts.items()]
    return figures + (_asked(found) if endpoints == ENDPOINTS[0] else [])


def action() -> list[Figure]:
    """The whole action besides load and waiting for the preview, as one process."""
    found = said_by("action", REPEATS)
    spent = [one["overhead_s"] for one in found]
    figures = [_spread("gate action besides load and waiting, 2 endpoints, fake", spent, "<= 2", "G4")]
    parts = {
        "starting, until the first request": "starting_s",
        "between check and comment, which must be a second apart": "between_writes_s",
        "processor time, that of the load included": "cpu_s",
    }
    figures += [_spread(f"of it {part}", [one[key] for one in found]) for part, key in parts.items()]
    return [*figures, *_counted("of the whole action", found[0]["requests"])]


def others() -> Figure:
    """What else the machine had to do: it stretches every other figure."""
    return Figure("load average of the machine meanwhile", os.getloadavg()[1], "", None, 1, None, COMMAND)


def _whole(found: Found) -> list[float]:
    return [one["judging_s"] + one["telling_s"] for one in found]


def _asked(found: Found) -> list[Figure]:
    first, again = found[0]["requests"], found[1]["requests"]
    return [*_counted("of a first comment", first), *_counted("of a comment edited", again)]


def _counted(what: str, requests: list[str]) -> list[Figure]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(requests).items())
    writes = sum(not request.startswith("GET") for request in requests)
    return [
        Figure(f"requests {what}: {kinds}", len(requests), "", None, 1, None, COMMAND),
        Figure(f"writes {what}", writes, "", None, 1, None, COMMAND),
    ]


def _spread(figure: str, seconds: list[float], goal: str | None = None, name: str | None = None) -> Figure:
    between = (min(seconds), max(seconds))
    return Figure(f"{figure}, median", median(seconds), "s", goal, len(seconds), between, COMMAND, name)


def main() -> int:
    """Measure and publish."""
    emulator = os.environ.get("GATE_EMULATOR", "")
    if not Path(emulator).is_file():
        print("GATE_EMULATOR names no installed emulator")
        return 2
    figures = [figure for endpoints in ENDPOINTS for figure in telling(endpoints, emulator)]
    return 0 if publish("github", [*figures, *action(), others()]) else 1


if __name__ == "__main__":
    sys.exit(main())
