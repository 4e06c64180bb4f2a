"""Start the platform: ``python serve.py --port 0 --db learning.sqlite3``.

Prints ``listening http://127.0.0.1:PORT`` once every worker takes connections; SIGTERM stops it with all its workers.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from socket import socket

# The folder works wherever it is copied to and however this file is started; workers take the path over.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import django
import uvicorn
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from uvicorn.supervisors import Multiprocess

from learning.variants import VariantError, chosen_variant

STARTS_WITHIN_S = 60
STOPS_WITHIN_S = 5
KEEP_ALIVE_S = 75
LARGEST_MESSAGE_BYTES = 64 * 1024


class Workers(Multiprocess):
    """Uvicorn's workers on one socket, announced when the last of them is ready."""

    def init_processes(self) -> None:
        """Start them, and wait for all."""
        super().init_processes()
        if all(process.wait_until_ready(STARTS_WITHIN_S, self.should_exit) for process in self.processes):
            host, port = self.sockets[0].getsockname()[:2]
            print(f"listening http://{host}:{port}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare the database and serve until told to stop; exit with 2 when wrongly configured."""
    parser = argparse.ArgumentParser(prog="serve.py", description="Serve the learning platform.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free port (default 8000)")
    parser.add_argument("--db", type=Path, help="SQLite file, created if missing (default: LEARNING_DB)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    options = parser.parse_args(arguments)
    database = options.db or Path(os.environ.get("LEARNING_DB", ""))
    if not database.name:
        parser.error("give the database with --db or LEARNING_DB")
    # Workers are processes of their own: they read the same environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = "learning.settings"
    os.environ["LEARNING_DB"] = str(database.resolve())
    os.environ.setdefault("LEARNING_SECRET", secrets.token_hex(32))
    try:
        chosen_variant(os.environ)
        prepare()
    except (VariantError, ImproperlyConfigured, CommandError, DatabaseError) as error:
        parser.error(str(error))
    serve(options.host, options.port, options.workers)


def prepare() -> None:
    """Make or renew the schema, and fill it when it is empty."""
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("seed")
    connections.close_all()


def serve(host: str, port: int, workers: int) -> None:
    """Run so many worker processes until told to stop."""
    config = uvicorn.Config(
        "learning.asgi:application",
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOPS_WITHIN_S,
        ws_max_size=LARGEST_MESSAGE_BYTES,
    )
    listening: socket = config.bind_socket()
    Workers(config, sockets=[listening]).run()


if __name__ == "__main__":
    main()
