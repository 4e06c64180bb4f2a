"""The small part of JSONPath that a suite uses: members and indices, ``$.data.items[0].id``."""

from __future__ import annotations

import re

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


def lookup(value: object, path: str) -> object | None:
    """What stands at ``path``, or None if nothing does."""
    return next(iter(found(value, path)), None)


def found(value: object, path: str) -> list[object]:
    """What stands at ``path`` as the only item, which may be None; no item if nothing does.

    References
    ----------
    RFC 9535, sections 2.3.1 and 2.3.3 (name and index selectors).
    """
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict) and name in value:
            value = value[name]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return []
    return [value]
