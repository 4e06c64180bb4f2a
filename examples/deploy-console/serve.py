"""Start the console: ``DATABASE_URL=... python serve.py --port 0``.

Prints ``listening http://127.0.0.1:PORT`` once it takes connections; SIGTERM stops it.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

# The folder works wherever it is copied to and however this file is started.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import uvicorn

from app import create_app
from database import DatabaseError, prepare
from instrument import instrumented
from settings import SettingError, read_settings

KEEP_ALIVE_SECONDS = 300
STOP_SECONDS = 5


class ConsoleServer(uvicorn.Server):
    """Says when it listens, and where."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the pool, listen, and say so."""
        await super().startup(sockets)
        if self.started:
            # What lives as long as the server need not be visited by every collection.
            gc.collect()
            gc.freeze()
            host, port = self.servers[0].sockets[0].getsockname()
            print(f"listening http://{host}:{port}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare the database and serve until told to stop; exit with 2 when wrongly configured."""
    parser = argparse.ArgumentParser(prog="serve.py", description="Serve the example console.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free port (default 8000)")
    options = parser.parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        prepare(settings.database_url)
    except (SettingError, DatabaseError) as error:
        parser.error(str(error))
    config = uvicorn.Config(
        instrumented(create_app(settings)),
        host=options.host,
        port=options.port,
        headers=[("X-Commit", settings.commit)],
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    ConsoleServer(config).run()


if __name__ == "__main__":
    main()
