"""Variants of the examples that are broken on purpose: how often each is blocked with its own reason first."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.systems.examples import EXAMPLES, Checked, check, cut, read

TIMES = 10
_LEARNING = EXAMPLES / "learning-platform"
_WAREHOUSE = EXAMPLES / "warehouse-scans"
FIRST = {
    "n_plus_one": "learning-platform/queries-of-materials/queries",
    "error_contract": "learning-platform/bad-token/probe",
    "as-built": "warehouse-scans/expected-indexes/probe",
}
"""The row that the first reason names first."""


def study(name: str) -> list[Figure]:
    """One row: runs of so many that were blocked with the reason first that is this variant's."""
    right = 0
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as place:
            right += _is_found(name, Path(place))
    return [
        Figure(
            figure=f"{name}: blocked, its own reason first",
            value=float(right),
            unit=f"of {TIMES}",
            goal=f">= {TIMES}",
            n=TIMES,
            interval=None,
            command=f"python -m bench.systems {name}",
        )
    ]


STUDIES = {name: partial(study, name) for name in FIRST}


def _is_found(name: str, place: Path) -> bool:
    found = _warehouse(place / "copy") if name == "as-built" else _learning(name, place / "copy")
    first = found.reasons[0] if found.reasons else {"rows": [""]}
    return found.code == 1 and first["rows"][:1] == [FIRST[name]]


def _learning(name: str, copy: Path) -> Checked:
    suite = cut(read(_LEARNING), ["materials"], {}, "20/s", 10)
    settings = {"LEARNING_PASSWORD": "a-password", "LEARNING_SIZE": "1000", "LEARNING_VARIANT": name}
    return check(_LEARNING, copy, suite, settings)


def _warehouse(copy: Path) -> Checked:
    """Over the database of ``DATABASE_URL``, as ``examples/postgres.py`` gives it to a command."""
    suite = cut(read(_WAREHOUSE), ["health", "stats", "scans", "bag"], {}, "10/s", 20)
    settings = {"WAREHOUSE_PASSWORD": "scan-the-bags", "WAREHOUSE_BAGS": "100000", "WAREHOUSE_VARIANT": "as-built"}
    return check(_WAREHOUSE, copy, suite, settings | {"DATABASE_URL": os.environ["DATABASE_URL"]})
