"""What commands leave on disk: whole files or none, under the same names everywhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from gate.errors import UsageError
from gate.load.histogram import Histogram
from gate.record.codec import RecordError, decode_run, dump, encode_run, load_json
from gate.record.run import Run
from gate.record.value import Value
from gate.verdict.values import Verdict

VERDICT_FILE = "verdict.json"
COMMENT_FILE = "comment.md"
SUMMARY_FILE = "summary.md"
REPORT_FILE = "report.md"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through a temporary one, so that no reader ever sees half of it.

    Raises
    ------
    UsageError
        If the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _signals_waiting():
            _write_aside(path, content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "see --out") from error


def _write_aside(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def _signals_waiting() -> Iterator[None]:
    """A second signal ends the process where it stands, and would leave half a file: signals come after it is whole.

    A mask would not do: whichever other thread has none takes the signal, and with it the whole process.
    """
    if threading.current_thread() is not threading.main_thread():  # no other one may say what signals do
        yield
        return
    came: list[int] = []
    before = {each: signal.signal(each, lambda number, _frame: came.append(number)) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, action in before.items():
            signal.signal(each, action)
        for number in came:
            signal.raise_signal(number)


def check_writable(out: Path) -> None:
    """Refuse a folder that cannot be written before minutes are spent on measuring for it.

    Raises
    ------
    UsageError
        If it cannot be made or written.
    """
    probe = out / ".writing-probe"
    write_whole(probe, b"")
    probe.unlink()


def pretty(value: Value) -> bytes:
    """A value as indented JSON with sorted members: equal values give equal bytes."""
    return (json.dumps(dump(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_run(out: Path, run: Run) -> Path:
    """Write one run and say where."""
    path = out / f"run-{run.run_id}.json"
    write_whole(path, encode_run(run))
    return path


def read_run(path: Path) -> Run:
    """Read a run file.

    Raises
    ------
    UsageError
        If it is not there or not a run.
    """
    try:
        run = decode_run(path.read_bytes())
        for text in _histograms(run):
            Histogram.decode(text)
        return run
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "give the run files that `gate run` wrote"
        ) from None
    except RecordError as error:
        raise UsageError(f"{path} {error}", "give the run files that `gate run` wrote") from None
    except ValueError as error:
        raise UsageError(f"{path} holds what is {error}", "give the run files that `gate run` wrote") from None


def _histograms(run: Run) -> list[str]:
    arms = [record.histogram for endpoint in run.endpoints.values() for record in endpoint.arms.values()]
    scenarios = list(run.scenarios.values())
    steps = [step.histogram for scenario in scenarios for step in scenario.steps.values()]
    journeys = [journey.histogram for scenario in scenarios for journey in scenario.journeys.values()]
    sockets = [socket for scenario in scenarios for socket in scenario.sockets.values()]
    times = [text for socket in sockets for text in (socket.connect, socket.upgrade, socket.echo)]
    return [*arms, *(scenario.histogram for scenario in scenarios), *steps, *journeys, *times]


def read_verdict(path: Path) -> Verdict:
    """Read a verdict file.

    Raises
    ------
    UsageError
        If it is not there or not a verdict.
    """
    cure = "give the verdict.json that `gate check` or `gate compare` wrote"
    try:
        return Verdict.model_validate(load_json(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", cure) from None
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path} is not a verdict: {reason}", cure) from None


def write_report(out: Path, verdict: Verdict) -> None:
    """Write verdict, comment, summary and long report, in this order: the verdict is safe before any is rendered."""
    from gate.report import render

    write_whole(out / VERDICT_FILE, pretty(verdict))
    write_whole(out / COMMENT_FILE, render.comment(verdict).encode())
    write_whole(out / SUMMARY_FILE, render.summary(verdict).encode())
    write_whole(out / REPORT_FILE, render.report(verdict).encode())
