"""Files with request data, bytes in and rows out: every fault by the line it is on. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gate.config import hints
from gate.config.plain import Refused

MOST_BYTES = 10 * 10**6
MOST_ROWS = 100_000

Row = dict[str, str | int | float]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST = 8192
"""Characters of one value; servers take no longer line of a request."""


@dataclass(frozen=True)
class Table:
    """Rows of one file; all have the same columns."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    """Where each row stands in its file."""
    sha256: str
    """Of the file, in hexadecimal digits."""


def read_table(content: bytes, form: Literal["csv", "jsonl"]) -> Table:
    """The rows of a file.

    Raises
    ------
    Refused
        If it is too large, empty or broken: with the line of the file.

    References
    ----------
    RFC 4180 (CSV); https://jsonlines.org.
    """
    if len(content) > MOST_BYTES:
        raise Refused(f"has {len(content):,} bytes or more; {MOST_BYTES:,} are allowed", "make it smaller")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused("is not UTF-8", "save it as UTF-8", line=line) from None
    read = _of_csv if form == "csv" else _of_json_lines
    rows: list[Row] = []
    lines: list[int] = []
    for line, row in read(text):
        if len(rows) == MOST_ROWS:
            raise Refused(f"has more than {MOST_ROWS:,} rows", "make it smaller", line=line)
        for column, value in row.items():
            _check_value(column, value, line)
        rows.append(row)
        lines.append(line)
    if not rows:
        raise Refused("holds no rows", "write one value on each line, a CSV file below a line that names its columns")
    # Columns that only some rows have cannot be asked for.
    columns = [column for column in rows[0] if all(column in row for row in rows)]
    return Table(tuple(columns), tuple(rows), tuple(lines), hashlib.sha256(content).hexdigest())


def check_column(table: Table, column: str) -> None:
    """See that every row has a column.

    Raises
    ------
    Refused
        If not: with the first line that lacks it, and the columns there are.
    """
    if column not in table.columns:
        line = next(line for line, row in zip(table.lines, table.rows, strict=True) if column not in row)
        raise Refused(f"has no {column!r} here", hints.cure(column, table.columns), line=line)


def _of_csv(text: str) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(header)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                what = f"has {len(cells)} of the {len(header)} values that the first line names"
                raise Refused(what, "put values that hold a comma in double quotes", line=reader.line_num)
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise Refused(f"is no CSV: {error}", "write it as RFC 4180 says", line=max(1, reader.line_num)) from None


def _check_header(header: Sequence[str]) -> None:
    for column in header:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", column):
            what = f"names a column {column[:40]!r}"
            raise Refused(what, "the first line names the columns, with letters, digits, '_', '.' and '-'")
    if len(set(header)) < len(header):
        raise Refused("names one column twice", "give each a name of its own")


def _of_json_lines(text: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise Refused("is no JSON", "write one JSON object on each line", line=number) from None
        if not isinstance(row, dict) or not row:
            raise Refused("is no JSON object", 'write it like {"id": 1}', line=number)
        yield number, row


def _check_value(column: str, value: object, line: int) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number and not isinstance(value, str):
        raise Refused(f"its {column[:40]!r} is neither text nor number", "write a text or a number", line=line)
    if isinstance(value, str) and (_CONTROL.search(value) or len(value) > _LONGEST):
        what = f"its {column[:40]!r} holds a control character, or has more than {_LONGEST} characters"
        raise Refused(what, "no request can hold it; take it out", line=line)
