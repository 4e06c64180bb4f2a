"""Measure how much slower each variant is, by the server's own log; prints a Markdown table.

For each endpoint and cause the usual shop and its five grades run side by side over one temporary
database, and every request goes to all of them in turn, so that whatever else the machine does falls
on all alike.  One request is under way at a time.  "paired" is the median of how much longer the slow
shop took for the same request, which a change of the machine's speed during the run cannot bend.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from seed import DEMO_USER, FEATURES, PRODUCTS
from settings import DEFAULT_PASSWORD
from variants import AMOUNTS, GRADES

SERVE = Path(__file__).resolve().with_name("serve.py")
WARM_UP_REQUESTS = 20


@dataclass(frozen=True)
class Request:
    """One request, the same for every server it is sent to."""

    method: str
    path: str
    body: object = None


@dataclass
class Server:
    """One running shop."""

    connection: HTTPConnection
    log: Path
    token: str = ""

    def send(self, request: Request) -> bytes:
        """Send a request and return the body of the answer, which must be a success."""
        headers = {"Authorization": f"Token {self.token}"} if self.token else {}
        body = None if request.body is None else json.dumps(request.body)
        self.connection.request(request.method, request.path, body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise SystemExit(f"{request.method} {request.path} answered {response.status}: {answer!r}")
        return answer

    def durations(self, endpoint: str, count: int) -> list[float]:
        """Return the last `count` logged durations of an endpoint, in milliseconds."""
        entries = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [entry["duration_ms"] for entry in entries if entry["endpoint"] == endpoint][-count:]


LOGIN = Request("POST", "/api/auth/login/", {"username": DEMO_USER, "password": DEFAULT_PASSWORD})


@contextmanager
def running_server(folder: Path, name: str, slow: str) -> Iterator[Server]:
    """Run a shop with `slow` as its ``SHOP_SLOW`` and log in to it."""
    environment = {**os.environ, "SHOP_SLOW": slow, "SHOP_FAIL": "", "SHOP_PASSWORD": ""}
    log = folder / f"{name}.jsonl"
    command = [sys.executable, str(SERVE), "--port", "0", "--db", str(folder / "shop.sqlite3"), "--log", str(log)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().removeprefix("listening http://")
            if not address:
                raise SystemExit(f"the server did not start: {' '.join(command)}")
            server = Server(HTTPConnection(address, timeout=30), log)
            server.token = json.loads(server.send(LOGIN))["token"]
            yield server
            server.connection.close()
        finally:
            process.send_signal(signal.SIGTERM)


def some_request(endpoint: str) -> Request:
    """Return a random request to an endpoint that has variants."""
    if endpoint == "products":
        return Request("GET", f"/api/products/?page={random.randint(1, 20)}")
    if endpoint == "detail":
        return Request("GET", f"/api/products/{random.randint(1, PRODUCTS)}/")
    if endpoint == "search":
        return Request("GET", f"/api/search/?q={random.choice(FEATURES)}")
    if endpoint == "orders_mine":
        return Request("GET", f"/api/orders/mine/?page={random.randint(1, 10)}")
    if endpoint == "orders_create":
        return Request("POST", "/api/orders/", _some_order())
    if endpoint == "orders_bulk":
        return Request("POST", "/api/orders/bulk/", {"orders": [_some_order() for _ in range(20)]})
    return {"login": LOGIN}.get(endpoint) or Request("GET", f"/api/{endpoint}/")


def _some_order() -> dict[str, object]:
    return {"lines": [{"product_id": random.randint(1, PRODUCTS), "quantity": 2} for _ in range(5)]}


def measure(folder: Path, endpoint: str, cause: str, requests: int, rate: float) -> list[list[float]]:
    """Return the durations of the usual shop and then those of each grade."""
    with ExitStack() as stack:
        slow = ["", *(f"{endpoint}:{cause}:{grade}" for grade in GRADES)]
        servers = [
            stack.enter_context(running_server(folder, f"{endpoint}-{cause}-{number}", variant))
            for number, variant in enumerate(slow)
        ]
        turn = time.monotonic()
        for _ in range(WARM_UP_REQUESTS + requests):
            request = some_request(endpoint)
            for server in random.sample(servers, len(servers)):
                server.send(request)
                turn += 1 / rate
                time.sleep(max(0.0, turn - time.monotonic()))
        durations = [server.durations(endpoint, requests) for server in servers]
        servers[0].send(Request("DELETE", "/api/orders/mine/"))
    return durations


def rows(endpoint: str, cause: str, durations: Sequence[Sequence[float]]) -> Iterator[str]:
    """Return the lines of the table for one endpoint and cause."""
    usual = durations[0]
    usual_median, usual_p95 = _median_and_p95(usual)
    for grade, slow in zip(GRADES, durations[1:], strict=True):
        median, p95 = _median_and_p95(slow)
        paired = statistics.median(late / early for early, late in zip(usual, slow, strict=True))
        yield (
            f"| {endpoint} | {cause} | {grade} | {AMOUNTS[endpoint, cause][grade - 1]:,} "
            f"| {usual_median:.1f} / {usual_p95:.1f} | {median:.1f} / {p95:.1f} "
            f"| {paired - 1:+.0%} | {median / usual_median - 1:+.0%} | {p95 / usual_p95 - 1:+.0%} |"
        )


def _median_and_p95(durations: Sequence[float]) -> tuple[float, float]:
    return statistics.median(durations), statistics.quantiles(durations, n=20, method="inclusive")[-1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the wanted variants."""
    parser = argparse.ArgumentParser(prog="measure_variants.py", description=__doc__)
    parser.add_argument("--only", action="append", metavar="ENDPOINT:CAUSE", help="measure just this (repeatable)")
    parser.add_argument("--requests", type=int, default=300, help="requests to each server (default 300)")
    parser.add_argument("--rate", type=float, default=40, help="requests per second in all (default 40)")
    options = parser.parse_args(arguments)
    known = {":".join(pair): pair for pair in AMOUNTS}
    for name in options.only or ():
        if name not in known:
            parser.error(f"unknown variant {name}; known: {', '.join(known)}")
    print(
        "| endpoint | cause | grade | work | usual median / p95, ms | slow median / p95, ms | paired | median | p95 |"
    )
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or known:
            endpoint, cause = known[name]
            for row in rows(endpoint, cause, measure(Path(folder), endpoint, cause, options.requests, options.rate)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
