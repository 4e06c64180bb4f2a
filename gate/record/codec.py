"""Runs as bytes: canonical JSON inside an envelope with a content hash, read back strictly.

Pure. Reading refuses what a careless reader would let pass: duplicate members, NaN and infinities, huge or deeply
nested input, unknown members, a newer schema, content that does not match its hash.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, NoReturn

from pydantic import ValidationError

from gate.record.run import SCHEMA, Run
from gate.record.value import Value

MAX_BYTES = 8 * 2**20
_ENVELOPE = {"run", "sha256"}
_MOST_DIGITS = 20
_MOST_SHOWN = 60


class RecordError(ValueError):
    """Bytes that are not a usable run."""


def canonical(value: object) -> str:
    """JSON with sorted members and no spaces: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def dump(value: Value) -> dict[str, Any]:
    """A value as JSON data, its members under the names of the schema."""
    return value.model_dump(mode="json", by_alias=True)


def encode_run(run: Run) -> bytes:
    """The run in its envelope, ending in a newline."""
    content = dump(run)
    return (canonical({"run": content, "sha256": digest(content)}) + "\n").encode()


def decode_run(data: bytes) -> Run:
    """Read what ``encode_run`` wrote.

    Raises
    ------
    RecordError
        Saying what is wrong and where.
    """
    raw = load_json(data)
    if not isinstance(raw, dict) or set(raw) != _ENVELOPE or not isinstance(raw["run"], dict):
        raise RecordError('is not a run of this gate: it should be {"run": ..., "sha256": ...}')
    schema = raw["run"].get("schema")
    if schema != SCHEMA:
        raise RecordError(
            f"has schema {_shown(schema)}, this gate reads {SCHEMA!r}; use the gate version that wrote it, or a newer"
            " one"
        )
    try:
        is_unchanged = digest(raw["run"]) == raw["sha256"]
    except UnicodeEncodeError:
        raise RecordError("holds text that is not Unicode: half a surrogate pair") from None
    if not is_unchanged:
        raise RecordError("does not match its own sha256: it was changed after it was written")
    try:
        return Run.model_validate(raw["run"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"has a wrong member {where}: {first['msg']}") from None


def load_json(data: bytes) -> object:
    """Parse JSON without the leniencies of the standard reader.

    Raises
    ------
    RecordError
        For anything that is not exactly one plain JSON value.
    """
    if len(data) > MAX_BYTES:
        raise RecordError(f"is {len(data)} bytes long, more than the {MAX_BYTES} allowed")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"is not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        raise RecordError(f"is not JSON: {error.msg} at character {error.pos} of {len(text)}") from None
    except RecursionError:
        raise RecordError("is nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RecordError(f"has the member {_shown(twice)} twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise RecordError(f"holds {constant}, which is not a number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise RecordError(f"holds {_shown(digits)}, which no float can hold")
    return value


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise RecordError(f"holds a number of {len(digits)} digits")
    return int(digits)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
