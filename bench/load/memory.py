"""L8: memory after ten million requests against after ten thousand: histograms do not grow with requests."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from bench.figures import Figure
from bench.load import ours, peers
from bench.load.machine import CLIENT_CORE, say, spread
from bench.load.nginx import nginx
from gate.load.engine import Engine
from gate.load.tally import Tally

COMMAND = "python -m bench.load --only L8"
FEW, MANY = 10_000, 10_000_000
LONG_S = 6.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def run(repeats: int) -> list[Figure]:
    """The counting alone with ten million samples, and a worker under real load."""
    with ThreadPoolExecutor(2) as both_cores:
        grown = list(both_cores.map(_grown_in_child, range(repeats)))
    say(f"memory, growth in MB: {', '.join(f'{value:.2f}' for value in grown)}")
    value, interval = spread(grown)
    text = "memory of the counters after 10 million samples less after 10,000"
    return [Figure(text, value, "MB", "< 20", repeats, interval, COMMAND, "L8"), _worker(repeats)]


def _grown_in_child(seed: int) -> float:
    argv = [sys.executable, "-m", "bench.load.memory", str(seed)]
    return float(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def feed(seed: int) -> float:
    """MB by which this process grows between the two counts; heavy-tailed latencies from 50 µs to an hour."""
    random, tally = Random(seed), Tally(keep_samples=False)
    latencies = itertools.cycle([min(3600.0, 5e-5 * random.paretovariate(0.7)) for _ in range(FEW)])
    for latency_s in itertools.islice(latencies, FEW):
        tally.completed(latency_s, latency_s, latency_s / 2, latency_s / 3, 200)
    tally.flush()
    before = resident_bytes(os.getpid())
    for number, latency_s in enumerate(itertools.islice(latencies, MANY - FEW)):
        # Another value every time: the same ten thousand over and over would fill no bucket that is not full already.
        shifted_s = min(3600.0, latency_s * (1 + number % 997 / 997))
        tally.completed(shifted_s, shifted_s, shifted_s / 2, shifted_s / 3, 200)
    tally.flush()
    return (resident_bytes(os.getpid()) - before) / 1e6


def _worker(repeats: int) -> Figure:
    grown = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with nginx(Path(folder)) as server:
            for _ in range(repeats):
                grown.append(_worker_grown(server.plain))
                say(f"memory of a worker: {grown[-1][0]:.2f} MB more after {grown[-1][1]} requests")
    value, interval = spread([growth for growth, _ in grown])
    most = max(requests for _, requests in grown)
    text = f"memory of a worker after up to {most} real requests less after 10,000"
    return Figure(text, value, "MB", "< 20", repeats, interval, COMMAND, "L8")


def _worker_grown(url: str) -> tuple[float, int]:
    """MB and requests."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CLIENT_CORE})  # the worker inherits it
    try:
        with Engine() as engine:
            (pid,) = engine.pids
            few = ours.counted(url, peers.USERS, FEW)
            engine.run(few)
            before = resident_bytes(pid)
            result = engine.run(ours.full_speed(url, peers.USERS, LONG_S))
            return (resident_bytes(pid) - before) / 1e6, result.lanes["page"].completed
    finally:
        os.sched_setaffinity(0, own)


def resident_bytes(pid: int) -> int:
    """Resident set of a process; proc(5), ``/proc/pid/statm``, second field."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


if __name__ == "__main__":
    print(feed(int(sys.argv[1])))
