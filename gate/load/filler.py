"""Requests as they are sent: every placeholder filled, in one pass, so that nothing filled in is read again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from urllib.parse import quote

from gate.config.templates import fill, fill_json, placeholders, unique_placeholders
from gate.load.data import Draws
from gate.load.job import Request, Segment


class Filler:
    """Fills the placeholders of requests: fixed values, drawn ones, and ones nobody used before."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._draws = Draws(segment.sources, segment.part, segment.parts)
        self._seq = itertools.count(1 + segment.part, segment.parts)

    def varies(self, request: Request) -> bool:
        """Whether two requests of this template may differ."""
        texts = [request.url, request.headers, request.json, request.text]
        return bool(unique_placeholders(texts) or placeholders(texts) - self._segment.values.keys())

    def _unique(self, kind: str) -> str:
        number = next(self._seq)
        return str(number) if kind == "seq" else f"{self._segment.run_token}-{number:08x}"

    def fill(self, request: Request, random: Random, own: Mapping[str, object] | None = None) -> Request:
        """The request as it is sent; drawn values come from ``random``, so equal seeds make equal requests.

        Parameters
        ----------
        own : mapping, optional
            Values that this journey extracted from its earlier answers; they go before all others.

        Raises
        ------
        KeyError
            If a value is missing, by its name.
        """
        names = placeholders([request.url, request.headers, request.json, request.text])
        drawn: dict[str, object] = {}
        rows: dict[str, object] = {}
        for name in sorted(names):
            source, _, member = name.partition(".")
            if name in (own or {}) or name in self._segment.values or source not in self._draws:
                continue
            if source not in rows:
                rows[source] = self._draws.draw(source, random, request.walk)
            row, member = rows[source], member or self._segment.sources[source].member or ""
            drawn[name] = row[member] if member and isinstance(row, Mapping) else row
        data: dict[str, object] = {**self._segment.values, **drawn, **(own or {})}

        # Rows of a file and values of an answer may hold anything; what the suite says stands as it is written.
        in_url = {name: quote(str(data[name])) for name in names if name in data}

        def text(template: str) -> str:
            return fill(template, environment=self._segment.environment, data=data, unique=self._unique)

        def leaf(template: str) -> object:
            # "{product}" alone stands for the number itself, not for its digits.
            whole = template[1:-1] if template.startswith("{") and template.endswith("}") else ""
            return data[whole] if whole in data else text(template)

        return replace(
            request,
            url=fill(request.url, environment=self._segment.environment, data=in_url, unique=self._unique),
            headers={name: text(value) for name, value in request.headers.items()},
            json=None if request.json is None else fill_json(request.json, leaf),
            text=None if request.text is None else text(request.text),
        )
