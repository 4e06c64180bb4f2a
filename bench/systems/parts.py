"""A PostgreSQL and a Redis for the examples: those of the environment, or new ones that end with the context."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from bench.systems.examples import EXAMPLES
from gate.serving.preview import free_port

Part = Literal["postgres", "redis"]


@contextmanager
def running(parts: Collection[Part], database: str) -> Iterator[dict[str, str]]:
    """The addresses of these parts, as the examples read them from the environment."""
    with ExitStack() as stack:
        addresses = {}
        if "postgres" in parts:
            addresses["DATABASE_URL"] = os.environ.get("DATABASE_URL") or stack.enter_context(_postgres(database))
        if "redis" in parts:
            addresses["REDIS_URL"] = os.environ.get("REDIS_URL") or stack.enter_context(_redis())
        yield addresses


@contextmanager
def _postgres(database: str) -> Iterator[str]:
    """By ``examples/postgres.py``, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("examples_postgres", EXAMPLES / "postgres.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with module.running() as server:
        yield server.url(database)


@contextmanager
def _redis() -> Iterator[str]:
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        raise SystemExit("no redis-server here: install it, or give REDIS_URL")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()
