"""Durations, rates, shares and sizes: read as people write them, printed as people read them.

Inside the gate a duration is a float in seconds, a rate is requests per second, a share is a ratio
(5 % is 0.05) and a size is bytes. A number without its unit is refused: ``200`` could be anything.
"""

from __future__ import annotations

import math
import re

# ASCII digits only and few enough of them that no float or int overflows; also valid in every JSON Schema dialect.
_NUMBER = r"([0-9]{1,15}(?:\.[0-9]{1,9})?)"
DURATION_PATTERN = rf"^{_NUMBER} ?(us|ms|s|m|h|d)$"
RATE_PATTERN = rf"^{_NUMBER} ?/ ?(s|m|h)$"
RATIO_PATTERN = rf"^{_NUMBER} ?%$"
SIZE_PATTERN = rf"^{_NUMBER} ?(B|kB|KB|MB|GB|KiB|MiB|GiB)$"

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 10**6, "GB": 10**9, "KiB": 1024, "MiB": 2**20, "GiB": 2**30}


def _split(text: object, pattern: str, kind: str, example: str) -> tuple[float, str]:
    match = re.fullmatch(pattern, text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"is not a {kind}; write it like {example}")
    return float(match.group(1)), match.groups()[-1]


def parse_duration_s(text: object) -> float:
    """Seconds of a duration such as ``200ms``, ``1.5s``, ``2m``, ``60d``.

    Raises
    ------
    ValueError
        If the text is not a number with a unit.
    """
    value, unit = _split(text, DURATION_PATTERN, "duration", "200ms, 2s, 5m or 60d")
    return value * _SECONDS[unit]


def parse_rate_rps(text: object) -> float:
    """Requests per second of a rate such as ``20/s`` or ``600/m``.

    Raises
    ------
    ValueError
        If the text is not a number per second, minute or hour.
    """
    value, unit = _split(text, RATE_PATTERN, "rate", "20/s or 600/m")
    return value / _SECONDS[unit]


def parse_ratio(text: object) -> float:
    """Ratio of a percentage such as ``0.1%`` (0.001).

    Raises
    ------
    ValueError
        If the text is not a number with a percent sign.
    """
    value, _ = _split(text, RATIO_PATTERN, "percentage", "5% or 0.1%")
    return value / 100.0


def parse_size_bytes(text: object) -> int:
    """Bytes of a size such as ``200B``, ``64KiB``, ``5MB``.

    Raises
    ------
    ValueError
        If the text is not a number with a unit.
    """
    value, unit = _split(text, SIZE_PATTERN, "size", "200B, 64KiB or 5MB")
    return round(value * _BYTES[unit])


def _digits(value: float, significant: int = 3) -> str:
    if value == 0:
        return "0"
    decimals = min(12, max(0, significant - 1 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_duration(seconds: float) -> str:
    """Three significant digits in the unit that suits the size: ``12.3 ms``, ``1.5 s``, ``4 min``, ``6.9 h``."""
    if not math.isfinite(seconds):
        return "-"
    size = float(f"{abs(seconds):.3g}")  # as shown: 0.9996 s is 1 s, not 1000 ms
    if size < 1e-3:
        return f"{_digits(seconds * 1e6)} µs"
    if size < 1:
        return f"{_digits(seconds * 1e3)} ms"
    if size < 120:
        return f"{_digits(seconds)} s"
    if float(f"{abs(seconds) / 60:.3g}") < 120:
        return f"{_digits(seconds / 60)} min"
    return f"{_digits(seconds / 3600)} h"


def format_ratio(ratio: float, *, signed: bool = False) -> str:
    """A share or a change in percent with one decimal below ten: ``+4.2 %``, ``37 %``; ``-`` if not finite."""
    if not math.isfinite(ratio):
        return "-"
    percent = ratio * 100
    text = f"{percent:.1f}" if abs(percent) < 9.95 else f"{percent:.0f}"
    if text in ("0.0", "-0.0"):
        text = _digits(percent, 1) if abs(percent) >= 1e-4 else "0.0"  # below that it is rounding of floats
    sign = "+" if signed and percent > 0 and text != "0.0" else ""
    return f"{sign}{text} %"


def format_count(number: float, noun: str) -> str:
    """How many of what: ``1 user``, ``1,000 users``; for nouns whose plural ends in s."""
    return f"{number:,.0f} {noun}" + ("" if round(number) == 1 else "s")


def format_rate(rps: float) -> str:
    """Requests per second with three significant digits: ``49.8/s``."""
    return f"{_digits(rps)}/s" if math.isfinite(rps) else "-"


def format_size(size_bytes: float) -> str:
    """Decimal size with three significant digits: ``1.2 kB``."""
    if not math.isfinite(size_bytes):
        return "-"
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if float(f"{abs(size_bytes):.3g}") >= factor:
            return f"{_digits(size_bytes / factor)} {unit}"
    return f"{_digits(size_bytes)} B"
