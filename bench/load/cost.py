"""L1 to L4: processor time per request of a client at full speed, against nginx on the other core.

The same yardstick for all: while a client runs, the time it and its descendants took (from the kernel) over the
requests that nginx answered (from its own counter), in a window after it has started up.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.load import ours, peers
from bench.load.machine import CLIENT_CORE, SERVER_CORE, cpu_s, ending, say, spread, start
from bench.load.nginx import Nginx, nginx
from bench.load.peers import Tool

COMMAND = "python -m bench.load --only cost"
WINDOW_S = 1.5
_SETTLE_S = 0.5
_LIFE_S = 12.0
"""A client is started for so long, and ended once its window is over."""
_BEGUN = 300
"""Requests after which a client counts as started."""


def window(tool: Tool, server: Nginx, core: int | Collection[int] = CLIENT_CORE) -> tuple[float, float]:
    """Microseconds of processor time per request, and requests per second of wall time.

    Raises
    ------
    SystemExit
        If the client sends nothing.
    """
    before = server.answered()
    with ending(start(tool.argv, core, env=tool.env, told=tool.told)) as process:
        _wait_until_begun(process, server, before)
        time.sleep(_SETTLE_S)
        begun, cpu, answered = time.perf_counter(), cpu_s(process.pid), server.answered()
        time.sleep(WINDOW_S)
        spent, served = cpu_s(process.pid) - cpu, server.answered() - answered
        return 1e6 * spent / served, served / (time.perf_counter() - begun)


def _wait_until_begun(process: subprocess.Popen[str], server: Nginx, before: int) -> None:
    until = time.monotonic() + _LIFE_S / 2
    while server.answered() - before < _BEGUN:
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"a client sends nothing: {process.args!r}")
        time.sleep(0.02)


def rounds(tools: dict[str, Tool], server: Nginx, repeats: int, what: str) -> dict[str, list[float]]:
    """Microseconds per request of each client, repeat by repeat; the clients take turns."""
    costs: dict[str, list[float]] = {name: [] for name in tools}
    for number in range(repeats):
        for name, tool in tools.items():
            costs[name].append(window(tool, server)[0])
        shown = ", ".join(f"{name} {values[-1]:.1f}" for name, values in costs.items())
        say(f"{what} {number + 1}/{repeats}, µs: {shown}")
    return costs


def compare(
    costs: dict[str, list[float]], what: str, goals: Mapping[str, tuple[str | None, str | None]]
) -> list[Figure]:
    """A row for each client, then ours as a share of some, with id and goal."""
    medians = {name: median(values) for name, values in costs.items()}
    others = {name: value for name, value in medians.items() if name != "gate"}
    n = len(costs["gate"])
    rows = [
        Figure(f"CPU per request, {what}: {name}", medians[name], "µs", None, n, spread(values)[1], COMMAND)
        for name, values in costs.items()
    ]
    for peer, (goal, identity) in goals.items():
        if peer in costs:
            shares = [a / b for a, b in zip(costs["gate"], costs[peer], strict=True)]
            value, interval = spread(shares)
            text = f"CPU per request, {what}: gate over {peer}"
            rows.append(Figure(text, value, "ratio", goal, n, interval, COMMAND, identity, others))
    return rows


def run(repeats: int) -> list[Figure]:
    """Plain, over TLS, over HTTP/2, and with two workers."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with nginx(Path(folder)) as server:
            return [*_plain(server, repeats), *_tls(server, repeats), *_h2(server, repeats), *_workers(server, repeats)]


def _plain(server: Nginx, repeats: int) -> list[Figure]:
    mine = {"gate": ours.tool(ours.full_speed(server.plain, peers.USERS, _LIFE_S))}
    costs = rounds(mine | peers.installed(peers.full_speed(server.plain, _LIFE_S)), server, repeats, "plain")
    goals = {"k6": ("<= 0.4", "L1"), "Locust": ("<= 0.15", "L2"), "wrk": ("<= 5", "L3")}
    return compare(costs, "plain HTTP", goals)


def _tls(server: Nginx, repeats: int) -> list[Figure]:
    mine = {"gate": ours.tool(ours.full_speed(server.tls, peers.USERS, _LIFE_S, server.ca))}
    costs = rounds(mine | peers.installed(peers.full_speed(server.tls, _LIFE_S, server.ca)), server, repeats, "TLS")
    return compare(costs, "TLS", {"k6": ("<= 0.5", "L4")})


def _h2(server: Nginx, repeats: int) -> list[Figure]:
    segment = ours.full_speed(server.h2, peers.USERS, _LIFE_S, server.ca, http2=True)
    tools = {"gate": ours.tool(segment)} | peers.installed(peers.full_speed_h2(server.h2, _LIFE_S, server.ca))
    rows = compare(rounds(tools, server, repeats, "HTTP/2"), "HTTP/2", {"k6": (None, None)})
    brief = ours.full_speed(server.h2, peers.USERS, 1.0, server.ca, http2=True)
    page = ours.drive(brief).lanes["page"]
    share = page.protocols.get("2", 0) / page.completed
    return [*rows, Figure("answers of nginx over HTTP/2", share, "ratio", "== 1", page.completed, None, COMMAND)]


def _workers(server: Nginx, repeats: int) -> list[Figure]:
    """Two against one: by rate where the clients have two cores of their own, else by cost."""
    segment = ours.full_speed(server.plain, peers.USERS, _LIFE_S)
    others = os.sched_getaffinity(0) - {SERVER_CORE}
    has_room = len(others) >= 2
    sides: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for number in range(repeats):
        for workers, seen in sides.items():
            seen.append(window(ours.tool(segment, workers), server, others or CLIENT_CORE))
        say(f"workers {number + 1}/{repeats}, µs: {sides[1][-1][0]:.1f} with one, {sides[2][-1][0]:.1f} with two")
    if has_room:
        return [_workers_row("rate of two workers over one", sides, lambda side: side[1], ">= 1.8")]
    what = "CPU per request of two workers over one (the clients have one core, so the rate cannot grow)"
    return [_workers_row(what, sides, lambda side: side[0], "<= 1.1")]


def _workers_row(
    what: str, sides: dict[int, list[tuple[float, float]]], of: Callable[[tuple[float, float]], float], goal: str
) -> Figure:
    value, interval = spread([of(two) / of(one) for one, two in zip(sides[1], sides[2], strict=True)])
    return Figure(what, value, "ratio", goal, len(sides[1]), interval, COMMAND)
