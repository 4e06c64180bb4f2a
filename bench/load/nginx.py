"""nginx that answers 200 bytes on one core, plain and over TLS with HTTP/1.1 and 2, and counts what it answered."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load.machine import SERVER_CORE, ending, start

BODY_BYTES = 200
_CONFIG = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log /dev/null crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/ca.pem; ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl; listen 127.0.0.1:{h2} ssl http2;
    location / {{ return 200 "{body}"; }}
    location /said {{
      add_header Server-Timing 'app;dur=31.200, db;dur=12.300;desc="7 queries", pool;dur=0.400, held;dur=30.100';
      return 200 "{body}";
    }}
    location /status {{ stub_status; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it listens."""

    plain: str
    tls: str
    h2: str
    ca: Path

    def answered(self) -> int:
        """Requests answered since it began."""
        with urllib.request.urlopen(f"{self.plain}status") as status:
            return int(status.read().split(b"\n")[2].split()[2])


@contextmanager
def nginx(folder: Path) -> Iterator[Nginx]:
    """Serve for the length of this context.

    Raises
    ------
    SystemExit
        If nginx is not installed: without a server that is faster than every client nothing can be compared.
    """
    if shutil.which("nginx") is None:
        raise SystemExit("nginx is not installed; see bench/load/peers.sh")
    _make_certificate(folder)
    plain, tls, h2 = (_free_port() for _ in range(3))
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, plain=plain, tls=tls, h2=h2, body="x" * BODY_BYTES))
    with ending(start(["nginx", "-c", str(config), "-e", "/dev/null"], SERVER_CORE)):
        _wait_for(plain)
        yield Nginx(
            f"http://127.0.0.1:{plain}/", f"https://127.0.0.1:{tls}/", f"https://127.0.0.1:{h2}/", folder / "ca.pem"
        )


def _make_certificate(folder: Path) -> None:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(folder / "key.pem")]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", *key, *name, "-out", str(folder / "ca.pem"), "-days", "2"],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"nginx does not listen on port {port}")
