"""What must fit between setup, teardown, cleanup and the rest of a suite. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.config import hints
from gate.config.checks import Misfit, columns, not_unique, unknown
from gate.config.hooks import Hook, after_load, before_load, given_by_setup
from gate.config.templates import placeholders

if TYPE_CHECKING:
    from gate.config.suite import Suite


def misfits(suite: Suite) -> Iterator[Misfit]:
    """Everything in setup, teardown and cleanups that does not fit."""
    given: set[str] = set()
    for hook in (*before_load(suite), *after_load(suite)):
        yield from _names(suite, hook)
        yield from _sent(suite, hook, given)
        given |= set(hook.extract)
    yield from _extracted_twice(suite)


def _names(suite: Suite, hook: Hook) -> Iterator[Misfit]:
    # The identity of a cleanup is that of its endpoint, which is looked at there.
    if not hook.is_cleanup and hook.identity is not None and hook.identity not in suite.identities:
        place = (*hook.location, "identity")
        yield unknown(place, "identity", "identities", hook.identity, suite.identities)
    for name in hook.extract:
        place = (*hook.location, "extract", name)
        if name in suite.data:
            yield Misfit(place, "has the name of data, so a request could mean either; give it another name")
        elif "." in name:
            yield Misfit(place, "has a dot in its name, which stands before a column; write '_' in its place")


def _sent(suite: Suite, hook: Hook, given: set[str]) -> Iterator[Misfit]:
    """Names in braces that nothing fills by then."""
    known = {*suite.data, *given}
    for place, value in hook.texts:
        for name in sorted(placeholders(value)):
            if name not in given and name.partition(".")[0] not in suite.data:
                cure = hints.cure(name, known, none=f"extract it in a step of setup: extract: {{{name}: $.{name}}}")
                message = f"uses {{{name}}}, which is no data and which no step before it extracts; {cure}"
                yield Misfit(place, message, also=(("setup",), ("teardown",), ("data",)))
        yield from columns(suite, place, value)
        yield from not_unique(place, value)


def _extracted_twice(suite: Suite) -> Iterator[Misfit]:
    for name, endpoint in suite.endpoints.items():
        for extracted in sorted(given_by_setup(suite) & endpoint.extract.keys()):
            place = ("endpoints", name, "extract", extracted)
            yield Misfit(place, "is extracted by setup too, so a later step could mean either; give it another name")
