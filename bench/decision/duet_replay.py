"""Pull requests made from a real duet: process restarts in which several arms answered by turns.

In each of 240 mini-blocks of a restart every arm got five requests to every endpoint, in random order. Ten consecutive
mini-blocks make the blocks of 50 requests that a run file holds, one pair of blocks for each round; they are summed up
by the code that does so in a measurement. Arms A and A2 are two processes of the same code, so A is the base and A2
the candidate. A slowdown is a factor on the raw latencies of the candidate before they are summed up. A restart is one
pair of deployments. When it was measured is not recorded; run files need an instant and get one that follows the
numbers.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.decision.recorded import hashes_of, run_of, suite_of, suite_text, verdict_of
from bench.decision.world import Floats
from gate.load.histogram import record_many
from gate.load.job import LaneResult
from gate.measure.counts import BLOCK_REQUESTS
from gate.measure.tally import ArmTally
from gate.record.endpoint import ArmRecord
from gate.record.run import Environment, Run

FILE = Path(__file__).parents[1] / "data" / "local_duet_raw.csv.gz"
SUITE = "local-duet"
ONE_HOST = Environment(host="loopback", runner="local/Linux/x86_64", cpu=None)
COMMIT = "a2" * 20


def read_restarts(path: Path = FILE) -> dict[int, dict[str, dict[str, list[float]]]]:
    """Latencies in seconds in the order they were sent, by restart, endpoint and arm."""
    found: dict[int, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[int(row["run"])][row["ep"]][row["arm"]].append(int(row["lat_us"]) / 1e6)
    return found


class DuetReplay:
    """Restarts whose blocks are summed up once.

    Parameters
    ----------
    restarts : mapping
        From ``read_restarts``.
    base, candidate : str
        Names of two arms.
    """

    def __init__(
        self,
        restarts: Mapping[int, Mapping[str, Mapping[str, Sequence[float]]]],
        base: str = "A",
        candidate: str = "A2",
    ) -> None:
        self._restarts = restarts
        self._base, self._candidate = base, candidate
        self.endpoints = sorted(next(iter(restarts.values())))
        self.suite_text = suite_text(SUITE, self.endpoints, self.endpoints)
        self._suite = suite_of(self.suite_text)
        self._hashes = hashes_of(self._suite)
        self._known: dict[tuple[int, str, str], ArmRecord] = {}

    def run_file(self, restart: int, slowed: frozenset[str] = frozenset(), factor: float = 1.0) -> Run:
        """One restart as a run with two arms, some endpoints of its candidate slowed down by a factor."""
        return run_of(
            SUITE,
            f"restart-{restart}",
            {
                name: {
                    "base": self._record(restart, name, self._base, 1.0),
                    "candidate": self._record(restart, name, self._candidate, factor if name in slowed else 1.0),
                }
                for name in self.endpoints
            },
            self._hashes,
            created=f"2026-01-01T{restart // 60:02}:{restart % 60:02}:00Z",
            commit=COMMIT,
            environment=ONE_HOST,
            one_host=True,
        )

    def blocked(
        self, restarts: Sequence[int], slowed: frozenset[str] = frozenset(), factor: float = 1.0
    ) -> frozenset[str]:
        """Endpoints with a row that blocks, from one or several pairs of deployments."""
        runs = tuple(self.run_file(restart, slowed, factor) for restart in restarts)
        return frozenset(row.endpoint for row in verdict_of(self._suite, runs).rows if row.blocks)

    def requests(self, restart: int, name: str) -> tuple[Floats, Floats]:
        """Latencies in seconds of base and candidate, nothing slowed down."""
        by_arm = self._restarts[restart][name]
        return np.array(by_arm[self._base]), np.array(by_arm[self._candidate])

    def _record(self, restart: int, name: str, arm: str, factor: float) -> ArmRecord:
        key = (restart, name, arm)
        if factor != 1:
            return _record([factor * latency for latency in self._restarts[restart][name][arm]])
        if key not in self._known:
            self._known[key] = _record(self._restarts[restart][name][arm])
        return self._known[key]


def _record(latencies: Sequence[float]) -> ArmRecord:
    tally = ArmTally()
    for number, begin in enumerate(range(0, len(latencies), BLOCK_REQUESTS)):
        samples = list(latencies[begin : begin + BLOCK_REQUESTS])
        counts: dict[int, int] = {}
        record_many(counts, samples)
        lane = LaneResult(
            planned=len(samples),
            sent=len(samples),
            completed=len(samples),
            statuses={"200": len(samples)},
            histogram=counts,
            samples=samples,
            service=samples,
        )
        tally.add(lane, number, number, float(number))
    return tally.record()
