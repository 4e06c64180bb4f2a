"""Start the marketplace: ``DATABASE_URL=... REDIS_URL=... python serve.py --port 0 --workers 2``.

Prints ``listening http://127.0.0.1:PORT`` once every worker takes connections; SIGTERM stops all, and the process that
does background jobs. If one of them ends by itself, all end.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Sequence
from multiprocessing.connection import wait
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import FrameType
from typing import NoReturn

# The folder works wherever it is copied to and however this file is started.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import uvicorn

from app import create_app
from database import DatabaseError, name_of, prepare
from instrument import instrumented
from jobs import do_jobs
from settings import SettingError, Settings, read_settings

KEEP_ALIVE_SECONDS = 300
STOP_SECONDS = 5
_FORK = multiprocessing.get_context("fork")  # the signing key and the sockets are inherited


class Worker(uvicorn.Server):
    """One of several; the last of them to listen says so."""

    def __init__(self, config: uvicorn.Config, unready: Synchronized[int]) -> None:
        super().__init__(config)
        self._unready = unready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Connect, listen, and be counted."""
        await super().startup(sockets)
        if not self.started:
            return
        gc.collect()
        gc.freeze()
        with self._unready.get_lock():
            self._unready.value -= 1
            if self._unready.value == 0:
                host, port = self.servers[0].sockets[0].getsockname()
                print(f"listening http://{host}:{port}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the database and serve until told to stop; 2 when wrongly configured, 1 when a process gave up."""
    parser = argparse.ArgumentParser(prog="serve.py", description="Serve the example marketplace.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free port (default 8000)")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a pool (default 1)")
    options = parser.parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        prepare(settings.database_url, settings.admins, settings.audit_rows)
    except (SettingError, DatabaseError) as error:
        parser.error(str(error))
    sockets = _bound(options.host, options.port, options.workers)
    unready = _FORK.Value("i", options.workers)
    prefix = name_of(settings.database_url)
    processes = [_FORK.Process(target=do_jobs, args=(settings.database_url, settings.redis_url, prefix))]
    processes += [
        _FORK.Process(target=_work, args=(settings, number, sockets, unready)) for number in range(options.workers)
    ]
    return _supervise(processes, sockets)


def _bound(host: str, port: int, workers: int) -> list[socket.socket]:
    """One socket for each worker, all of one port: the kernel spreads connections over them.

    Workers that share one socket take connections in bursts, whoever wakes up first, and one may get nearly all.
    """
    sockets = []
    for _ in range(workers):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((host, port))
        port = one.getsockname()[1]
        sockets.append(one)
    return sockets


def _work(settings: Settings, number: int, sockets: list[socket.socket], unready: Synchronized[int]) -> None:
    # A listening socket lives as long as any process has it: those of the others are not kept.
    for other in sockets:
        if other is not sockets[number]:
            other.close()
    config = uvicorn.Config(
        instrumented(create_app(settings)),
        headers=[("X-Commit", settings.commit)],
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    worker = Worker(config, unready)
    worker.run(sockets=[sockets[number]])
    if not worker.started:
        sys.exit(3)


def _supervise(processes: Sequence[multiprocessing.process.BaseProcess], sockets: Sequence[socket.socket]) -> int:
    """Run all until told to stop, or until one of them ends."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        for process in processes:
            process.start()
        for one in sockets:
            one.close()
        wait([process.sentinel for process in processes])
        code = 1
    except SystemExit:
        code = 0
    begun = [process for process in processes if process.pid is not None]
    for process in begun:
        process.terminate()
    for process in begun:
        process.join()
    return code


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit


if __name__ == "__main__":
    sys.exit(main())
