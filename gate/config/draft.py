"""The values of a file while they are judged: what is wrong is taken out, so that one reading finds every problem."""

from __future__ import annotations

import copy
import re
from typing import Any

from gate.config.checks import Location
from gate.config.scalars import NAME_PATTERN

_HARMLESS: dict[Location, object] = {
    ("endpoints",): "GET /",
    ("identities",): {},
    ("classes",): {},
    ("data",): {"range": [0, 0]},
    ("sockets",): {"connect": "/"},
    ("endpoints", "request"): "GET /",
    ("sockets", "connect"): "/",
    ("scenarios", "load"): {"count": 1},
    ("scenarios", "mix"): {"any": 1},
    ("data", "range"): [0, 0],
}
"""Stands in for what is missing or wrong, by section and key below the name, so that the name stays known."""


class Draft:
    """Values as read, and what was taken out of them."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._gone: set[Location] = set()
        self._above: set[Location] = set()

    def is_consequence(self, location: Location) -> bool:
        """Whether a complaint about a location may only follow from what was taken out."""
        return location in self._above or any(location[:end] in self._gone for end in range(1, len(location) + 1))

    def value(self, location: Location) -> Any:  # noqa: ANN401 - plain values of any kind
        """What stands at a location, ``None`` if nothing does."""
        here: Any = self.data
        for part in location:
            is_there = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)
            here = here[part] if is_there else None
        return here

    def take_out(self, *locations: Location) -> bool:
        """Take out values, or what is nearest above them; a whole list for one of its items.

        False if nothing is left to be taken out.
        """
        now: set[Location] = set()
        for location in sorted(locations, key=len):
            if any(location[:end] in now for end in range(1, len(location) + 1)):
                continue
            self._mark(location)
            if self._replace(location):
                now.add(location)
                continue
            there = location
            while there and not self._is_key(there):
                there = there[:-1]
            if not there:
                return False
            del self.value(there[:-1])[there[-1]]
            self._mark(there)
            now |= {location, there}
        return True

    def drop(self, location: Location) -> None:
        """Take out a key that holds nothing any more."""
        del self.value(location[:-1])[location[-1]]

    def _replace(self, location: Location) -> bool:
        """Put something harmless where a key is needed, so that the keys beside it can be judged."""
        above = self.value(location[:-1])
        if isinstance(above, str) and location[2:] == ("request",):  # an endpoint of one line
            return self._replace(location[:-1])
        pattern = (location[0], *location[2:]) if len(location) > 1 else ()
        if pattern not in _HARMLESS or not isinstance(above, dict) or not re.fullmatch(NAME_PATTERN, str(location[1])):
            return False
        above[location[-1]] = copy.copy(_HARMLESS[pattern])
        return True

    def _is_key(self, location: Location) -> bool:
        above = self.value(location[:-1])
        return isinstance(above, dict) and location[-1] in above

    def _mark(self, location: Location) -> None:
        self._gone.add(location)
        self._above.update(location[:end] for end in range(len(location)))
