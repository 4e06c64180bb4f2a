"""Where the memory of a preview goes: memray in its own processes.

memray can enter a running process by a debugger only, which few machines have. So every Python process of the preview
starts with a hook that waits for a signal; then what is taken is followed until another signal. Before the first the
preview runs as always. https://bloomberg.github.io/memray/
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from gate.errors import UsageError
from gate.record.spent import SpentOf
from gate.serving.memory_hook.sitecustomize import BEGIN, END, FOLDER
from gate.serving.profiler import Found
from gate.serving.pythons import catches, pythons
from gate.serving.stacks import frame, merged

_HOOK = Path(__file__).with_name("memory_hook")
_PATIENCE_S = 10.0
_STEP_S = 0.02
_LIBRARIES = ("/site-packages/", "/dist-packages/")


class MemoryProfiler:
    """Follows memory that is taken and not given back.

    Parameters
    ----------
    folder : Path
        Of the preview: files below it are named from there.

    Raises
    ------
    UsageError
        If memray is not installed.
    """

    of: SpentOf = "memory"

    def __init__(self, folder: Path) -> None:
        if find_spec("memray") is None:
            raise UsageError(
                "--profiler memory needs memray, here and where the preview runs", "pip install 'perf-gate[profile]'"
            )
        self.tool = f"memray {version('memray')}"
        self._folder = folder
        self._kept = tempfile.TemporaryDirectory(prefix="gate-memory-")
        self._told: set[int] = set()
        self._found = Found()

    def added(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """The hook, before all that the preview has in its path."""
        before = environment.get("PYTHONPATH", "")
        return {FOLDER: self._kept.name, "PYTHONPATH": os.pathsep.join(filter(None, (str(_HOOK), before)))}

    def begin(self, session: int) -> None:
        """Tell every process that listens; the signal would end the others."""
        told = {pid for pid in pythons(session) if catches(pid, BEGIN) and _tell(pid, BEGIN)}
        if not told:
            self._miss("no process of the preview can be followed: memray must be installed where it runs")
        self._told = told & self._answered(told, "begun")
        self._miss_some(told - self._told)

    def end(self) -> None:
        """Tell them again, and read what they leave."""
        told, self._told = self._told, set()
        self._miss_some(told - self._answered({pid for pid in told if _tell(pid, END)}, "bin"))
        for path in sorted(Path(self._kept.name).glob("*.bin")):
            self._read(path)

    def found(self) -> Found:
        """Bytes, by stack."""
        return self._found

    def _answered(self, wanted: set[int], how: str) -> set[int]:
        """Processes that left such a file; waits for those that are wanted, but not for ever."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while True:
            found = {int(path.name.partition("-")[0]) for path in Path(self._kept.name).glob(f"*.{how}")}
            if wanted <= found or time.monotonic() > deadline_s:
                return found
            time.sleep(_STEP_S)

    def _read(self, path: Path) -> None:
        import memray

        sizes: Counter[tuple[str, ...]] = Counter()
        try:
            with memray.FileReader(path) as reader:
                for kept in reader.get_leaked_allocation_records(merge_threads=True):
                    stack = [frame(name, self._place(file)) for name, file, _ in reversed(kept.stack_trace())]
                    sizes[tuple(stack) or ("outside of Python",)] += kept.size
        except (OSError, ValueError) as error:
            self._miss(f"what a process told cannot be read: {error}")
        finally:
            path.unlink()
        self._found = Found(merged([self._found.stacks, sizes]), self._found.unread)

    def _miss_some(self, pids: set[int]) -> None:
        if pids:
            self._miss(f"{len(pids)} processes ended, or were too busy to answer")

    def _miss(self, reason: str) -> None:
        self._found = Found(self._found.stacks, (*self._found.unread, reason))

    def _place(self, file: str) -> str:
        """A file without what only this machine has in front of it."""
        for library in _LIBRARIES:
            if library in file:
                return file.rpartition(library)[2]
        with contextlib.suppress(ValueError):
            return str(Path(file).relative_to(self._folder))
        return str(Path(*Path(file).parts[-2:]))


def _tell(pid: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
        return True
    return False
