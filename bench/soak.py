"""A run that is longer than most: memory, open files and counts of `gate run` over two workers must stay right.

``python -m bench.soak``, ``--seconds 600`` for a longer one. Two scenarios side by side, a mix of kept and fresh
connections over HTTP/1.1, against a server that counts what it is asked. One worker would do for these rates; the
engine is told to deal everything out to two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.figures import Figure, publish
from bench.load.machine import ending, family, say, start
from bench.load.memory import resident_bytes
from gate.commands.measuring import Targets, load_suite
from gate.commands.run import run
from gate.console import StreamConsole
from gate.errors import GateError
from gate.load.engine import Engine
from gate.wiring import real_effects

SECONDS = 120
WORKERS = 2
READERS_RPS, VISITORS_RPS = 300, 40
SETTLED = 0.25
"""Share of its time after which a process should have the size that it keeps."""
_LOOK_S = 0.5
_BLOCK_REQUESTS = 50
_SUITE = """\
suite: soak
preview: {{ready: {{path: /ready, status: 200}}}}
endpoints:
  kept: GET /kept
  posted: {{request: POST /posted, json: {{number: "{{{{seq}}}}"}}, mutates: true}}
  fresh: {{request: GET /fresh, connections: fresh}}
scenarios:
  readers: {{mix: {{kept: 3, posted: 1}}, load: {{rate: {readers}/s, for: {seconds}s}}, beside: [visitors]}}
  visitors: {{mix: {{fresh: 1}}, load: {{rate: {visitors}/s, for: {seconds}s}}}}
policy: {{max_rate: 400/s, budget: {{time: 10s}}}}
"""


class Dealing(Engine):
    """Deals every segment with a rate out to two workers at least."""

    def workers_for(self, rate_rps: float) -> int:
        """As many as are needed, and two."""
        return max(WORKERS, super().workers_for(rate_rps))


class Watched:
    """Sizes of a process and its descendants over time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[int, list[tuple[int, int]]] = {}
        """By process: resident bytes and open files, look by look."""

    def look(self) -> None:
        """Take one more sample of each process."""
        for pid in family(self._pid):
            with suppress(FileNotFoundError, ProcessLookupError):
                sizes = resident_bytes(pid), len(os.listdir(f"/proc/{pid}/fd"))
                self._seen.setdefault(pid, []).append(sizes)

    @property
    def lasting(self) -> list[list[tuple[int, int]]]:
        """Samples of each process that was there half the time or more; a shorter one served for a moment."""
        longest = max(len(samples) for samples in self._seen.values())
        return [samples for samples in self._seen.values() if len(samples) >= longest / 2]

    def grown_bytes(self) -> int:
        """The most that one process grew from when it had settled."""
        worst = 0
        for samples in self.lasting:
            sizes = [size for size, _ in samples[int(SETTLED * len(samples)) :]]
            tenth = max(1, len(sizes) // 10)
            worst = max(worst, max(sizes[-tenth:]) - max(sizes[:tenth]))
        return worst

    def files_at_end(self) -> int:
        """The most files that one process had open in the last tenth of its time."""
        return max(files for samples in self.lasting for _, files in samples[-max(1, len(samples) // 10) :])


def measure(seconds: int) -> list[Figure]:
    """One run.

    Raises
    ------
    SystemExit
        If the run was not measured: nothing can be said of it then.
    """
    with tempfile.TemporaryDirectory() as name, counting() as (origin, counts):
        folder = Path(name)
        suite = _SUITE.format(readers=READERS_RPS, visitors=VISITORS_RPS, seconds=seconds)
        (folder / "gate.yml").write_text(suite, encoding="utf-8")
        with ending(start([sys.executable, "-m", "bench.soak", "--gate", name, origin], None)) as process:
            watched = Watched(process.pid)
            while process.poll() is None:
                watched.look()
                time.sleep(_LOOK_S)
            said = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit(f"the run ended with code {process.returncode}: {said}")
        (path,) = (folder / "out").glob("run-*.json")
        return _figures(watched, json.loads(path.read_text(encoding="utf-8"))["run"], counts(), seconds)


def _figures(watched: Watched, run: dict[str, Any], asked: Counter[str], seconds: int) -> list[Figure]:
    command = f"python -m bench.soak --seconds {seconds}"
    sent, served = _sent(run), sum(count for path, count in asked.items() if path != "/ready")
    say(f"{sent} sent, {served} served: {dict(asked)}")
    peak = run["generator"]["peak_in_flight"]  # as many connections are kept
    failed = sum(sum(scenario["errors"].values()) for scenario in run["scenarios"].values())
    rows = (
        ("workers", len(watched.lasting) - 1, "", f"== {WORKERS}"),
        ("requests sent by the gate's count less those that the server was asked", sent - served, "", "== 0"),
        ("errors and drops", failed + run["generator"]["dropped"], "", "== 0"),
        ("growth of any process once it has settled", watched.grown_bytes() / 1e6, "MB", "< 5"),
        ("open files of any process at the end beyond requests in flight", watched.files_at_end() - peak, "", "<= 16"),
    )
    return [Figure(f"{seconds} s of load: {text}", v, unit, goal, sent, None, command) for text, v, unit, goal in rows]


def _sent(run: dict[str, Any]) -> int:
    """Requests of a run: warm-up, blocks, blocks measured again and scenarios."""
    warmup = sum(arm["requests"] for arms in run["warmup"].values() for arm in arms.values())
    return int(warmup + run["generator"]["sent"] + _BLOCK_REQUESTS * run["generator"]["repeated"])


@contextmanager
def counting() -> Iterator[tuple[str, Callable[[], Counter[str]]]]:
    """The origin of a server in a process of its own, and what to call at the end for its counts by path."""
    with ending(start([sys.executable, "-m", "bench.soak", "--serve"], None)) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}", lambda: Counter(json.loads(process.communicate("")[0]))


async def serve() -> None:
    """Answer until standard input ends, then write how often each path was asked."""
    asked: Counter[str] = Counter()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == _LENGTH), 0)
                await reader.readexactly(length)
                asked[head.split(b" ", 2)[1].decode()] += 1
                writer.write(_ANSWER)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(asked), flush=True)
    os._exit(0)  # connections that are still open need no farewell


_LENGTH = b"content-length:"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def gate(folder: Path, origin: str) -> int:
    """`gate run` as the command line does it, but for the number of workers."""
    effects = replace(real_effects(StreamConsole(sys.stdout, sys.stderr), os.environ), engine=Dealing)
    try:
        return int(run(load_suite(folder / "gate.yml"), Targets((origin,)), folder / "out", effects))
    except GateError as error:
        print(error)
        return int(error.exit_code)


def main() -> int:
    """Measure and publish."""
    options = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    options.add_argument("--seconds", type=int, default=SECONDS, help=f"of load (default {SECONDS})")
    options.add_argument(
        "--gate", nargs=2, metavar=("FOLDER", "ORIGIN"), help="one part of it, in a process of its own"
    )
    options.add_argument("--serve", action="store_true", help="the other part")
    chosen = options.parse_args()
    if chosen.serve:
        asyncio.run(serve())
    if chosen.gate:
        return gate(Path(chosen.gate[0]), chosen.gate[1])
    return 0 if publish("soak", measure(chosen.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
