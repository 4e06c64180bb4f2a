"""What one commit of the baseline branch adds and takes away, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gate.baseline.directory import LAYOUT
from gate.errors import BaselineError
from gate.gh.rest.contents import MAX_FILE_BYTES, object_id
from gate.gh.store.baselines import SUFFIXES, checked_name

KEEP = 300
"""Runs of a suite that stay in the tree. Nothing reads more: three for each of a window of at most a hundred
(``gate.baseline.window``, ``gate.config.policy``). It is no setting, so that none can take away what another needs."""

README_PATH = "README.md"
README_MARKER = b"<!-- gate:baselines -->\n"
"""First line of the file that a branch made by the gate begins with."""


def readme(branch: str) -> bytes:
    """What the branch says of itself."""
    return (
        README_MARKER
        + f"""# Baselines of the performance gate

Each file below `{LAYOUT}/SUITE/` is one measured run of the default branch; `gate` compares pull requests with the
newest of them. This branch has no history in common with any other. Only `gate` in mode `refresh` writes it, one commit
each, never by force. The newest {KEEP} runs of a suite are here; older ones are in the history.

Please leave the files as they are: one that was changed is refused, and blocks every pull request until it is put back.
A ruleset that forbids deletion and force pushes is a good idea here; one that forbids pushes stops `gate` too. To use
the runs on a computer: `git worktree add ../runs {branch}`, then `gate check --baselines dir:../runs`.
""".encode()
    )


@dataclass(frozen=True)
class Record:
    """One run as it is stored.

    Raises
    ------
    BaselineError
        If suite or name could be another place of the branch, or it would be too large to be read back.
    """

    suite: str
    name: str
    content: bytes

    def __post_init__(self) -> None:
        checked_name(self.suite)
        if not checked_name(self.name).endswith(SUFFIXES):
            raise BaselineError(f"{self.name!r} is not the name of a stored run", f"it ends with {SUFFIXES[0]}")
        if len(self.content) > MAX_FILE_BYTES:
            raise BaselineError(f"{self.path} has {len(self.content)} bytes; more than {MAX_FILE_BYTES} are not read")

    @property
    def path(self) -> str:
        """Where it lies in the branch."""
        return f"{folder(self.suite)}/{self.name}"


def folder(suite: str) -> str:
    """Folder of a suite's runs in the branch."""
    return f"{LAYOUT}/{suite}"


def stored_names(files: Iterable[str], suite: str) -> list[str]:
    """Names of the runs of a suite among the paths of all files, oldest first."""
    start = f"{folder(suite)}/"
    below = (path.removeprefix(start) for path in files if path.startswith(start))
    return sorted(name for name in below if "/" not in name and name.endswith(SUFFIXES))


def missing(records: Sequence[Record], files: Mapping[str, str]) -> list[Record]:
    """The records that are not in the branch yet.

    Parameters
    ----------
    files : mapping
        Id of the content by path.

    Raises
    ------
    BaselineError
        If there is another content under the name of one of them.
    """
    absent = [record for record in records if record.path not in files]
    for record in records:
        there = files.get(record.path)
        if there is not None and there != object_id(record.content, len(there)):
            raise BaselineError(f"baseline {record.path} exists already; a stored run is never overwritten")
    return absent


def leaving(added: Sequence[Record], files: Collection[str], keep: int = KEEP) -> list[str]:
    """Paths of the runs that make room for those added: the oldest of their suites, never one that is added."""
    new = {record.path for record in added}
    surplus: list[str] = []
    for suite in sorted({record.suite for record in added}):
        names = stored_names({*files, *new}, suite)
        old = [path for name in names if (path := f"{folder(suite)}/{name}") not in new]
        surplus += old[: max(0, len(names) - keep)]
    return surplus


def message(added: Sequence[Record]) -> str:
    """What the commit says. GitHub starts no workflow for a commit that asks for none, should a person's token push it.

    https://docs.github.com/actions/managing-workflow-runs/skipping-workflow-runs
    """
    suites = ", ".join(sorted({record.suite for record in added}))
    lines = [f"{record.suite}: {_told(record.name)}" for record in added]
    return "\n".join([f"Store {len(added)} run{'s' * (len(added) != 1)} of {suites} [skip ci]", "", *lines])


def _told(name: str) -> str:
    """Commit and run of a record, from its name: TIME-SHA-RUN."""
    _, _, rest = name.removesuffix(".gz").removesuffix(".json").partition("-")
    commit, dash, run = rest.partition("-")
    return f"commit {commit}, run {run}" if dash else name
