"""Counts that a study has finished, kept in a file, so that a study that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import gate
from bench.figures import RESULTS

_CODE = (Path(gate.__file__).parent, Path(__file__).parent)
"""What decides and what replays: other code, other counts."""


class Kept:
    """Counts by name, as long as the code stays the same; in ``bench/results/<study>.cells.json``."""

    def __init__(self, study: str, folder: Path = RESULTS) -> None:
        self._path = folder / f"{study}.cells.json"
        self._code = _digest()
        self._known: dict[str, list[int]] = {}
        if self._path.exists():
            content = json.loads(self._path.read_text(encoding="utf-8"))
            self._known = content["counts"] if content["code"] == self._code else {}

    def counts(self, name: str, make: Callable[[], list[int]]) -> list[int]:
        """Counts of that name, made now unless they are known."""
        if name not in self._known:
            self._known[name] = make()
            partial = self._path.with_suffix(".partial")
            partial.write_text(json.dumps({"code": self._code, "counts": self._known}) + "\n", encoding="utf-8")
            partial.replace(self._path)
        return self._known[name]


def _digest() -> str:
    files = sorted(path for folder in _CODE for path in folder.rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
