"""What changed since the last run of a pull request. Pure.

The comment carries what it told as one hidden line, so that the next run can say what became of it. The line only
informs: one that is missing, damaged or too long costs a sentence, and no decision is ever taken from it.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Annotated, Literal

from pydantic import Field

from gate.record.codec import dump, load_json
from gate.record.value import Value
from gate.report.headline import title
from gate.report.words import LOUD, called, row_name
from gate.verdict.values import Outcome, Verdict

MAX_LINE = 5000
"""Characters of the hidden line; some five hundred rows."""
_MAX_BYTES = 2**20
_LINE = re.compile(r"<!-- gate:snapshot ([A-Za-z0-9+/]{4,4900}={0,2}) -->")
_MOST_CHANGES = 5


class Snapshot(Value):
    """What one run told, as far as the next one compares."""

    schema_: Literal["gate.snapshot/1"] = Field(default="gate.snapshot/1", alias="schema")
    commit: Annotated[str, Field(pattern="^([0-9a-f]{40}([0-9a-f]{24})?)?$")]
    """Empty where it is not known."""
    title: Annotated[str, Field(max_length=100)]
    rows: dict[str, Outcome]
    """Outcome by ``endpoint/metric``."""
    blocking: list[str]
    """Which of them blocked."""


def snapshot(verdict: Verdict, commit: str) -> Snapshot:
    """What a verdict tells the next run.

    Parameters
    ----------
    commit : str
        Commit that was measured, in full.
    """
    return Snapshot(
        commit=commit,
        title=title(verdict),
        rows={_key(row.endpoint, row.metric): row.outcome for row in verdict.rows},
        blocking=[_key(row.endpoint, row.metric) for row in verdict.rows if row.blocks],
    )


def hidden_line(kept: Snapshot) -> str:
    """The line that keeps it, without a character that could end a comment of HTML; empty where it is too long."""
    content = json.dumps(dump(kept), sort_keys=True, separators=(",", ":")).encode()
    line = f"<!-- gate:snapshot {base64.b64encode(zlib.compress(content, 9)).decode()} -->"
    return line if len(line) <= MAX_LINE and _LINE.fullmatch(line) else ""


def read_line(line: str) -> Snapshot | None:
    """What a hidden line keeps; None where it is none of ours or damaged."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(base64.b64decode(found[1], validate=True), _MAX_BYTES)
        return Snapshot.model_validate(load_json(content)) if reader.eof and not reader.unused_data else None
    except (ValueError, zlib.error):
        return None


def since(before: Snapshot, now: Snapshot) -> str:
    """What changed, in one sentence: the verdict, rows by name where it matters, and how many others."""
    where = "at the same commit" if before.commit == now.commit else f"at {before.commit[:12] or 'an unknown commit'}"
    verdicts = now.title if before.title == now.title else f"{before.title} → {now.title}"
    changed = [key for key in now.rows if key in before.rows and _state(before, key) != _state(now, key)]
    named = [key for key in changed if {before.rows[key], now.rows[key]} & set(LOUD)][:_MOST_CHANGES]
    rest = len(changed) - len(named)
    counts = (
        (rest, "more changed" if named else "changed"),
        (len(now.rows.keys() - before.rows.keys()), "new"),
        (len(before.rows.keys() - now.rows.keys()), "gone"),
    )
    others = ", ".join(f"{count} {word}" for count, word in counts if count)
    parts = [
        verdicts,
        ", ".join(f"{_name(key)} {_word(before, key)} → {_word(now, key)}" for key in named),
        f"rows: {others}" if others else "",
    ]
    told = "; ".join(part for part in parts if part)
    return f"Since the last run, {where}: {told}{'' if named or others else '; no row changed its outcome'}."


def _state(of: Snapshot, key: str) -> tuple[Outcome, bool]:
    return of.rows[key], key in of.blocking


def _word(of: Snapshot, key: str) -> str:
    endpoint, _, metric = key.partition("/")
    outcome, blocks = _state(of, key)
    is_let_pass = outcome in ("regressed", "missed") and not blocks and endpoint != "*"
    return called(endpoint, metric, outcome) + (" (let pass)" if is_let_pass else "")


def _key(endpoint: str, metric: str) -> str:
    return f"{endpoint}/{metric}"


def _name(key: str) -> str:
    endpoint, _, metric = key.partition("/")
    return row_name(endpoint, metric)
