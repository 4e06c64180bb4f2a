"""Prometheus' text format, read for a few metrics out of a page that may hold anything. Pure.

The format has a client library with a parser of its own, which makes an object of every sample of a page; here lines
of other metrics are passed over by their first bytes, so that a page of ten thousand lines costs little while the load
runs. https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_SAMPLES = 2000
"""Of one metric: more sets of labels than these are no metric to be summed."""
_LONGEST_LINE = 8192

_LABEL = r'[ \t]*+([A-Za-z_][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+"((?:[^"\\\n]|\\[\\"n])*+)"[ \t]*+'
_SAMPLE = re.compile(
    rf"([A-Za-z_:][A-Za-z0-9_:]*+)(?:[ \t]*+\{{((?:{_LABEL.replace('(', '(?:', 2)},?+)*+)[ \t]*+\}})?+[ \t]++(\S++)"
    r"(?:[ \t]++-?[0-9]++)?+[ \t]*+"
)
_LABELS = re.compile(_LABEL + ",?+")
_ESCAPED = re.compile(r'\\([\\"n])')


@dataclass(frozen=True)
class Sample:
    """One line: labels and a value."""

    labels: tuple[tuple[str, str], ...]
    """Sorted by name."""
    value: float


class NotReadable(ValueError):
    """A line of a metric that is wanted cannot be read, or there are too many of them."""


@dataclass(frozen=True)
class Selector:
    """A metric with labels that it must have."""

    name: str
    labels: frozenset[tuple[str, str]]

    def takes(self, sample: Sample) -> bool:
        """Whether a sample of this name is wanted."""
        return self.labels <= set(sample.labels)


def selector_of(metric: str) -> Selector:
    """Read ``name{label="value"}`` as the suite has it."""
    name, brace, rest = metric.partition("{")
    labels = _labels(rest.removesuffix("}")) if brace else ()
    return Selector(name, frozenset(labels))


def samples(page: str, selector: Selector) -> list[Sample]:
    """Samples of one metric on a page.

    Raises
    ------
    NotReadable
        If one of them is malformed or cut off, or there are more than ``MOST_SAMPLES``.
    """
    found = []
    for line in _lines_of(page, selector.name):
        match = _SAMPLE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
        if match is None:
            raise NotReadable(f"a line of {selector.name} is malformed: {line[:60]!r}")
        if match[1] != selector.name:
            continue  # a longer name that begins alike
        sample = Sample(_labels(match[2] or ""), _number(match[3], selector.name))
        if selector.takes(sample):
            found.append(sample)
        if len(found) > MOST_SAMPLES:
            raise NotReadable(f"{selector.name} has more than {MOST_SAMPLES} sets of labels")
    return found


def _lines_of(page: str, name: str) -> Iterator[str]:
    """Lines that begin with a name, without splitting the page into all its lines."""
    at = 0 if page.startswith(name) else page.find("\n" + name) + 1
    while at > 0 or (at == 0 and page.startswith(name)):
        end = page.find("\n", at)
        if end < 0:  # the last line ends like the others: of a page that was cut off a number may be half there
            raise NotReadable(f"the page ends within a line of {name}")
        yield page[at:end].removesuffix("\r")
        at = page.find("\n" + name, end) + 1
        if at == 0:
            return


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((match[1], _ESCAPED.sub(_plain, match[2])) for match in _LABELS.finditer(text)))


def _plain(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _number(text: str, name: str) -> float:
    try:
        value = float(text) if "_" not in text else math.nan  # Python allows digits to be grouped
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NotReadable(f"a value of {name} is no finite number: {text[:30]!r}")
    return value
