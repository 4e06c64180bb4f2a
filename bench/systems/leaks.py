"""Y2: the slope of a leak as telemetry sees it under load, beside what the application keeps of each request.

An object of the application is larger than its bytes by what Python and the allocator add, some 6 % of a kilobyte.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure
from gate.cli import main

COMMAND = "python -m bench.systems leaks"
REPEATS, USERS, THINK_MS, SECONDS = 3, 4, 8, 24
CACHED = 2_000
LEAST_BYTES = 300
"""Growth per request that is called a leak: between none and those that are made."""
SUITE = """
suite: leaking
preview: {{serve: "{python} {application} {argument}"}}
endpoints: {{work: {{request: GET /, rate: 50/s, objectives: {{p50: 1s}}}}}}
scenarios: {{steady: {{load: {{users: {users}, think: {think_ms}ms, for: {seconds}s}}, mix: {{work: 1}}}}}}
telemetry:
  every: 100ms
  prometheus: {{url: /metrics, series: {{memory: process_resident_memory_bytes}}}}
  objectives: [{{of: memory, leak: none, least: {least}B, scenario: steady}}]
policy: {{max_rate: 50/s, budget: {{time: 9s}}}}
"""


def study() -> list[Figure]:
    """Slopes of two leaks, and how often each kind of application was called what it is."""
    leaks = {size: [_row(str(size)) for _ in range(REPEATS)] for size in (1000, 4000)}
    sound = [_row("0"), *(_row(f"1000 {CACHED}") for _ in range(REPEATS))]
    found = [row["outcome"] for rows in leaks.values() for row in rows]
    return [
        *(_slope(size, [float(str(row["candidate"])) for row in rows]) for size, rows in leaks.items()),
        _share("leaks that are called one", [outcome == "missed" for outcome in found]),
        _share(
            f"bounded caches of {CACHED:,} x 1 kB and no growth at all, called no leak",
            [row["outcome"] == "met" for row in sound],
        ),
    ]


def _row(argument: str) -> dict[str, object]:
    """The row of the leak from a whole check of such an application."""
    application = Path(__file__).with_name("leaking.py")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        text = SUITE.format(
            python=sys.executable,
            application=application,
            argument=argument,
            users=USERS,
            think_ms=THINK_MS,
            seconds=SECONDS,
            least=LEAST_BYTES,
        )
        (folder / "gate.yml").write_text(text)
        main(["check", "--suite", str(folder / "gate.yml"), "--out", str(folder / "out")])
        rows: list[dict[str, object]] = json.loads((folder / "out" / "verdict.json").read_text())["rows"]
    return next(row for row in rows if str(row["metric"]).startswith("telemetry:"))


def _slope(size: int, slopes: list[float]) -> Figure:
    off = [100 * abs(slope / size - 1) for slope in slopes]
    told = ", ".join(f"{slope:.0f}" for slope in slopes)
    return Figure(
        figure=f"leak of {size:,} B a request, {USERS} users for {SECONDS} s: seen {told}; the worst is off by",
        value=max(off),
        unit="%",
        goal="<= 20",
        n=len(slopes),
        interval=(min(off), max(off)),
        command=COMMAND,
        id="Y2",
    )


def _share(what: str, right: list[bool]) -> Figure:
    return Figure(what, 100 * sum(right) / len(right), "%", "== 100", len(right), None, COMMAND, id="Y2")
