"""The other load generators: how each is started, and how its own report is read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(os.environ.get("PEERS", Path(__file__).parents[2] / ".peers"))
"""Where bench/load/peers.sh put those from PyPI."""
PYTHON = str(FOLDER / "bin/python")
_SCRIPTS = Path(__file__).parent / "scripts"
USERS = 50
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Tool:
    """One load generator, ready to be started."""

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    told: str | None = None
    """Its standard input."""
    module: str | None = None
    """What it imports that may not be there."""


def installed(tools: dict[str, Tool]) -> dict[str, Tool]:
    """Those that are there; the others are named."""
    there = {name: tool for name, tool in tools.items() if _is_there(tool)}
    for name in tools.keys() - there.keys():
        print(f"not installed, left out: {name}; see bench/load/peers.sh", file=sys.stderr)
    return there


def _is_there(tool: Tool) -> bool:
    if shutil.which(tool.argv[0]) is None:
        return False
    look = [tool.argv[0], "-c", f"import {tool.module}"]
    return tool.module is None or subprocess.run(look, check=False, capture_output=True).returncode == 0


def full_speed(url: str, seconds: float, ca: Path | None = None) -> dict[str, Tool]:
    """Each with 50 users who ask again as soon as they are answered; wrk, hey, ab and Locust check no certificate.

    Two are no tools but floors: what libcurl costs a loop in Python that counts nothing, and what plain sockets and a
    parser in C would.
    """
    whole = f"{seconds:.0f}"
    load = {"executor": "constant-vus", "vus": USERS, "duration": f"{whole}s"}
    trust = {} if ca is None else {"SSL_CERT_FILE": str(ca)}
    return {
        "wrk": Tool(["wrk", "-t1", f"-c{USERS}", f"-d{whole}s", url]),
        "ab": Tool(["ab", "-q", "-k", "-c", str(USERS), "-t", whole, "-n", "2000000", url]),
        "hey": Tool(["hey", "-z", f"{whole}s", "-c", str(USERS), url]),
        "k6": k6(url, load, trust),
        "Locust": locust(url, USERS, seconds),
        "aiohttp": _script("aiohttp_users.py", url, whole, ca, "aiohttp"),
        "requests": _script("requests_users.py", url, whole, ca, "requests"),
        "(pycurl alone)": _script("pycurl_users.py", url, whole, ca, "pycurl", sys.executable),
        "(sockets, httptools)": _script("httptools_users.py", url, whole, ca, "httptools"),
    }


def full_speed_h2(url: str, seconds: float, ca: Path) -> dict[str, Tool]:
    """The same over HTTP/2: 50 connections with one stream each, and for h2load also one connection with 50."""
    h2load = ["h2load", "-t1", "-D", f"{seconds:.0f}"]
    load = {"executor": "constant-vus", "vus": USERS, "duration": f"{seconds:.0f}s"}
    return {
        "h2load, 50 connections": Tool([*h2load, f"-c{USERS}", "-m1", url]),
        "h2load, 50 streams": Tool([*h2load, "-c1", f"-m{USERS}", url]),
        "k6": k6(url, load, {"SSL_CERT_FILE": str(ca)}),
    }


def k6(url: str, load: dict[str, object], env: dict[str, str] | None = None, *, pace_s: float = 0.0) -> Tool:
    """k6 with one scenario; its summary goes to standard output."""
    argv = [str(FOLDER / "bin/k6"), "run", "--quiet", "--no-usage-report"]
    given = {"URL": url, "LOAD": json.dumps(load), "PACE_S": str(pace_s)}
    return Tool([*argv, str(_SCRIPTS / "k6.js")], {**given, **(env or {})})


def locust(url: str, users: int, seconds: float, user_rps: float = 0.0) -> Tool:
    """Locust's FastHttpUser in one process; its statistics go to standard output."""
    argv = [str(FOLDER / "bin/locust"), "-f", str(_SCRIPTS / "locustfile.py"), "--headless", "--json"]
    argv += ["-H", url.rstrip("/"), "-u", str(users), "-r", str(users), "-t", f"{seconds:.0f}s"]
    return Tool(argv, {"USER_RPS": str(user_rps)})


def _script(name: str, url: str, seconds: str, ca: Path | None, module: str, python: str = PYTHON) -> Tool:
    return Tool([python, str(_SCRIPTS / name), url, str(USERS), seconds, str(ca or "")], module=module)


def read_k6(report: str) -> dict[str, float]:
    """Latencies in seconds by quantile, from k6.js's line of them in milliseconds."""
    trend = json.loads(report)
    names = {"p50": "med", "p90": "p(90)", "p95": "p(95)", "p99": "p(99)"}
    return {name: trend[key] / 1e3 for name, key in names.items()}


def read_locust(report: str) -> dict[str, float]:
    """The same from Locust's histogram of milliseconds, by nearest rank."""
    (page,) = json.loads(report)
    times = sorted((float(ms), count) for ms, count in page["response_times"].items())
    total, found = sum(count for _, count in times), {}
    for name, q in QUANTILES.items():
        seen = 0
        for ms, count in times:
            seen += count
            if seen >= q * total:
                found[name] = ms / 1e3
                break
    return found


def read_hey(report: str) -> dict[str, float]:
    """The same from hey's lines ``50% in 0.0102 secs``."""
    pairs = re.findall(r"(\d+)%+ in ([\d.]+) secs", report)
    return {f"p{number}": float(seconds) for number, seconds in pairs if f"p{number}" in QUANTILES}


def read_wrk(report: str) -> dict[str, float]:
    """The same from wrk's lines ``50%  10.21ms``; it gives no p95."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
    pairs = re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", report)
    return {f"p{n}": float(value) * units[unit] for n, value, unit in pairs if f"p{n}" in QUANTILES}
