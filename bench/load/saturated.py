"""L9: `gate check` while siblings take the generator's core: never a measurement of the preview, else always one.

The suite's objective would be missed if the generator's lateness were taken for the preview's; the preview answers
within two milliseconds throughout, on a core of its own. Whether a run is measured is what its file says; that two
seconds of it may not be enough to decide the objective is another matter, told in a row of its own.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.load.machine import CLIENT_CORE, ending, family, say, start
from bench.load.server import Times, serving

COMMAND = "python -m bench.load --only L9"
TIMES = Times(0.002)
SUITE = """\
suite: saturated
endpoints:
  page: {request: GET /, rate: 200/s, objectives: {p50: 4ms}}
policy: {max_rate: 200/s, budget: {time: 2s}}
"""
APPROVED, SLOW, NOT_MEASURED = 0, 1, 3
_PATIENCE_S = 40.0


@dataclass(frozen=True)
class Siblings:
    """Busy loops on one core, in step, with more priority than the worker can ask for."""

    what: str
    loops: int
    busy_s: float
    idle_s: float
    gate_may_ask: bool = True
    """Whether the gate may ask for real-time priority for its worker; in most containers it may not."""


KINDS = (
    Siblings("90 of 100 ms", 3, 0.090, 0.010),
    Siblings("18 of 20 ms", 3, 0.018, 0.002),
    Siblings("150 of 200 ms", 3, 0.150, 0.050),
    Siblings("80 of 100 ms, gate without rights", 3, 0.080, 0.020, gate_may_ask=False),
)


@dataclass(frozen=True)
class Checked:
    """How a check ended."""

    code: int
    """Its exit code; -1 if it did not end."""
    is_measured: bool | None
    """By its run file; None without one."""
    said: str

    @property
    def is_refused(self) -> bool:
        """Whether the gate said that it measured nothing, and ended so."""
        return self.code == NOT_MEASURED and self.is_measured is False


def run(repeats: int) -> list[Figure]:
    """As many runs with siblings, of all kinds in turn, as without."""
    alone: list[Checked] = []
    saturated: list[Checked] = []
    for _, siblings in zip(range(repeats), itertools.cycle(KINDS), strict=False):
        for checks, present in ((alone, None), (saturated, siblings)):
            checks.append(_check(present))
            what = present.what if present else "alone"
            say(f"{what}: exit {checks[-1].code}, measured: {checks[-1].is_measured}  {checks[-1].said}")
    rows = (
        ("saturated runs that are not measured", [c.is_refused for c in saturated], f"== {repeats}"),
        ("saturated runs that call the preview slow", [c.code == SLOW for c in saturated], "== 0"),
        ("unsaturated runs that are measured", [c.is_measured is True for c in alone], f"== {repeats}"),
        ("unsaturated runs that call the preview slow", [c.code == SLOW for c in alone], "== 0"),
        ("unsaturated runs of 2 s that decide the objective", [c.code == APPROVED for c in alone], None),
    )
    return [
        Figure(text, sum(hits), f"of {repeats}", goal, repeats, None, COMMAND, goal and "L9")
        for text, hits, goal in rows
    ]


def _check(siblings: Siblings | None) -> Checked:
    """One check of the gate."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name), TIMES) as server, ExitStack() as stack:
        folder = Path(name)
        (folder / "gate.yml").write_text(SUITE, encoding="utf-8")
        (folder / "none").mkdir()
        argv = [sys.executable, "-m", "gate", "check", "--suite", str(folder / "gate.yml"), "--preview", server.url]
        argv += ["--baselines", str(folder / "none"), "--out", str(folder / "out")]
        process = stack.enter_context(ending(start([*_rights(siblings), *argv], None)))
        worker = _until(lambda: _worker_of(process.pid), process)
        if worker is not None:
            _pin(worker)
            if siblings is not None:
                stack.enter_context(_taking(siblings))
        try:
            report = process.communicate(timeout=_PATIENCE_S)[0]
        except subprocess.TimeoutExpired:
            return Checked(-1, None, f"no end within {_PATIENCE_S:.0f} s")
        return Checked(process.returncode, _is_measured(folder / "out"), _reason(report))


def _is_measured(out: Path) -> bool | None:
    files = list(out.glob("run-*.json"))
    return not json.loads(files[0].read_text(encoding="utf-8"))["run"]["not_measured"] if files else None


def _rights(siblings: Siblings | None) -> list[str]:
    """What goes before the command so that it may not ask for priority, as in most containers."""
    if siblings is None or siblings.gate_may_ask or shutil.which("setpriv") is None:
        return []
    return ["setpriv", "--inh-caps=-sys_nice", "--bounding-set=-sys_nice"]


def _worker_of(pid: int) -> int | None:
    for member in family(pid):
        if b"gate.load.worker" in Path(f"/proc/{member}/cmdline").read_bytes():
            return member
    return None


def _until(look: Callable[[], int | None], process: subprocess.Popen[str]) -> int | None:
    found = look()
    while found is None and process.poll() is None:
        time.sleep(0.002)
        found = look()
    return found


def _pin(pid: int) -> None:
    os.sched_setaffinity(pid, {CLIENT_CORE})


@contextmanager
def _taking(siblings: Siblings) -> Iterator[None]:
    """Siblings on the generator's core for the length of this context."""
    argv = [sys.executable, "-m", "bench.load.saturated", str(siblings.busy_s), str(siblings.idle_s)]
    with ExitStack() as stack:
        for _ in range(siblings.loops):
            stack.enter_context(ending(start(argv, CLIENT_CORE)))
        yield


def _reason(report: str) -> str:
    told = [line.strip() for line in report.splitlines() if "APPROVED" in line or "BLOCKED" in line]
    return told[0][:160] if told else ""


def take(busy_s: float, idle_s: float) -> None:
    """Take a core by the clock, in step with all others that do so, before every process of lower priority."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    except PermissionError as refused:
        raise SystemExit("no right to real-time priority: the siblings would take too little") from refused
    period_s, until = busy_s + idle_s, time.monotonic() + 2 * _PATIENCE_S  # whatever became of who started it
    while time.monotonic() < until:
        at_s = time.monotonic() % period_s
        if at_s >= busy_s:
            time.sleep(period_s - at_s)


if __name__ == "__main__":
    take(float(sys.argv[1]), float(sys.argv[2]))
