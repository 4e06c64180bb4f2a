"""Requests as they are sent: every placeholder filled, in one pass, so that nothing filled in is read again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

from gate.config.templates import fill, fill_json, placeholders
from gate.load.job import Request, Segment


class Filler:
    """Fills the placeholders of requests: fixed values, drawn ones, and ones nobody used before."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._seq = itertools.count(1)

    def _unique(self, kind: str) -> str:
        number = next(self._seq)
        return str(number) if kind == "seq" else f"{self._segment.run_token}-{number:08x}"

    def fill(self, request: Request, draw: Random) -> Request:
        """The request as it is sent; drawn values come from ``draw``, so equal seeds make equal requests."""
        ranges = self._segment.ranges
        names = placeholders([request.url, request.headers, request.json])
        drawn: dict[str, int] = {name: draw.randint(*ranges[name]) for name in sorted(names) if name in ranges}
        data: dict[str, object] = {**self._segment.values, **drawn}

        def text(template: str) -> str:
            return fill(template, environment=self._segment.environment, data=data, unique=self._unique)

        def leaf(template: str) -> object:
            # "{product}" alone stands for the number itself, not for its digits.
            whole = template[1:-1] if template.startswith("{") and template.endswith("}") else ""
            return drawn[whole] if whole in drawn else text(template)

        return replace(
            request,
            url=text(request.url),
            headers={name: text(value) for name, value in request.headers.items()},
            json=None if request.json is None else fill_json(request.json, leaf),
        )
