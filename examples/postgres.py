"""A PostgreSQL to throw away, for the examples: ``python postgres.py -- COMMAND`` runs the command beside one.

The command finds its address in ``DATABASE_URL``; it may name a database that is not there yet. Without a command the
address is printed and the server stays until SIGTERM. With ``--folder`` the data stays too, for the next time.

Such a server listens on loopback alone, with a password made anew, and trades safety for speed: ``fsync`` is off, so
that a crash of the machine loses what it holds.
"""

from __future__ import annotations

import argparse
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

START_SECONDS = 60.0
STOP_SECONDS = 30.0
USER = "gate"

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
    "shared_buffers": "512MB",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    # One statement, one process: how many work at once is then the doing of the application and its pool.
    "max_parallel_workers_per_gather": "0",
}


class PostgresError(Exception):
    """No PostgreSQL can be had here, or it does not start; says why."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    password: str
    pid: int

    def url(self, database: str) -> str:
        """Return the address of one of its databases, whether it is there or not."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"


def find_binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres``: the newest of Debian's, or what ``PATH`` finds.

    Raises
    ------
    PostgresError
        If there is none.
    """
    packaged = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if packaged:
        return max(packaged, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    found = shutil.which("initdb")
    if found is None:
        raise PostgresError("no PostgreSQL here: no initdb in /usr/lib/postgresql or PATH; install postgresql")
    return Path(found).resolve().parent


def _client(binaries: Path) -> Path:
    """``psql``, which bundles of the server alone lack."""
    beside, found = binaries / "psql", shutil.which("psql")
    if not beside.exists() and found is None:
        raise PostgresError(f"no psql in {binaries} or PATH; install postgresql-client")
    return beside if beside.exists() else Path(str(found))


@contextmanager
def running(
    folder: Path | None = None, settings: Mapping[str, str] | None = None, binaries: Path | None = None
) -> Iterator[Server]:
    """Run a server as long as the context lasts.

    Parameters
    ----------
    folder : Path, optional
        Where its data stays; a new temporary one, removed at the end, where none is given. The unprivileged user that
        serves in place of root must be able to reach it.
    settings : mapping of str to str, optional
        Of ``postgresql.conf``, over those of `SETTINGS`.
    binaries : Path, optional
        Folder of ``initdb`` and ``postgres``; what `find_binaries` finds where none is given.

    Raises
    ------
    PostgresError
        If there is no PostgreSQL, or it does not start.
    """
    binaries, temporary = binaries or find_binaries(), folder is None
    folder = Path(tempfile.mkdtemp(prefix="postgres-")) if folder is None else folder.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = _owner()
        if owner:
            shutil.chown(folder, owner.get("user"), owner.get("group"))
        if not (folder / "data" / "PG_VERSION").exists():
            _initialise(binaries, folder, owner)
        password = (folder / "password").read_text().strip()
        with _serving(binaries, folder, owner, {**SETTINGS, **(settings or {})}, password) as server:
            yield server
    finally:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)


def _owner() -> dict[str, int]:
    """Who serves: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid}
    raise PostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")


def _initialise(binaries: Path, folder: Path, owner: Mapping[str, int]) -> None:
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24))
    if owner:
        shutil.chown(password_file, owner["user"], owner["group"])
    command = [binaries / "initdb", "--pgdata", folder / "data", "--username", USER, "--pwfile", password_file]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, **_as(owner))
    if done.returncode != 0:
        raise PostgresError(f"initdb in {folder} ended with {done.returncode}: {done.stderr.strip()}")


@contextmanager
def _serving(
    binaries: Path, folder: Path, owner: Mapping[str, int], settings: Mapping[str, str], password: str
) -> Iterator[Server]:
    port, log = _free_port(), folder / "log"
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = [binaries / "postgres", "-D", folder / "data", "-p", str(port), *options]
    with log.open("w") as output:
        # A session of its own: Ctrl-C is for whoever started this, who then stops the server.
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, start_new_session=True, **_as(owner)
        )
    try:
        _await(process, log, lambda: _answers(_client(binaries), port, password))
        yield Server(port, password, process.pid)
    finally:
        process.send_signal(signal.SIGINT)  # a fast shutdown: open sessions are ended
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _as(owner: Mapping[str, int]) -> dict[str, object]:
    return {**owner, "extra_groups": []} if owner else {}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(client: Path, port: int, password: str) -> bool:
    """Whether it takes statements; gives databases made from now on the view of statements, too."""
    command = [client, "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "-d", "template1"]
    command += ["-c", "SET client_min_messages TO warning; CREATE EXTENSION IF NOT EXISTS pg_stat_statements"]
    environment = {**os.environ, "PGPASSWORD": password}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode == 2:  # no connection
        return False
    if done.returncode != 0:
        raise PostgresError(f"no pg_stat_statements: {done.stderr.strip()}; install PostgreSQL's contributed modules")
    return True


def _await(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None:
            raise PostgresError(f"postgres ended with {process.returncode}: {log.read_text()[-2000:].strip()}")
        if time.monotonic() > deadline:
            raise PostgresError(f"postgres took no connection for {START_SECONDS:.0f} s: see {log}")
        time.sleep(0.05)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop, or until the command ends; returns what the command returned."""
    parser = argparse.ArgumentParser(prog="postgres.py", description="Run a PostgreSQL to throw away.")
    parser.add_argument("--folder", type=Path, help="keep the data here (default: a temporary folder, removed)")
    parser.add_argument("--binaries", type=Path, help="folder of initdb and postgres (default: the newest of Debian's)")
    parser.add_argument("--database", default="example", help="the database in DATABASE_URL (default example)")
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="run beside it, with DATABASE_URL; then stop")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        with running(options.folder, binaries=options.binaries) as server:
            url = server.url(options.database)
            if options.command:
                return _run(options.command, {**os.environ, "DATABASE_URL": url})
            print(url, flush=True)
            while True:
                signal.pause()
    except PostgresError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
