"""Start the warehouse: ``DATABASE_URL=... python serve.py --port 0``.

Prints ``listening http://127.0.0.1:PORT`` once every worker takes connections; SIGTERM stops it with all its workers.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The folder works wherever it is copied to and however this file is started.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from app import create_app
from connections import Connections
from database import DatabaseError, prepare
from instrument import instrumented
from settings import SettingError, Settings, read_settings

KEEP_ALIVE_SECONDS = 300
STOP_SECONDS = 5


class WarehouseServer(BaseApplication):
    """Gunicorn serving the warehouse."""

    def __init__(self, settings: Settings, address: str, workers: int, threads: int) -> None:
        self._settings, self._connections = settings, Connections(settings)
        self._options: dict[str, Any] = {
            "bind": address,
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": STOP_SECONDS,
            "preload_app": True,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": self._begin,
        }
        self._ready_workers = multiprocessing.Value("i", 0)
        super().__init__()

    def load_config(self) -> None:
        """Hand gunicorn the options; older versions have no control socket to disable."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:  # noqa: ANN401 - a WSGI application has no type of its own
        """Build the application, once, before the workers are forked."""
        app = create_app(self._settings, self._connections)
        # What lives as long as the server need not be visited by every collection.
        gc.collect()
        gc.freeze()
        return instrumented(app)

    def _begin(self, worker: Worker) -> None:
        # Called in each worker. The last one speaks: a stop that comes while a worker is still starting would get
        # lost in it.
        self._connections.open()
        with self._ready_workers.get_lock():
            self._ready_workers.value += 1
            if self._ready_workers.value == self._options["workers"]:
                host, port = worker.sockets[0].getsockname()
                print(f"listening http://{host}:{port}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare the database and serve until told to stop; exit with 2 when wrongly configured."""
    parser = argparse.ArgumentParser(prog="serve.py", description="Serve the example warehouse.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free port (default 8000)")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a pool (default 1)")
    parser.add_argument("--threads", type=int, default=128, help="requests of one process at a time (default 128)")
    options = parser.parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        prepare(settings)
    except (SettingError, DatabaseError) as error:
        parser.error(str(error))
    WarehouseServer(settings, f"{options.host}:{options.port}", options.workers, options.threads).run()


if __name__ == "__main__":
    main()
