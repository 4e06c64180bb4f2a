"""Reports made again: by measuring, or from the run files that are kept beside them."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bench.reports.catalogue import ROOT, Report
from gate.cli import main
from gate.commands.outputs import read_verdict
from gate.verdict.values import Verdict

_FOREIGN = ("LEARNING_", "WAREHOUSE_", "MARKETPLACE_", "CONSOLE_", "GATE_", "ACTIONS_", "GITHUB_")
SMALLER = {"LEARNING_SIZE": "1000", "WAREHOUSE_BAGS": "100000", "MARKETPLACE_ADMINS": "1000"}
"""What the systems have in them in small size."""
_NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1/none", "REDIS_URL": "redis://127.0.0.1/0"}
"""Suites name them; who judges offline asks neither."""
_PATIENCE_S = 30


class NotMade(Exception):
    """What became of a command that left no report."""


@dataclass(frozen=True)
class Made:
    """What one `gate check` left behind, or `gate compare` of its run."""

    report: str
    run: bytes
    verdict: Verdict


def measure(report: Report, *, small: bool) -> Made:
    """Run the command of a report, over databases of its own, in a folder that is gone afterwards.

    Raises
    ------
    NotMade
        If it leaves no report and one run file.
    """
    with tempfile.TemporaryDirectory(prefix="report-") as place:
        folder = Path(place)
        settings = {**report.settings, **(SMALLER if small else {}), "LEARNING_DB": str(folder / "learning.sqlite3")}
        command = [*(report.small if small else report.arguments), "--out", str(folder / "out")]
        with _redis(folder, settings) as given:
            done = subprocess.run(command, cwd=ROOT, env=_environment(given), check=False, stdout=subprocess.DEVNULL)
        return _made(folder / "out", f"{' '.join(command)}: exit {done.returncode}")


def render(report: Report) -> Made:
    """What `gate compare` makes of the run file that is kept, offline.

    Raises
    ------
    NotMade
        If there is none, or no report comes of it.
    """
    if not report.run_file.exists():
        raise NotMade(f"{report.run_file} is not there: `python -m bench.reports {report.name}` measures one")
    with tempfile.TemporaryDirectory(prefix="report-") as place:
        folder = Path(place)
        run, out = folder / "run.json", folder / "out"
        run.write_bytes(gzip.decompress(report.run_file.read_bytes()))
        environment = {**_NOWHERE, **_environment(report.settings)}
        with patch.dict(os.environ, environment, clear=True), contextlib.redirect_stdout(sys.stderr):
            code = main(["compare", str(run), "--suite", str(report.suite), "--out", str(out)])
        return _made(out, f"gate compare of {report.run_file.name}: exit {code}", run)


def keep(report: Report, made: Made, folder: Path) -> None:
    """Write the report with its run beside it; the same run gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / report.run_file.name).write_bytes(gzip.compress(made.run, mtime=0))
    (folder / report.file.name).write_text(made.report, encoding="utf-8")


def _made(out: Path, said: str, run: Path | None = None) -> Made:
    runs = [run] if run is not None else sorted(out.glob("run-*.json"))
    if len(runs) != 1 or not (out / "report.md").exists():
        raise NotMade(f"{len(runs)} run files and {'a' if (out / 'report.md').exists() else 'no'} report of {said}")
    verdict = read_verdict(out / "verdict.json")
    return Made((out / "report.md").read_text(encoding="utf-8"), runs[0].read_bytes(), verdict)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """So that this Python runs gate and example, and nothing else sets them up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, **settings, "PATH": os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))}


@contextmanager
def _redis(folder: Path, settings: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The settings with a Redis of its own, where they name one.

    Raises
    ------
    NotMade
        If there is none to be had.
    """
    if "REDIS_URL" not in settings:
        yield settings
        return
    binary = shutil.which("redis-server")
    if binary is None:
        raise NotMade("no redis-server in PATH: install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = int(place.getsockname()[1])
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield {**settings, "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise NotMade(f"redis-server took no connection on port {port} for {_PATIENCE_S} s") from None
            time.sleep(0.05)
        else:
            return
