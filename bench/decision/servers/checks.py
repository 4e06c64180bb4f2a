"""One check of the study: fresh deployments, the gate as users start it, and everything that is known afterwards.

The gate runs as a command in a process of its own, which is what a pull request pays for and gets: its own start, its
own look at the generator's capacity, its exit code. Nothing is asked of it but the verdict file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import gate
from bench.decision.servers.cases import ENDPOINTS, Channel, Planned, Way, wait_factors
from bench.decision.servers.deployments import Deployed, Shop, deployed, logged_medians_ms, logged_requests
from bench.decision.servers.journal import Line
from bench.decision.servers.processors import children_cpu_s, idle_s
from bench.decision.servers.suite import NETWORK, REQUESTS
from gate.commands.outputs import VERDICT_FILE, read_verdict
from gate.errors import ExitCode, UsageError

MOST_S = 120.0
"""After so long the gate is killed; no exit code is noted then."""
CODE = ("baseline", "config", "load", "measure", "record", "stats", "verdict")
"""Packages of the gate that measure and decide."""
LOOKS = 100
"""Requests to each endpoint of main, to know what a fifth of its latency is."""


@dataclass(frozen=True)
class Site:
    """Where the study is and how its deployments are."""

    folder: Path
    wait_s: float
    pairs: int
    """Deployments of the preview in each check, and in a duet of the base as well."""

    def suite(self, way: Way) -> Path:
        """The suite of one way: the same endpoints at the same rate, and a budget of its own."""
        return self.folder / f"{way}.yml"

    def store(self, channel: Channel) -> Path:
        """The stored runs of a channel."""
        return self.folder / "baselines" / channel


def look(site: Site, channel: Channel, seed: int) -> dict[str, float]:
    """Median latency of each endpoint of main as a plain client sees it, one request at a time, in seconds."""
    with _deployed(site, channel, [{}], seed) as one:
        netloc = one.urls[0].removeprefix("http://")

        def ask(name: str) -> float:
            connection, took_s = HTTPConnection(netloc, timeout=30), []
            path = REQUESTS[name].replace("{product}", "30000")
            for _ in range(LOOKS):
                begun_s = time.perf_counter()
                connection.request("GET", path)
                connection.getresponse().read()
                took_s.append(time.perf_counter() - begun_s)
            connection.close()
            return median(took_s)

        with ThreadPoolExecutor(len(ENDPOINTS)) as side_by_side:
            return dict(zip(ENDPOINTS, side_by_side.map(ask, ENDPOINTS), strict=True))


def check(site: Site, planned: Planned, seen_s: Mapping[str, float], seed: int) -> Line:
    """Make one check.

    Parameters
    ----------
    site : Site
        Where.
    planned : Planned
        Which.
    seen_s : mapping of str to float
        From `look`.
    seed : int
        Of the network.

    Returns
    -------
    dict
        A line for the journal.

    Raises
    ------
    SystemExit
        If the gate refuses how it is called: then no check of this study can come out right.
    """
    out = site.folder / "out" / str(planned.number)
    previews = [wait_factors(planned, seen_s, site.wait_s)] * site.pairs
    bases: list[dict[str, float]] = [{}] * site.pairs if planned.way == "duet" else []
    store = site.store(planned.channel) if planned.way == "stored" else site.folder / "baselines" / "none"
    store.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out, ignore_errors=True)  # what a check left that was interrupted is not this one's verdict
    with _deployed(site, planned.channel, [*previews, *bases], seed) as all_of_it:
        urls = all_of_it.urls
        argv = [arg for url in urls[: site.pairs] for arg in ("--preview", url)]
        argv += [arg for url in urls[site.pairs :] for arg in ("--base", url)]
        line = _gate(
            site.suite(planned.way), ["check", *argv, "--baselines", f"dir:{store}", "--out", str(out)], all_of_it
        )
        shops = {"preview": all_of_it.shops[: site.pairs], "base": all_of_it.shops[site.pairs :]}
        line |= _logged(shops)
    line |= {"kind": "check", "number": planned.number, "channel": planned.channel, "way": planned.way}
    line |= {"case": planned.case.name, "slowed": list(planned.slowed), "pairs": site.pairs}
    return line | _measured_delay(all_of_it) | _verdict(out / VERDICT_FILE)


def refresh(site: Site, channel: Channel, number: int, seed: int) -> Line:
    """Measure main once into the stored runs of a channel."""
    out = site.folder / "out" / f"main-{channel}-{number}"
    with _deployed(site, channel, [{}], seed) as main:
        store = f"dir:{site.store(channel)}"
        argv = ["refresh", "--preview", main.urls[0], "--baselines", store, "--out", str(out)]
        line = _gate(site.suite("stored"), argv, main) | _logged({"main": main.shops})
    return line | {"kind": "refresh", "channel": channel} | _measured_delay(main)


def code_hash() -> str:
    """Of what measures and decides in the gate: figures of two different gates are not to be added up."""
    package = Path(gate.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for name in CODE for path in (package / name).rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _deployed(
    site: Site, channel: Channel, variants: Sequence[Mapping[str, float]], seed: int
) -> AbstractContextManager[Deployed]:
    return deployed(site.folder, site.wait_s, variants, NETWORK if channel == "proxy" else None, seed)


def _gate(suite: Path, argv: list[str], load: Deployed) -> Line:
    """Run the gate to its end, and say what that took."""
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    servers_s, gate_s, unused_s, begun_s = load.cpu_s(), children_cpu_s(), idle_s(), time.monotonic()
    command = [sys.executable, "-m", "gate", argv[0], "--suite", str(suite), *argv[1:]]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONDONTWRITEBYTECODE": "1"}
    exit_code: int | None = None
    said = ""
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=MOST_S, check=False)
        exit_code, said = done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        said = f"killed after {MOST_S:g} s"
    took_s = time.monotonic() - begun_s
    if exit_code == ExitCode.USAGE:
        raise SystemExit(f"the gate refuses {' '.join(command)}:\n{said}")
    all_s = took_s * (os.cpu_count() or 1)
    return {
        "at": at,
        "gate": code_hash(),
        "exit_code": exit_code,
        "said": "" if exit_code in (0, 1) else said[-2_000:],
        "seconds": round(took_s, 2),
        "servers_ratio": round((load.cpu_s() - servers_s) / all_s, 4),
        "gate_ratio": round((children_cpu_s() - gate_s) / all_s, 4),
        "idle_ratio": round((idle_s() - unused_s) / all_s, 4),
    }


def _logged(shops: Mapping[str, Sequence[Shop]]) -> Line:
    return {
        "requests": sum(logged_requests(some) for some in shops.values()),
        "medians_ms": {arm: logged_medians_ms(some, ENDPOINTS) for arm, some in shops.items() if some},
    }


def _measured_delay(load: Deployed) -> Line:
    return {"added": {} if load.proxy is None else load.proxy.measured}


def _verdict(path: Path) -> Line:
    """What the verdict says, and nothing of how it came about; empty where there is none."""
    try:
        verdict = read_verdict(path)
    except UsageError:
        return {"reasons": [], "blamed": [], "outcomes": {}}
    return {
        "reasons": [reason.code for reason in verdict.reasons],
        "blamed": sorted({row.endpoint for row in verdict.rows if row.blocks}),
        "outcomes": dict(Counter(row.outcome for row in verdict.rows)),
    }
