"""What the bytes and the scalars of a suite file mean: UTF-8 and the core schema of YAML 1.2, without surprises."""

from __future__ import annotations

import re

MOST_BYTES = 64 * 1024
_MOST_DIGITS = 18
"""Any such integer fits 64 bits, sign included, in every language an application may be written in."""

# PyYAML takes U+0085, U+2028 and U+2029 for line breaks, which would shift every line number; direction marks show
# a reader another text than the gate reads.
_INVISIBLE = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ufffe\\uffff]"
)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ZERO_FIRST = re.compile(r"[-+]?0[0-9]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Refused(Exception):
    """Text that is not taken: why, and what to do instead."""

    def __init__(self, what: str, cure: str, seen: str = "", line: int = 1) -> None:
        super().__init__(what)
        self.what, self.cure, self.seen, self.line = what, cure, seen, line


def decode(content: bytes) -> str:
    """The text of a file.

    Raises
    ------
    Refused
        If it is too large, not UTF-8, or holds characters that no editor shows.
    """
    if len(content) > MOST_BYTES:
        what = f"the file has {len(content):,} bytes, more than the {MOST_BYTES:,} that a suite may have"
        raise Refused(what, "split it into several suites")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("the file is UTF-16", "save it as UTF-8")
    if content.startswith(b"\xef\xbb\xbf"):
        raise Refused("the file begins with a byte order mark", "save it as UTF-8 without BOM")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_after(content[: error.start].decode("utf-8"))
        raise Refused("the file is not UTF-8", "save it as UTF-8", f"byte 0x{content[error.start]:02X}", line) from None
    invisible = _INVISIBLE.search(text)
    if invisible:
        line = _line_after(text[: invisible.start()])
        raise Refused("the file holds an invisible character", "take it out", f"U+{ord(invisible[0]):04X}", line)
    return text


def _line_after(text: str) -> int:
    return len(_LINE_BREAK.findall(text)) + 1


def quoted(text: str) -> str:
    """A scalar that is text whatever it looks like.

    Raises
    ------
    Refused
        If an escape made half a character of it.
    """
    if _SURROGATE.search(text):
        raise Refused("holds half of a character, \\uD800 to \\uDFFF", "write the character itself")
    return text


def resolved(text: str) -> str | int | float | bool | None:
    """Value of a scalar without quotes; words such as ``no``, times and dates stay text.

    Raises
    ------
    Refused
        If it is a number that is none for a measurement, or that readers understand differently.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise Refused("is not a finite number", "write a number, or put it in quotes if it is a text")
    if _INTEGER.fullmatch(text):
        if len(text) > _MOST_DIGITS:
            raise Refused("is too long for a number", "put it in quotes if it is a text")
        if _ZERO_FIRST.fullmatch(text):
            what = "begins with a zero, which some readers of YAML take for an octal number"
            raise Refused(what, f'write {int(text)}, or "{text}" in quotes if it is a text')
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if abs(value) == float("inf"):
            raise Refused("is too large for a number", "put it in quotes if it is a text")
        return value
    return quoted(text)
