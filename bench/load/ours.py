"""The gate's engine as a command: a segment as one line of JSON in, its result as one line out.

In a process of its own like every peer, so that what the gate itself spends beside its workers is counted too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.load.machine import CLIENT_CORE, start
from bench.load.nginx import BODY_BYTES
from bench.load.peers import Tool
from gate.load.arrivals import Spacing
from gate.load.engine import Engine
from gate.load.job import Expectation, Lane, Request, Schedule, Segment, SegmentResult, Stream, Wire
from gate.load.pipe import from_line, to_line

_NGINX = Expectation(statuses=(200,), media_type="text/plain", min_bytes=BODY_BYTES, max_bytes=BODY_BYTES)


def full_speed(url: str, users: int, seconds: float, ca: Path | None = None, *, http2: bool = False) -> Segment:
    """Users who ask nginx again as soon as they are answered; status, type and size are checked."""
    wire = Wire(http="2" if http2 else "1.1", ca=None if ca is None else ca.read_text(encoding="ascii"))
    lane = Lane("page", Request("GET", url), _NGINX)
    return Segment((Stream(Schedule(users=users, for_s=seconds), (lane,)),), wire=wire)


def counted(url: str, users: int, count: int) -> Segment:
    """The same until so many were asked."""
    lane = Lane("page", Request("GET", url), _NGINX)
    return Segment((Stream(Schedule(users=users, count=count), (lane,)),))


def at_rate(url: str, rate_rps: float, seconds: float, spacing: Spacing = "even", seed: int = 1) -> Segment:
    """Arrivals at a rate."""
    lane = Lane("page", Request("GET", url), Expectation(statuses=(200,)))
    return Segment((Stream(Schedule(rate_rps=rate_rps, for_s=seconds, spacing=spacing, seed=seed), (lane,)),))


def tool(segment: Segment, workers: int = 1) -> Tool:
    """The engine, ready to be started."""
    return Tool([sys.executable, "-m", "bench.load.ours", str(workers)], told=to_line(segment))


def drive(segment: Segment) -> SegmentResult:
    """Drive a segment with one worker on the clients' core.

    Raises
    ------
    SystemExit
        If nothing was measured.
    """
    return result_of(start(tool(segment).argv, CLIENT_CORE, told=to_line(segment)).communicate()[0])


def result_of(report: str) -> SegmentResult:
    """The result in what this command wrote.

    Raises
    ------
    SystemExit
        If any request failed: such a run says nothing of the engine.
    """
    result = from_line(SegmentResult, report)
    errors = {kind: n for lane in result.lanes.values() for kind, n in lane.errors.items()}
    if errors:
        raise SystemExit(f"requests of the engine failed: {errors}")
    return result


def main() -> None:
    """Serve one segment."""
    with Engine() as engine:
        sys.stdout.write(to_line(engine.run(from_line(Segment, sys.stdin.readline()), workers=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
