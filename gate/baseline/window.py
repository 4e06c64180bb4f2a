"""Reading the newest stored runs of a suite: all of them sound, or none."""

from __future__ import annotations

import re

from gate.baseline.store import Store
from gate.errors import BaselineError
from gate.record.codec import RecordError, decode_run, encode_run
from gate.record.run import Run

_READ_PER_WINDOW = 3
"""Records read for each one wanted: some belong to other environments."""


def read_window(store: Store, suite: str, window: int) -> list[Run]:
    """The newest runs, oldest first.

    Raises
    ------
    BaselineError
        Naming the record, if any of them is corrupt, newer than this gate, or of another suite. Skipping it would
        let a damaged store pass for a small one.
    """
    runs = []
    for name in store.names(suite)[-window * _READ_PER_WINDOW :]:
        try:
            data = store.read(suite, name)
            run = decode_run(data)
            if not data.endswith(b"\n"):
                raise RecordError("is cut short: its last line does not end")
        except RecordError as error:
            raise BaselineError(
                f"baseline {name} of suite {suite!r} in {store.place} {error}",
                "it was left as it is; restore it from history, or delete it if it is not needed",
            ) from None
        if run.suite != suite or name != record_name(run):
            raise BaselineError(
                f"baseline {name} in {store.place} holds run {run.run_id} of suite {run.suite!r}: it is filed under a"
                f" wrong name (expected {run.suite}/{record_name(run)})",
                "put it back where it belongs, or delete it",
            )
        runs.append(run)
    return runs


def append_run(store: Store, run: Run) -> str:
    """Store one run and say where; after reading back that it is what was meant."""
    content = encode_run(run)
    decode_run(content)
    return store.append(run.suite, record_name(run), content)


def record_name(run: Run) -> str:
    """File name of a run: when, which commit, which run."""
    when = run.created.translate({ord("-"): None, ord(":"): None})
    # A preview names its commit itself, so it may be anything.
    commit = re.sub("[^0-9A-Za-z]", "", run.commit or "")[:12]
    return f"{when}-{commit or 'unknown'}-{run.run_id}.json"
