"""Real effects for the command line: clock, network, worker process, this machine."""

from __future__ import annotations

import datetime as dt
import platform
import secrets
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from gate.commands.effects import Console, Effects
from gate.load.engine import Engine
from gate.load.names import resolve
from gate.load.transport import fetch
from gate.measure.network import Network
from gate.measure.outlook import Runner
from gate.measure.ready import Clock
from gate.version import tool_version


def real_effects(console: Console, environ: Mapping[str, str]) -> Effects:
    """Everything a command may do to the world."""
    return Effects(
        environ=environ,
        console=console,
        clock=Clock(time.monotonic, time.sleep),
        utc_now=lambda: dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        new_id=lambda: secrets.token_hex(6),
        network=Network(lambda wire: partial(fetch, wire=wire), resolve),
        engine=Engine,
        runner=Runner(_runner_kind(environ), _cpu_model()),
        tool=tool_version(),
    )


def _runner_kind(environ: Mapping[str, str]) -> str:
    """Kind of machine, coarse enough that all runners of one pool are alike."""
    kind = environ.get("RUNNER_ENVIRONMENT", "local")
    return f"{kind}/{platform.system()}/{platform.machine()}"


def _cpu_model() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), None)
