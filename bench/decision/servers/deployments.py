"""Fresh deployments of the shop, near or far, and what their own logs say of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.decision.delay_proxy import Proxy, delaying
from bench.decision.network import Network
from bench.load.machine import cpu_s, ending, start
from gate.commands.bundled import shop_folder

PROCESSES, THREADS = 2, 16
"""Of one shop. Six requests are under way on average; many more may come at once."""


@dataclass(frozen=True)
class Shop:
    """One deployment: server processes of its own with a log of its own."""

    pid: int
    port: int
    log: Path


@dataclass(frozen=True)
class Deployed:
    """Deployments of one check."""

    shops: tuple[Shop, ...]
    proxy: Proxy | None

    @property
    def urls(self) -> list[str]:
        """Where a client finds them, in order."""
        ports = [shop.port for shop in self.shops] if self.proxy is None else self.proxy.ports
        return [f"http://127.0.0.1:{port}" for port in ports]

    def cpu_s(self) -> float:
        """Processor time that servers and proxy took so far."""
        return sum(cpu_s(shop.pid) for shop in self.shops) + (cpu_s(self.proxy.pid) if self.proxy else 0.0)


@contextmanager
def deployed(
    folder: Path, wait_s: float, variants: Sequence[Mapping[str, float]], network: Network | None, seed: int
) -> Iterator[Deployed]:
    """So many fresh deployments, gone afterwards.

    They share one database file, which only answers; endpoints that write are not for this.

    Parameters
    ----------
    folder : Path
        Where the database is, and the logs will be.
    wait_s : float
        Median wait of a request.
    variants : sequence of mappings
        For each deployment, how many times as long some endpoints wait.
    network : Network or None
        In one direction, for all of them alike; None is loopback as it is.
    seed : int
        Of the network's jitter.
    """
    with ExitStack() as stack:
        processes = []
        for number, factors in enumerate(variants):
            log = folder / f"{number}.jsonl"
            log.unlink(missing_ok=True)
            command = [sys.executable, str(shop_folder() / "serve.py"), "--port", "0"]
            command += ["--db", str(folder / "shop.sqlite3"), "--log", str(log)]
            command += ["--workers", str(PROCESSES), "--threads", str(THREADS)]
            process = stack.enter_context(ending(start(command, None, env=_environment(wait_s, factors), told="")))
            processes.append((process, log))
        shops = []
        for process, log in processes:  # they start side by side
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("listening "):
                raise SystemExit(f"the shop did not start: {process.args!r}")
            shops.append(Shop(process.pid, int(line.rpartition(":")[2]), log))
        proxy = None
        if network is not None:
            proxy = stack.enter_context(delaying([shop.port for shop in shops], network, seed))
        yield Deployed(tuple(shops), proxy)


def _environment(wait_s: float, factors: Mapping[str, float]) -> dict[str, str]:
    slow = ",".join(f"{name}:wait:{factor:.6g}" for name, factor in factors.items())
    usual = {name: "" for name in os.environ if name.startswith("SHOP_")}
    return {**usual, "SHOP_WAIT_MS": f"{1000 * wait_s:g}", "SHOP_SLOW": slow}


def logged_requests(shops: Iterable[Shop]) -> int:
    """How many requests they answered."""
    return sum(len(_entries(shop)) for shop in shops)


def logged_medians_ms(shops: Iterable[Shop], endpoints: Iterable[str]) -> dict[str, float]:
    """Median time inside the application by endpoint, over all these deployments together, in milliseconds."""
    entries = [entry for shop in shops for entry in _entries(shop)]
    took = {name: [entry["duration_ms"] for entry in entries if entry["endpoint"] == name] for name in endpoints}
    return {name: round(median(some), 3) for name, some in took.items() if some}


def _entries(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shop.log.read_text(encoding="utf-8").splitlines()]
