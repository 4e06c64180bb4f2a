"""The preview as a program on this machine: where it listens, and how it is started, started anew and ended."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gate.config.serving import PORT, Serve
from gate.errors import NotMeasured, UsageError
from gate.record.spent import SpentOf, SpentRecord
from gate.serving.profiler import Profiler, record
from gate.serving.program import Program

LOG = "serve.log"
_TOKENS = re.compile(r"GITHUB_TOKEN|GH_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN|INPUT_.*|ACTIONS_.*TOKEN.*")


def refuse_beside_tokens(environment: Iterable[str]) -> None:
    """Refuse to start a program of a checkout where it could take a token.

    Raises
    ------
    UsageError
        With the names of the tokens.
    """
    found = sorted(name for name in environment if _TOKENS.fullmatch(name))
    if found:
        raise UsageError(
            f"preview.serve starts a program of this checkout, and {', '.join(found)} would be within its reach",
            "run the gate without them, or start the preview yourself and give --preview URL",
        )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class ServedPreview:
    """The program of a suite, with its place: known before it is started.

    Parameters
    ----------
    folder : Path
        Of the suite.
    environment : mapping of str to str
        That of the gate; the program's own values come over it.
    profiler : SpentOf, optional
        What a profiler is to tell of it.

    Raises
    ------
    UsageError
        If the profiler is not installed.
    """

    def __init__(
        self, serve: Serve, folder: Path, environment: Mapping[str, str], profiler: SpentOf | None = None
    ) -> None:
        self._serve = serve
        self._folder = (folder / serve.dir).resolve()
        self._profiler = _profiler_of(profiler, self._folder)
        self._is_profiled = False
        self._environment = {**environment, **serve.env}
        self._log = Path(LOG)
        self._port = free_port()
        self._program: Program | None = None
        self._values: Mapping[str, str] = {}

    @property
    def origin(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def folder(self) -> Path:
        """Where it runs."""
        return self._folder

    @property
    def environment(self) -> dict[str, str]:
        """What it is started with; a scenario may start it with other values for its time."""
        return {**self._environment, PORT: str(self._port)}

    @property
    def pid(self) -> int | None:
        """Of the program that runs now, and of its session."""
        return self._program.pid if self._program is not None else None

    @contextmanager
    def started(self, out: Path) -> Iterator[None]:
        """Run it as long as the context lasts, and end it whatever happens.

        Parameters
        ----------
        out : Path
            Where its output is kept, as ``serve.log``.
        """
        self._log = out / LOG
        try:
            self._start({}, goes_on=False)
            yield
        finally:
            self._end()

    def restart(self, values: Mapping[str, str]) -> bool:
        """Start it anew with other values, unless it has these already; gives whether it did."""
        if values == self._values:
            return False
        self._end()
        self._start(values, goes_on=True)
        return True

    @contextmanager
    def profiled(self) -> Iterator[None]:
        """Have the profiler look into it as long as the context lasts, if there is one."""
        self._is_profiled = True
        try:
            self.look_into()
            yield
        finally:
            self._is_profiled = False
            if self._profiler is not None:
                self._profiler.end()

    def look_into(self) -> None:
        """Have the profiler look into what runs now; again once it was started anew."""
        if self._profiler is not None and self._program is not None and self._is_profiled:
            self._profiler.begin(self._program.pid)

    def spent(self) -> SpentRecord | None:
        """What the profiler found by now; None without one. Its stacks are beside the output."""
        return None if self._profiler is None else record(self._profiler, self._log.parent)

    def look(self) -> None:
        """See that it still runs.

        Raises
        ------
        NotMeasured
            If it ended of itself, with the last of what it said.
        """
        code = self._program.exit_code if self._program is not None else None
        if self._program is None or code is None:
            return
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        said = self._program.last_lines
        raise NotMeasured(
            f"the preview that preview.serve started ended {how}" + (f"; it said last:\n{said}" if said else ""),
            f"see {self._log}; it must stay in the foreground and listen on 127.0.0.1, port ${PORT}",
        )

    def _start(self, values: Mapping[str, str], *, goes_on: bool) -> None:
        self._values = dict(values)
        environment = {**self._environment, **values, PORT: str(self._port)}
        if self._profiler is not None:
            environment |= self._profiler.added(environment)
        self._program = Program(self._serve.command, self._folder, environment, self._log, goes_on=goes_on)

    def _end(self) -> None:
        if self._profiler is not None:
            self._profiler.end()
        if self._program is not None:
            self._program.end()
            self._program = None


def _profiler_of(of: SpentOf | None, folder: Path) -> Profiler | None:
    if of is None:
        return None
    if sys.platform != "linux":
        raise UsageError("--profiler looks into processes by /proc, which only Linux has", "run the gate on Linux")
    from gate.serving.memory_profiler import MemoryProfiler
    from gate.serving.time_profiler import TimeProfiler

    return TimeProfiler() if of == "time" else MemoryProfiler(folder)
