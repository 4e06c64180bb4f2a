"""What an exponent says of growth, in words. Pure."""

from __future__ import annotations

_LINEAR = 0.25
"""An interval of the exponent that is wider to either side says nothing of linear growth."""
_AS_GOOD_AS_LINEAR = 0.05
"""What is nearer to 1 is no difference to anybody: 7 % over a range four times as wide."""


def growth_word(lo: float, hi: float) -> str:
    """Of an exponent within these bounds: whether what grows by it does so in proportion."""
    if lo > 1 - _AS_GOOD_AS_LINEAR and hi < 1 + _AS_GOOD_AS_LINEAR:
        return "linear"
    if hi < 0:
        return "it falls"
    if lo > 1:
        return "more than linear"
    if lo > 0 and hi < 1:
        return "less than linear"
    if -_LINEAR < lo <= 0 and hi < _LINEAR:
        return "it does not depend on it"
    return "linear" if lo > 1 - _LINEAR and hi < 1 + _LINEAR else "too uncertain to call it linear or not"
