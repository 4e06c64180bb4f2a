"""The suite of the study, and the network it is measured over. Pure.

Endpoints answer after 25 ms and more, most of it waiting, so that a check costs little processor time and several may
run side by side; one of them, the search, also works for a millisecond.

Limit: deployments of the same code differ here by their processes alone, all on one machine, so that this study says
nothing of how well the gate bears the differences of real hosts; the simulated world and the replays do.
"""

from __future__ import annotations

from bench.decision.network import Network
from bench.decision.servers.cases import Way

WAIT_S = 0.025
RATE_RPS = 100.0
BUDGET_S: dict[Way, float] = {"duet": 11.0, "stored": 5.0}
"""A round takes a second in a duet, half of one alone: four rounds and some more of what is suspected, or ten.

With a second less a duet over the proxy runs out of time between its stages, and another limit holds for it.
"""
STORED_RUNS = 10
STORE_EVERY = 12
"""Duets of a channel and lane after which main is measured, until there are enough runs of it. Ten runs of main made in
one go, within seventy seconds, know nothing of what an hour does to a machine."""
REFRESH_EVERY = 10
"""Stored checks of a channel after which main is measured once more, as merges do."""
NETWORK = Network(
    one_way_s=0.020, jitter_s=0.001, drift_ratio=0.3, drift_period_s=60.0, burst_every_s=30.0, burst_s=0.2
)
REQUESTS = {
    "health": "/api/health/",
    "search": "/api/search/?q=apron+quiet",
    "bestsellers": "/api/bestsellers/?month=2023-06",
    "detail": "/api/products/{product}/",
}
STATUSES = {"detail": 404}
"""Expected, where it is not 200: pages of products that are not there, since one that is costs 8 ms of a processor."""
_SUITE = """\
# Written by the study of real servers.
version: 1
suite: servers
preview:
  ready: {{path: /version, status: 200}}
data:
  product: {{range: [20000, 40000]}}
endpoints:
{endpoints}
policy:
  max_rate: {max_rate:g}/s
  budget: {{time: {budget_s:g}s}}
baselines:
  window: {window}
"""


def suite_text(budget_s: float, rate_rps: float) -> str:
    """The suite as a file.

    Parameters
    ----------
    budget_s : float
        ``policy.budget.time`` of each run, seconds.
    rate_rps : float
        Of the comparison blocks of each endpoint; all of them run side by side.
    """
    lines = [
        f'  {name}: {{request: "GET {path}", rate: {rate_rps:g}/s, expect: {{status: {STATUSES.get(name, 200)}}}}}'
        for name, path in REQUESTS.items()
    ]
    return _SUITE.format(
        endpoints="\n".join(lines), max_rate=rate_rps * len(REQUESTS), budget_s=budget_s, window=STORED_RUNS
    )
